"""Tests run against a copy of the project, in children of one process that has loaded the heavy packages already."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

OURS = ("course_lib", "notebooks", "tests", "conftest")
HEAVY = ("pytest", "torch", "torch._dynamo", "torch.export", "torchvision", "torchinfo", "matplotlib.pyplot",
         "ipywidgets", "anywidget", "nbformat", "hypothesis.strategies", "psutil", "yaml")  # fmt: skip


def copied(root: Path, place: Path) -> Path:
    """A copy of what git tracks or would, and a link to the folder of reference data beside it."""
    shutil.rmtree(place, ignore_errors=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (root / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, place / name)
    if (beside := root.parent / "shared").is_dir() and not (place.parent / "shared").exists():
        (place.parent / "shared").symlink_to(beside)
    return place


def warm_up() -> None:
    """Loads what takes seconds; none of it is ours, and no thread is started, so that a fork is safe."""
    os.environ.update(OMP_NUM_THREADS="1", BEYOND_FCN_PROGRESS="off", MPLBACKEND="agg")
    for name in HEAVY:
        __import__(name)


def run(tests: list[str], place: Path, cpu_seconds: float, log: Path, *, bytecode: bool = False) -> tuple[int, float]:
    """pytest's exit code (or minus the signal that ended it) and the CPU seconds; stops at the first failure."""
    sys.stdout.flush()
    began = cpu_of_children()
    child = os.fork()
    if child == 0:
        inside(tests, place, cpu_seconds, log, bytecode)
    until, ended = time.monotonic() + 10 * cpu_seconds + 60, 0
    while not ended and time.monotonic() < until:
        time.sleep(0.05)
        ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        os.killpg(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), cpu_of_children() - began


def inside(tests: list[str], place: Path, cpu_seconds: float, log: Path, bytecode: bool) -> None:
    """The child: only the copy's own code, its words into the log, an end after so much of the processor."""
    os.setsid()
    os.chdir(place)
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1), os.dup2(out, 2)
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_seconds) + 1, int(cpu_seconds) + 10))
    sys.dont_write_bytecode = not bytecode
    sys.path[:] = [str(place), *(path for path in sys.path if path not in ("", str(Path.cwd())))]
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]
    import pytest

    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # the tests need none, and loading them takes seconds
    code = 3
    try:
        code = int(pytest.main([*tests, "-x", "-q", "--tb=short", "-p", "no:cacheprovider", "-m", "not browser"]))
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    os._exit(code)


def cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
