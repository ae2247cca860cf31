"""Fetching one large file: several mirrors in turn, resumed where it stopped, checked, and only then named.

A Remote says what the file is called, where it may be found, and its checksum. Bytes gather in NAME.part; the name
itself appears in one step after the checksum has been seen, so a file with its proper name is whole. One process
fetches at a time: the others wait at the lock.
"""

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from course_lib.files import lock
from course_lib.files.transfer import Interrupted, Refused, receive, size

SPARE = 64 << 20  # leave this many bytes free for the rest of the machine
LONGEST = 60  # seconds that a server may ask us to wait
FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG}


class DownloadError(OSError):
    """No mirror gave the file; the message says what to fetch by hand and where to put it."""


@dataclass(frozen=True)
class Remote:
    """A file on the net: its name, the addresses to try in turn, its checksum, and its size in bytes (roughly)."""

    name: str
    mirrors: tuple[str, ...]
    md5: str
    size: int
    sha256: str = ""  # or its beginning; it goes before md5

    @property
    def checksum(self) -> tuple[str, str]:
        """The name of the hash and the digest that is expected."""
        return ("sha256", self.sha256) if self.sha256 else ("md5", self.md5)


def fetch(
    remote: Remote, folder: str | Path, *, timeout: float = 30.0, attempts: int = 3, progress: bool = True
) -> Path:
    """The file in `folder`, fetched if it is not there yet.

    timeout: seconds without one byte before the connection counts as dead.
    attempts: how often each mirror is asked; every attempt goes on where the last one stopped.
    """
    folder = Path(folder)
    target = folder / remote.name
    if target.exists():  # whole, as it got its name in one step: the folder may be one that only others write
        check_placed(target, remote, progress)
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with lock.waiting(folder / f"{remote.name}.lock"):
            if not target.exists():
                from_mirrors(remote, target, timeout=timeout, attempts=attempts, progress=progress)
            return target
    except DownloadError:
        raise
    except OSError as error:
        if error.errno in FULL:
            raise DownloadError(f"the disk is full: {folder} has no room for {remote.name}") from error
        raise DownloadError(
            f"{target} cannot be written ({error.strerror or error}): give another root (for weights: set TORCH_HOME), "
            "in which you may write"
        ) from error


def from_mirrors(remote: Remote, target: Path, **options) -> None:
    """Ask one mirror after the other; DownloadError with all their failures if none has the file."""
    part = target.with_name(target.name + ".part")
    check_space(target.parent, remote.size - size(part), remote.name)
    failures = []
    for url in remote.mirrors:
        try:
            os.replace(from_mirror(url, part, remote, **options), target)
        except Refused as failure:
            failures.append(f"  {url}: {failure}")
            continue
        part.unlink(missing_ok=True)
        return
    raise DownloadError(by_hand(remote, target, failures))


def from_mirror(url: str, part: Path, remote: Remote, *, timeout: float, attempts: int, progress: bool) -> Path:
    """The checked file from one address; Refused with the reason if it cannot be had there."""
    reason, wait, anew = "", 0.0, False
    for attempt in range(attempts):
        if attempt:
            pause(wait or min(timeout, 0.2 * 2**attempt), url, progress)
        held, wait = size(part), 0.0
        try:
            path = receive(
                url, part, expected=remote.size, timeout=timeout, description=remote.name, progress=progress, anew=anew
            )
        except Interrupted as error:
            reason, wait = str(error), error.wait
            if wait > LONGEST:
                break
            continue
        kind, expected = remote.checksum
        found = digest_of(path, kind, progress)[: len(expected)]
        if found == expected:
            return path
        reason = f"sent another file ({kind} {found}, expected {expected})"
        forget(path, part, held)
        if anew or not held or path != part:
            break
        anew = True  # the wrong bytes may be those that were held, from an earlier mirror
    raise Refused(reason)


def forget(path: Path, part: Path, held: int) -> None:
    """Take back what a wrong file brought; what was held before is kept until it is known to be the wrong one."""
    if path != part or not held:
        path.unlink()
    else:
        os.truncate(part, held)


def pause(seconds: float, url: str, progress: bool) -> None:
    """Wait as a server asks, and say so if it is long."""
    if progress and seconds > 5:
        print(f"waiting {seconds:.0f} s, as {url} asks", flush=True)
    time.sleep(seconds)


def digest_of(path: Path, kind: str = "sha256", progress: bool = True) -> str:
    """The checksum of a file, in hexadecimal digits."""
    digest = hashlib.new(kind, usedforsecurity=False)
    bar = tqdm(
        desc=f"checking {path.name}", total=path.stat().st_size, unit="B", unit_scale=True, delay=1, leave=False,
        disable=not progress,
    )  # fmt: skip
    with bar, open(path, "rb") as file:
        for chunk in chunks(file):
            digest.update(chunk)
            bar.update(len(chunk))
    return digest.hexdigest()


def chunks(file) -> Iterator[bytes]:
    """The file in pieces of a megabyte."""
    while chunk := file.read(1 << 20):
        yield chunk


def check_placed(target: Path, remote: Remote, progress: bool) -> None:
    """A file under its proper name may have been put there by hand, or may have been damaged since."""
    kind, expected = remote.checksum
    found = digest_of(target, kind, progress)[: len(expected)]
    if found != expected:
        raise DownloadError(
            f"{target} is another file or not whole: {kind} {found}, expected {expected}. Delete it and run again"
        )


def check_space(folder: Path, needed: int, what: str) -> None:
    """Refuse before the first byte what the disk has no room for."""
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE:
        raise DownloadError(
            f"{what} needs {(needed + SPARE) / 1e9:.1f} GB but {folder} has {free / 1e9:.1f} GB free: "
            "make room, or give another root"
        )


def by_hand(remote: Remote, target: Path, failures: list[str]) -> str:
    """What a student reads when every mirror failed."""
    tried = "\n".join(failures)
    return (
        f"{remote.name} could not be fetched:\n{tried}\n"
        f"Fetch {remote.name} (about {remote.size / 1e6:.0f} MB, {' '.join(remote.checksum)}) by hand from wherever "
        f"you find it, put it at\n  {target}\nand run again."
    )
