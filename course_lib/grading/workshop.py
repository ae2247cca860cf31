"""Where processes for notebooks and judges come from, and the grader's end of the line to each.

On Linux they are forked from two nurseries, one for notebooks (without any solution) and one for judges. Elsewhere each
is started anew, which takes some seconds, and has no walls but its limits.
"""

import contextlib
import json
import os
import queue
import signal
import site
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, BinaryIO

from course_lib.grading import wire
from course_lib.grading.nursery import HOMES

CHILD, JUDGE = "course_lib.grading.child", "course_lib.grading.judge"
KEPT = {"PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "VIRTUAL_ENV"}
STARTUP_SECONDS = 300
OURSELVES = -1  # the status of a process that we ended
Frame = tuple[bytes, bytes, bytes]


class Gone(OSError):
    """The process at the other end is not there any more, or sends what is no frame."""


class Process:
    """One process at the other end of a line."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO, end: Any) -> None:
        self.reader, self.writer, self._end = reader, writer, end
        self.frames: queue.Queue[Frame | None] = queue.Queue(maxsize=1)
        self.over, self.status, self.ending = False, OURSELVES, threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        frame: Frame | None = (b"", b"", b"")
        while frame is not None and not self.over:
            try:
                frame = wire.receive(self.reader)
            except (OSError, ValueError):
                frame = None
            while not self.over:
                with contextlib.suppress(queue.Full):
                    self.frames.put(frame, timeout=0.5)
                    break

    def send(self, letter: bytes, head: Any, body: bytes, until: float) -> None:
        """A process that does not read is ended when the time is up."""
        watch = threading.Timer(max(0.0, until - time.monotonic()), self.end)
        watch.daemon = True
        watch.start()
        try:
            wire.send(self.writer, letter, head, body)
        except (OSError, ValueError) as error:
            raise Gone(str(error)) from None
        finally:
            watch.cancel()

    def next(self, until: float) -> Frame | None:
        """The next frame, or None when the time is up; Gone at the end of the line."""
        try:
            frame = self.frames.get(timeout=max(0.001, until - time.monotonic()))
        except queue.Empty:
            return None
        if frame is None:
            self.frames.put(None)  # whoever asks again hears the same
            raise Gone("the line has ended")
        return frame

    def end(self, patience: float = 0) -> int:
        """Ends the process and all that it started; its status, as `os.waitpid` gives it."""
        with self.ending:  # the watch of `send` may come at the same time
            if not self.over:
                self.over = True
                self.status = self._end(patience)
                for file in (self.reader, self.writer):
                    with contextlib.suppress(OSError, ValueError):  # what was not sent yet goes nowhere
                        file.close()
            return self.status


class Workshop:
    """`with Workshop() as workshop: workshop.start(CHILD, settings)`; several threads may ask."""

    def __init__(self, *, fork: bool = sys.platform == "linux", spaces: bool = True) -> None:
        self.fork, self.spaces = fork, spaces
        self.nurseries: dict[str, tuple[subprocess.Popen, socket.socket, threading.Lock]] = {}

    def __enter__(self) -> "Workshop":
        self.folder = tempfile.TemporaryDirectory(prefix=HOMES, ignore_cleanup_errors=True)
        try:
            for module in (CHILD, JUDGE) if self.fork else ():
                self.nurseries[module] = self._nursery(module)
            for _, control, _ in self.nurseries.values():  # both load at the same time
                control.settimeout(STARTUP_SECONDS)
                if not control.recv(100):
                    raise OSError("the processes that run notebooks did not start")
                control.settimeout(None)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for process, control, _ in self.nurseries.values():
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)  # also for a thread that waits on it
            control.close()
            process.wait()
        self.nurseries.clear()
        self.folder.cleanup()

    def _nursery(self, module: str) -> tuple[subprocess.Popen, socket.socket, threading.Lock]:
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "course_lib.grading.nursery", str(theirs.fileno()), module]
        process = subprocess.Popen(command, env=_environment(self.folder.name), cwd=self.folder.name,
                                   pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
        theirs.close()
        return process, ours, threading.Lock()

    def start(self, module: str, gigabytes: float) -> Process:
        """A new process in which the module's `run` waits for frames."""
        home = tempfile.mkdtemp(dir=self.folder.name)
        settings = {"home": home, "gigabytes": gigabytes, "walled": module == CHILD, "spaces": self.spaces}
        return self._forked(module, settings) if self.fork else self._anew(module, settings)

    def _forked(self, module: str, settings: dict[str, Any]) -> Process:
        _, control, lock = self.nurseries[module]
        ours, theirs = socket.socketpair()
        with lock:
            socket.send_fds(control, [json.dumps(settings).encode()], [theirs.fileno()])
            pid = json.loads(control.recv(1000))["pid"]
        theirs.close()

        def end(patience: float) -> int:
            nonlocal pid
            with contextlib.suppress(OSError):
                ours.shutdown(socket.SHUT_RDWR)
            ours.close()
            with lock:
                if pid is None:
                    return OURSELVES
                control.sendall(json.dumps({"end": pid, "patience": patience}).encode())
                pid = None
                return json.loads(control.recv(1000))["status"]

        return Process(ours.makefile("rb"), ours.makefile("wb"), end)

    def _anew(self, module: str, settings: dict[str, Any]) -> Process:
        command = [sys.executable, "-m", "course_lib.grading.fresh", module, json.dumps(settings)]
        process = subprocess.Popen(command, env=_environment(settings["home"]), cwd=settings["home"],
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   start_new_session=os.name == "posix")  # fmt: skip

        def end(patience: float) -> int:
            with contextlib.suppress(subprocess.TimeoutExpired):
                if patience:
                    process.wait(patience)
            code = process.poll()
            _end_group(process)
            if code is None:
                return OURSELVES
            return -code if code < 0 else code << 8

        return Process(process.stdout, process.stdin, end)


def _environment(home: str) -> dict[str, str]:
    """An empty folder for a home, one thread, no record of progress and nothing of our environment."""
    environment = {name: value for name, value in os.environ.items() if name in KEPT}
    environment |= {
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",  # sets of words have one order, graded once or twice
        "BEYOND_FCN_PROGRESS": "off",
        "MPLBACKEND": "agg",
    }
    environment["PYTHONUSERBASE"] = site.getuserbase()  # packages may lie in the home that the notebook does not get
    environment |= dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "MPLCONFIGDIR"), home)
    return environment | dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


def _end_group(process: subprocess.Popen) -> None:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True)
    process.kill()
    process.wait()
