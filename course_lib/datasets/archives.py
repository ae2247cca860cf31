"""Unpacking: tar and zip archives into a folder that appears whole or not at all.

In comes an archive, out goes a folder. Every member is looked at before anything is written: one whose path leaves
the folder, a link or a device, makes the whole archive refused. The files gather in NAME.unpacking, which takes its
proper name in one step at the end.
"""

import os
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from course_lib.datasets.download import DownloadError, Remote, check_space, fetch, locked


def fetch_and_unpack(remote: Remote, folder: Path, name: str, **options) -> Path:
    """The folder `name` inside `folder` with the archive's contents; fetched and unpacked only if it is not there."""
    target = folder / name
    if target.is_dir():
        return target
    archive = fetch(remote, folder, **options)
    with locked(folder / f"{name}.unpacking.lock"):
        if not target.is_dir():
            unpack(archive, target, progress=options.get("progress", True))
    return target


def unpack(archive: Path, target: Path, *, progress: bool = True) -> None:
    """Unpack into `target`, which must not exist yet."""
    if target.exists():
        raise FileExistsError(f"{target} exists already: delete it to unpack {archive.name} again")
    working = target.with_name(target.name + ".unpacking")
    shutil.rmtree(working, ignore_errors=True)
    working.mkdir(parents=True)
    try:
        members = from_zip(archive, working) if zipfile.is_zipfile(archive) else from_tar(archive, working)
        for _ in tqdm(
            members, desc=f"unpacking {archive.name}", unit="file", delay=1, leave=False, disable=not progress
        ):
            pass
        os.replace(working, target)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, OSError) as error:
        if isinstance(error, DownloadError):
            raise
        raise DownloadError(f"{archive} cannot be unpacked ({error}): delete it and run again") from error
    finally:
        shutil.rmtree(working, ignore_errors=True)


def from_tar(archive: Path, folder: Path) -> Iterator[str]:
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
        check_end(tar, archive)
        for member in members:
            if not (member.isfile() or member.isdir()):
                raise DownloadError(f"{archive} is refused: {member.name} is a link or a device, not a file")
            check_inside(member.name, archive)
        check_space(folder, sum(member.size for member in members), archive.name)
        careful = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        for member in members:
            tar.extract(member, folder, **careful)
            yield member.name


def check_end(tar: tarfile.TarFile, archive: Path) -> None:
    """A tar ends with a block of zeros; tarfile itself takes a missing end for an end."""
    if tar.fileobj.tell() != tar.offset + tarfile.BLOCKSIZE:
        raise DownloadError(f"{archive} cannot be unpacked (its end is missing): delete it and run again")
    while tar.fileobj.read(1 << 20):  # to the last byte, where gzip keeps its checksum
        pass


def from_zip(archive: Path, folder: Path) -> Iterator[str]:
    with zipfile.ZipFile(archive) as packed:
        members = packed.infolist()
        for member in members:
            if stat.S_ISLNK(member.external_attr >> 16):
                raise DownloadError(f"{archive} is refused: {member.filename} is a link, not a file")
            check_inside(member.filename, archive)
        check_space(folder, sum(member.file_size for member in members), archive.name)
        for member in members:
            packed.extract(member, folder)  # checks the member's own checksum
            yield member.filename


def check_inside(name: str, archive: Path) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0] if path.parts else False:
        raise DownloadError(f"{archive} is refused: its member {name} would be written outside the folder")
