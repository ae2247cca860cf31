"""Runs one notebook in processes of its own and gathers what its exercises came to; no notebook can stop this one.

In come the cells, out go outcomes and the fates of cells. A cell that kills, hangs or ends its process is noted and
left out, and a new process runs what is left.
"""

import json
import os
import queue
import secrets
import signal
import site
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from course_lib.grading import cells as cells_of

LONGEST_LINE = 1_000_000
STARTUP_SECONDS = 120
KEPT = {"PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "LANG", "LC_ALL", "VIRTUAL_ENV"}


@dataclass(frozen=True)
class Limits:
    """For one cell, for one notebook with all its new starts, and the memory beside what torch itself takes."""

    cell_seconds: float = 30
    seconds: float = 180
    gigabytes: float = 4

    def __post_init__(self) -> None:
        for name in ("cell_seconds", "seconds", "gigabytes"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


@dataclass
class Result:
    """What became of a notebook: outcomes (kind, lines) and changes to the course by exercise, fates by cell."""

    outcomes: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    fates: dict[int, str] = field(default_factory=dict)
    changed: dict[str, list[str]] = field(default_factory=dict)
    problem: str = ""

    def note(self, message: dict[str, Any]) -> None:
        """The best outcome of an exercise counts, should its check be called more than once."""
        number, kind = message["outcome"], message["kind"]
        if self.outcomes.get(number, ("",))[0] != "correct":
            self.outcomes[number] = (kind, message["lines"])
        if message["changed"]:
            self.changed[number] = message["changed"]


def run(cells: cells_of.Cells, wanted: set[int], limits: Limits) -> Result:
    """Runs the wanted cells and what they need, again and again, until each of them has ended somehow."""
    result, skip, ended = Result(), set(), set()
    until = time.monotonic() + limits.seconds
    while left := wanted - ended:
        plan = {place: source for place, source in cells_of.needed(cells, left).items() if place not in skip}
        place, fate = _one_process(cells, plan, skip, result, limits, until)
        if not fate:
            break
        if place is None:
            result.problem = fate
            break
        result.fates[place] = fate
        skip.add(place)
        ended |= {cell for cell in left if cell <= place}
        if time.monotonic() > until:
            result.problem = f"the whole notebook was given {limits.seconds:g} seconds, and they are over"
            break
    return result


def _one_process(
    cells: cells_of.Cells, plan: cells_of.Cells, skip: set[int], result: Result, limits: Limits, until: float
) -> tuple[int | None, str]:
    """One process from start to end: the cell it ended in and why, or no words when it came to its end."""
    word = secrets.token_hex(16)
    given = {"word": word, "cells": cells, "run": plan, "skip": sorted(skip), "gigabytes": limits.gigabytes}
    with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as home:
        process = _started(home)
        lines = _lines_of(process)
        try:
            process.stdin.write(json.dumps(given).encode() + b"\n")
            process.stdin.close()
            return _followed(process, lines, word, result, limits, until)
        except OSError:
            return None, "the process that runs notebooks did not start"
        finally:
            _end(process)


def _followed(
    process: subprocess.Popen, lines: queue.Queue, word: str, result: Result, limits: Limits, until: float
) -> tuple[int | None, str]:
    place, began, last = None, time.monotonic(), time.monotonic() + STARTUP_SECONDS
    while True:
        message = _next(lines, word, last)
        if message is None:
            return place, f"it was still running after {last - began:.0f} seconds and was stopped: a loop without end?"
        if "ended" in message:
            return place, _death(process, limits)
        if "done" in message:
            return place, ""
        if "begins" in message:
            place, began = message["begins"], time.monotonic()
            last = min(began + limits.cell_seconds, max(until, began))
        elif "raised" in message:
            result.fates[message["raised"]] = "; ".join(_memory(message["lines"], limits))
        elif "outcome" in message:
            result.note(message)


def _next(lines: queue.Queue, word: str, last: float) -> dict[str, Any] | None:
    """The next message that is the runner's own, or None when the time is up; an end of the process is a message."""
    while True:
        try:
            line = lines.get(timeout=max(0.01, last - time.monotonic()))
        except queue.Empty:
            return None
        if line is None:
            return {"ended": True}
        if time.monotonic() > last:
            return None
        if line.startswith(word + " "):
            return json.loads(line[len(word) :])


def _started(home: str) -> subprocess.Popen:
    """A process with an empty folder for a home, one thread, no record of progress and nothing of our environment."""
    root = str(Path(__file__).resolve().parents[2])
    environment = {name: value for name, value in os.environ.items() if name in KEPT}
    environment |= {
        "PYTHONPATH": root,
        "PYTHONDONTWRITEBYTECODE": "1",
        "BEYOND_FCN_PROGRESS": "off",
        "MPLBACKEND": "agg",
    }
    environment["PYTHONUSERBASE"] = site.getuserbase()  # packages may lie in the home that the notebook does not get
    environment |= dict.fromkeys(("HOME", "USERPROFILE", "TMPDIR", "TEMP", "TMP", "MPLCONFIGDIR"), home)
    environment |= dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    command = [sys.executable, "-m", "course_lib.grading.child"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=home, env=environment, start_new_session=os.name == "posix", **pipes)


def _lines_of(process: subprocess.Popen) -> queue.Queue:
    """The lines of the process as they come, and None at its end."""
    lines: queue.Queue = queue.Queue()

    def read() -> None:
        while line := process.stdout.readline(LONGEST_LINE):
            lines.put(line.decode("utf-8", "replace"))
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    return lines


def _end(process: subprocess.Popen) -> None:
    """Ends the process, and those that it started."""
    if os.name == "posix":
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
    else:
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True)
    process.wait()
    process.stdout.close()


def _death(process: subprocess.Popen, limits: Limits) -> str:
    try:
        code = process.wait(5)
    except subprocess.TimeoutExpired:
        return "it cut the line to the grader"
    if code in (-9, 137):
        return f"its process was killed, as systems do when memory runs out (it may take {limits.gigabytes:g} GB)"
    if code < 0:
        return f"its process crashed ({signal.Signals(-code).name})"
    return f"it ended its whole process (os._exit; exit code {code})"


def _memory(lines: list[str], limits: Limits) -> list[str]:
    if any("MemoryError" in line or "can't allocate memory" in line for line in lines):
        return [*lines[:1], f"it wanted more memory than the {limits.gigabytes:g} GB it may take"]
    return lines
