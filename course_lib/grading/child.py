"""The process in which one submitted notebook runs, cell by cell, as a notebook runs them.

The first frame brings the plan. Then frames "N" say which cell begins and what it raised, and the checks of the
stand-in exercises send answers. Nothing here knows a solution or decides about a point. The notebook's own output goes
nowhere. Whoever ends, hangs or kills this process hurts only the cell that did it: the grader starts another one.
"""

import linecache
import os
import random
import sys
import threading
import traceback
from types import ModuleType
from typing import Any, BinaryIO

import matplotlib.pyplot  # noqa: F401 (what most notebooks need is here before the first one starts)
import numpy as np
import torch

from course_lib.grading import stand_in, walls, wire

LONGEST, LINES = 500, 9


def run(reader: BinaryIO, writer: BinaryIO, settings: dict[str, Any]) -> None:
    """Receive the plan, run the chosen cells and report each; never returns."""
    first = wire.receive(reader)
    plan = wire.loads(first[1])
    line = Line(reader, writer)
    stand_in.install(plan["tasks"], line.talk)
    walls.limit(settings["gigabytes"])
    random.seed(0)  # graded again, a notebook that draws draws the same
    np.random.seed(0)  # noqa: NPY002 (what students call)
    torch.manual_seed(0)
    cells, chosen = ({int(place): text for place, text in plan[part].items()} for part in ("cells", "run"))
    line.say(ready=settings.get("walls", ""))
    Notebook(cells, line).run(chosen, plan["skip"])
    line.say(done=True)
    os._exit(0)  # threads and exit handlers that a notebook left do not hold us up


class Line:
    """This side's end of the line; one thread at a time."""

    def __init__(self, reader: BinaryIO, writer: BinaryIO) -> None:
        self.reader, self.writer, self.lock = reader, writer, threading.Lock()

    def say(self, **what: Any) -> None:
        """Send a note to the grader."""
        with self.lock:
            wire.send(self.writer, b"N", what)

    def talk(self, head: Any = None, body: bytes = b"") -> tuple[dict[str, Any], bytes]:
        """Send an answer to be checked and wait for what the grader asks or says."""
        with self.lock:
            if head is not None:
                wire.send(self.writer, b"C" if "check" in head else b"D", head, body)
            frame = wire.receive(self.reader)
        if frame is None:
            os._exit(1)  # the grader is gone
        return wire.loads(frame[1]), frame[2]


class Notebook:
    """The cells, run one by one in one namespace."""

    def __init__(self, cells: dict[int, str], line: Line) -> None:
        self.cells, self.line = cells, line
        self.ran: set[int] = set()
        self.module = ModuleType("__main__")
        self.module.display = lambda *things, **_: None  # type: ignore[attr-defined]

    def run(self, chosen: dict[int, str], skip: list[int]) -> None:
        """Run the chosen cells in order; after a NameError also the earlier cells that were left out."""
        sys.modules["__main__"] = self.module
        for place, source in chosen.items():
            error = self.cell(place, source)
            if isinstance(error, NameError):  # perhaps a name from a cell that seemed not to be needed
                left = [p for p in self.cells if p < place and p not in self.ran and p not in skip]
                for earlier in left:
                    self.cell(earlier, self.cells[earlier])
                error = self.cell(place, source) if left else error
            if error is not None:
                self.line.say(raised=place, lines=words(error))

    def cell(self, place: int, source: str) -> BaseException | None:
        """Runs one cell, or its imports; what it raised, be it the wish to end the process."""
        self.line.say(begins=place)
        if source == self.cells[place]:
            self.ran.add(place)
        name = f"<cell {place}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        try:
            exec(compile(source, name, "exec"), vars(self.module))
        except BaseException as error:
            return error
        return None


def words(error: BaseException) -> list[str]:
    """What a cell raised, few and short enough for one frame."""
    if isinstance(error, SystemExit):
        return ["the cell ends the notebook (sys.exit or exit)"]
    if isinstance(error, EOFError):
        return ["it waits for input(), and nobody types while notebooks are graded: write the value into the cell"]
    if isinstance(error, SyntaxError):
        return [f"line {error.lineno} is not Python: {error.msg}"[:LONGEST]]
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith("<cell ")]
    where = [f"line {frames[-1].lineno}: {frames[-1].line}"] if frames else []
    try:
        text = f"{type(error).__name__}: {error}"
    except Exception:
        text = type(error).__name__
    return [line[:LONGEST] for line in (*where, text)][:LINES]
