"""Keeping two processes apart: a lock file that the system releases when its holder ends, however it ends.

The file names its holder, so that whoever finds the door closed can be told who is inside. It is taken away when the
lock is released; after a kill it stays, and means nothing.
"""

import contextlib
import errno
import os
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path

BUSY = {errno.EACCES, errno.EAGAIN, errno.EDEADLK}
FAR = 1 << 30  # Windows forbids others to read a locked byte: the one that is locked lies behind the words


class Held(OSError):
    """Another process holds the lock; the text says which."""


@contextlib.contextmanager
def held(path: str | Path) -> Iterator[None]:
    """Hold the lock file `path`; Held at once, with the words of the holder, if another process has it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = taken(path)
    if file is None:
        raise Held(words_in(path))
    try:
        file.truncate(0)
        file.write(holder().encode())
        file.flush()
        yield
    finally:
        if os.name != "nt":  # while it is still held, so that nobody takes over a file that is about to go
            path.unlink(missing_ok=True)
        file.close()


@contextlib.contextmanager
def waiting(path: str | Path) -> Iterator[None]:
    """Hold the lock file `path`; while another process has it, say so once and wait."""
    said = False
    while True:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(held(path))
            except Held as other:
                if not said:
                    print(f"waiting: {other} is working on {Path(path).stem} (lock {path})", flush=True)
                    said = True
                time.sleep(0.2)
                continue
            yield
            return


def taken(path: Path):
    """The open, locked file; None if another process holds it."""
    while True:
        file = open(path, "a+b")  # noqa: SIM115 (open is what holds the lock)
        try:
            lock(file)
            if os.name == "nt" or same(file, path):
                return file
        except OSError as error:
            file.close()
            if error.errno in BUSY:
                return None
            raise
        file.close()  # its last holder took the file away before we had it


def lock(file) -> None:
    """Lock an open file, or raise OSError. A file system that knows no locks keeps nobody out."""
    if os.name == "nt":
        import msvcrt

        file.seek(FAR)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.ENOLCK, errno.ENOTSUP, errno.EINVAL, errno.ENOSYS}:
            raise


def same(file, path: Path) -> bool:
    """Whether the open file is still the one that the path names."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), os.stat(path))
    except FileNotFoundError:
        return False


def holder() -> str:
    """This process in words, for whoever finds the lock taken."""
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])[:200]
    return f"process {os.getpid()} on {platform.node()} (since {time.strftime('%d.%m. %H:%M')}: {command})"


def words_in(path: Path) -> str:
    """What the holder of a lock wrote into it."""
    try:
        return path.read_text(errors="replace").strip("\0 \n") or "another process"
    except OSError:
        return "another process"
