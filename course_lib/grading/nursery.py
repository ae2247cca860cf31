"""Processes by fork: torch is loaded once, and a process for a notebook or a judge is there at once.

`python -m course_lib.grading.nursery FD MODULE` loads the module and waits on the socket FD. Each request brings a line
(a socket) on which the module's `run` is called in a new process. This process runs nothing else, so it stays clean.
When the grader ends, however it ends, all its processes end.
"""

import contextlib
import ctypes
import importlib
import io
import json
import os
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from course_lib.grading import walls

PR_SET_CHILD_SUBREAPER = 36
HOMES = "grading-"  # how the name of the folder begins in which all of a grader's processes have theirs


def main(handle: int, name: str) -> None:
    """Import the module once, then fork a process for each request until the grader is gone."""
    control, homes = socket.socket(fileno=handle), os.getcwd()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the grader, which tells us
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)  # what a notebook left behind becomes ours, and we end it
    module = importlib.import_module(name)
    known: set[int] = set()
    with contextlib.suppress(OSError):  # the grader is gone: all that is left to do is to end what runs
        serve(control, module, known)
    for pid in [*known]:
        ended(pid, known)
    if os.path.basename(homes).startswith(HOMES):  # a grader that was killed puts nothing away
        shutil.rmtree(homes, ignore_errors=True)
    os._exit(0)  # at once: nothing here needs to be put away


def serve(control: socket.socket, module: Any, known: set[int]) -> None:
    """Starts and ends processes as the grader asks, until it is gone."""
    control.sendall(b'{"ready": true}\n')
    while True:
        words, handles, _, _ = socket.recv_fds(control, 65536, 1)
        if not words:
            break
        asked = json.loads(words)
        if "end" in asked:
            answer = {"status": ended(asked["end"], known, asked["patience"])}
        else:
            pid = os.fork()
            if pid == 0:
                born(module, handles[0], asked, control)
            known.add(pid)
            answer = {"pid": pid}
            os.close(handles[0])
        control.sendall(json.dumps(answer).encode() + b"\n")


def born(module: Any, handle: int, settings: dict[str, Any], control: socket.socket) -> None:
    """The new process; it never returns."""
    try:
        os.setsid()
        line = os.dup2(handle, 3 if handle != 3 else 4)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        control.detach()
        for other in map(int, os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else range(256)):
            if other not in (0, 1, 2, line):
                with contextlib.suppress(OSError):
                    os.close(other)
        signal.signal(signal.SIGINT, signal.default_int_handler)

        def run(stand: str) -> None:
            reader, writer = io.BufferedReader(io.FileIO(line, "rb", closefd=False)), io.FileIO(line, "wb")
            module.run(reader, io.BufferedWriter(writer), {**settings, "walls": stand})
            os._exit(0)

        walls.enter(Path(settings["home"]), run, spaces=settings["spaces"]) if settings["walled"] else run("")
    finally:
        os._exit(1)


def ended(pid: int, known: set[int], patience: float = 0) -> int:
    """Ends a process with all that came from it, also what hid in a session of its own; how it ended, as wait says."""
    if pid not in known:
        return 0
    until = time.monotonic() + patience
    while (found := os.waitpid(pid, os.WNOHANG))[0] == 0 and time.monotonic() < until:
        time.sleep(0.01)
    found, status = found
    for other in below(pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(other, signal.SIGKILL)
    if found == 0:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        status = -1  # it was we who ended it
    known.discard(pid)
    while left := [other for other, parent in parents().items() if parent == os.getpid() and other not in known]:
        for other in left:
            for one in [*below(other), other]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(other, 0)
    return status


def parents() -> dict[int, int]:
    """The parent of every process there is, on Linux."""
    found = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            found[int(place.parent.name)] = int(place.read_text(errors="replace").rpartition(")")[2].split()[1])
    return found


def below(pid: int) -> list[int]:
    """The descendants of a process."""
    table, found = parents(), [pid]
    for one in found:
        found += [child for child, parent in table.items() if parent == one]
    return found[1:]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
