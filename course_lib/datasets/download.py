"""Fetching one large file: several mirrors in turn, resumed where it stopped, checked, and only then named.

In comes a Remote (what the file is called, where it may be found, its checksum); out goes a path. Bytes gather in
NAME.part; the name itself appears in one step after the checksum has been seen, so a file with its proper name is
whole. One process fetches at a time: the others wait at the lock.
"""

import contextlib
import hashlib
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

CHUNK = 1 << 18
SPARE = 64 << 20  # leave this many bytes free for the rest of the machine


class DownloadError(OSError):
    """No mirror gave the file; the message says what to fetch by hand and where to put it."""


@dataclass(frozen=True)
class Remote:
    """A file on the net: its name, the addresses to try in turn, its md5, and its size in bytes (roughly)."""

    name: str
    mirrors: tuple[str, ...]
    md5: str
    size: int


def fetch(
    remote: Remote, folder: str | Path, *, timeout: float = 30.0, attempts: int = 3, progress: bool = True
) -> Path:
    """The file in `folder`, fetched if it is not there yet.

    timeout: seconds without one byte before the connection counts as dead.
    attempts: how often each mirror is asked; every attempt goes on where the last one stopped.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / remote.name
    with locked(folder / f"{remote.name}.lock"):
        if target.exists():
            check_placed(target, remote, progress)
            return target
        part = folder / f"{remote.name}.part"
        already = part.stat().st_size if part.exists() else 0
        check_space(folder, remote.size - already, remote.name)
        failures = []
        for url in remote.mirrors:
            try:
                from_mirror(url, part, remote, timeout=timeout, attempts=attempts, progress=progress)
            except _Failed as failure:
                failures.append(f"  {url}: {failure}")
                continue
            os.replace(part, target)
            return target
    raise DownloadError(by_hand(remote, target, failures))


class _Failed(Exception):
    """This mirror will not do; the next one may."""


def from_mirror(url: str, part: Path, remote: Remote, *, timeout: float, attempts: int, progress: bool) -> None:
    """Fill `part` from one address and check it; _Failed with the reason if that cannot be done."""
    reason = ""
    for attempt in range(attempts):
        if attempt:
            time.sleep(min(timeout, 0.2 * 2**attempt))
        begun = part.exists() and part.stat().st_size > 0
        try:
            receive(url, part, timeout=timeout, description=remote.name, progress=progress)
        except urllib.error.HTTPError as error:
            if error.code == 416:  # nothing lies beyond what we hold: whole, or longer than the file
                reason = "the part held here is longer than the file"
            else:
                raise _Failed(f"answered {error.code} {error.reason}") from error
        except _Interrupted as error:
            reason = str(error)
            continue
        except (OSError, urllib.error.URLError) as error:
            if isinstance(error, OSError) and error.errno == 28:
                raise DownloadError(f"the disk is full: {part.parent} has no room for {remote.name}") from error
            reason = f"{getattr(error, 'reason', None) or error}" or type(error).__name__
            continue
        found = md5_of(part, progress)
        if found == remote.md5:
            return
        # The wrong bytes may have come from an earlier mirror: what is held is worth nothing now.
        part.unlink()
        reason = f"sent another file (md5 {found}, expected {remote.md5})"
        if not begun:
            break
    raise _Failed(reason)


class _Interrupted(Exception):
    """The connection ended before the file did."""


def receive(url: str, part: Path, *, timeout: float, description: str, progress: bool) -> None:
    """Append what is still missing to `part`."""
    held = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "beyond-fcn/1.0"})
    if held:
        request.add_header("Range", f"bytes={held}-")
    with urllib.request.urlopen(request, timeout=timeout) as answer:
        if "html" in answer.headers.get("Content-Type", ""):
            raise _Failed("answered with a web page instead of the file")
        resumed = answer.status == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {held}-")
        if answer.status == 206 and not resumed:
            raise _Failed("answered with another piece of the file than was asked for")
        length = answer.headers.get("Content-Length")
        start = held if resumed else 0
        total = start + int(length) if length else None
        bar = tqdm(
            desc=description, initial=start, total=total, unit="B", unit_scale=True, delay=1, leave=False,
            disable=not progress,
        )  # fmt: skip
        with bar, open(part, "ab" if resumed else "wb") as file:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                bar.update(len(chunk))
    received = part.stat().st_size
    if total is not None and received < total:
        raise _Interrupted(f"broke off after {received} of {total} bytes")


def md5_of(path: Path, progress: bool = True) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    bar = tqdm(
        desc=f"checking {path.name}", total=path.stat().st_size, unit="B", unit_scale=True, delay=1, leave=False,
        disable=not progress,
    )  # fmt: skip
    with bar, open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
            bar.update(len(chunk))
    return digest.hexdigest()


def check_placed(target: Path, remote: Remote, progress: bool) -> None:
    """A file under its proper name may have been put there by hand: it must be the right one."""
    found = md5_of(target, progress)
    if found != remote.md5:
        raise DownloadError(
            f"{target} is another file or not whole: md5 {found}, expected {remote.md5}. Delete it and run again"
        )


def check_space(folder: Path, needed: int, what: str) -> None:
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
        f"Fetch {remote.name} (about {remote.size / 1e6:.0f} MB, md5 {remote.md5}) by hand from wherever you find it, "
        f"put it at\n  {target}\nand run again."
    )


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file; the system lets go of it when the process dies, however it dies."""
    with open(path, "a+b") as file:
        said = False
        while not try_lock(file):
            if not said:
                print(f"waiting: another process is working on {path.stem} (lock {path})", flush=True)
                said = True
            time.sleep(0.2)
        yield  # closing the file lets go


def try_lock(file) -> bool:
    """True once the lock is ours."""
    try:
        if os.name == "nt":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
