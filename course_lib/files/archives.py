"""Unpacking: tar and zip archives into a folder that appears whole or not at all.

Every member is looked at before anything is written: one whose path leaves the folder, a link or a device, makes the
whole archive refused, and so does more content than an archive of pictures can hold. The files gather in
NAME.unpacking, which takes its proper name in one step at the end.
"""

import lzma
import os
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tqdm import tqdm

from course_lib.files import lock
from course_lib.files.download import DownloadError, Remote, check_space, fetch

TIMES = 10  # pictures are compressed already: what unpacks to more than ten times its size is no archive of pictures
ALLOWED = 64 << 20  # unless it is as small as this
BLOCK = 4096  # an empty file takes room too
DAMAGED = (
    tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, struct.error, OSError, ValueError,
    RuntimeError, OverflowError, KeyError,
)  # fmt: skip


def fetch_and_unpack(remote: Remote, folder: Path, name: str, **options) -> Path:
    """The folder `name` inside `folder` with the archive's contents; fetched and unpacked only if it is not there."""
    target = folder / name
    if target.is_dir():
        return target
    archive = fetch(remote, folder, **options)
    try:
        with lock.waiting(folder / f"{name}.unpacking.lock"):
            if not target.is_dir():
                unpack(archive, target, progress=options.get("progress", True))
    except DownloadError:
        raise
    except OSError as error:
        raise DownloadError(
            f"{target} cannot be written ({error.strerror or error}): give another root, in which you may write"
        ) from error
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
    except DownloadError:
        raise
    except DAMAGED as error:
        reason = str(error) or type(error).__name__
        raise DownloadError(f"{archive} cannot be unpacked ({reason}): delete it and run again") from error
    finally:
        shutil.rmtree(working, ignore_errors=True)


def from_tar(archive: Path, folder: Path) -> Iterator[str]:
    """Unpack a tar archive after checking all its members; yields their names."""
    with tarfile.open(archive) as tar:
        members, room = [], 0
        for member in tar:  # one after the other: a bomb is refused before it is unpacked to find its end
            if not (member.isfile() or member.isdir()):
                raise DownloadError(f"{archive} is refused: {member.name} is a link or a device, not a file")
            check_inside(member.name, archive)
            room += member.size + BLOCK
            check_room(room, archive)
            members.append(member)
        check_end(tar, archive)
        check_space(folder, room, archive.name)
        careful = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        for member in members:
            tar.extract(member, folder, **careful)
            yield member.name


def check_room(room: int, archive: Path) -> None:
    """Refuse an archive that unpacks to many times its own size."""
    allowed = max(ALLOWED, TIMES * archive.stat().st_size)
    if room > allowed:
        raise DownloadError(
            f"{archive} is refused: it unpacks to more than {allowed / 1e6:,.0f} MB, {TIMES} times its own size; "
            "an archive of pictures does not. Delete it and fetch it from another place"
        )


def check_end(tar: tarfile.TarFile, archive: Path) -> None:
    """A tar ends with a block of zeros; tarfile itself takes a missing end and a damaged head for an end."""
    tar.fileobj.seek(tar.offset)
    if tar.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise DownloadError(f"{archive} cannot be unpacked (its end is missing or damaged): delete it and run again")
    while tar.fileobj.read(1 << 20):  # to the last byte, where gzip keeps its checksum
        pass


def from_zip(archive: Path, folder: Path) -> Iterator[str]:
    """Unpack a zip archive after checking all its members; yields their names."""
    with zipfile.ZipFile(archive) as packed:
        members, room = packed.infolist(), 0
        for member in members:
            if stat.S_ISLNK(member.external_attr >> 16):
                raise DownloadError(f"{archive} is refused: {member.filename} is a link, not a file")
            check_inside(member.filename, archive)
            room += member.file_size + BLOCK
            check_room(room, archive)
        check_space(folder, room, archive.name)
        for member in members:
            packed.extract(member, folder)  # checks the member's own checksum
            yield member.filename


def check_inside(name: str, archive: Path) -> None:
    """Refuse a member that would be written outside the folder."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0] if path.parts else False:
        raise DownloadError(f"{archive} is refused: its member {name} would be written outside the folder")
