"""Writes a file in children that end at a chosen byte. Usage: files_killed.py FOLDER

The system itself counts: past the limit on the size of a file it kills the process (kill), or writing fails there, as
on a full disk (full). One import of torch serves all children. Prints what became of each.
"""

import os
import random
import resource
import signal
import sys
from pathlib import Path

import torch

from course_lib.files import tensors, whole
from course_lib.training import History


def write(kind: str, path: Path, version: int) -> None:
    """The same kind of file with other content for each version."""
    if kind == "text":
        whole.write(path, f"version {version}\n" * 2000)
    elif kind == "log":
        History(losses=[float(version)] * 800, rates=[0.1] * 800).write_csv(path)
    else:
        tensors.save(path, {"version": version, "weights": torch.full((50, 100), float(version))})


def in_a_child(kind: str, path: Path, limit: int, end: str) -> str:
    """How the child ended: "killed", "refused" or "done"."""
    number = os.fork()
    if number:
        status = os.waitpid(number, 0)[1]
        return "killed" if os.WIFSIGNALED(status) else ["done", "refused"][os.WEXITSTATUS(status)]
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL if end == "kill" else signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        write(kind, path, 2)
    except OSError:
        os._exit(1)
    os._exit(0)


def main(folder: Path, kind: str, end: str) -> None:
    folder.mkdir()
    path, dice = folder / "file", random.Random(0)
    write(kind, path, 2)
    new = path.read_bytes()
    write(kind, path, 1)
    old = path.read_bytes()
    for limit in [0, len(new) - 1, *(dice.randrange(len(new)) for _ in range(18)), len(new)]:
        ended, found = in_a_child(kind, path, limit, end), path.read_bytes()
        left = sorted(other.name for other in folder.iterdir())
        print(kind, end, ended, "old" if found == old else "new" if found == new else "torn", *left)


if __name__ == "__main__":
    for kind in ("text", "log", "tensors"):
        for end in ("kill", "full"):
            main(Path(sys.argv[1]) / f"{kind}_{end}", kind, end)
