"""Runs one notebook and gathers what its exercises came to; no notebook can stop this one.

In come the cells, out go outcomes and the fates of cells. This process passes data between the notebook's process and
the judge's, and keeps the time. A cell that kills, hangs or ends its process is noted and left out, and a new process
runs what is left.
"""

import signal
import time
from dataclasses import dataclass, field
from typing import Any

from course_lib.grading import cells as cells_of
from course_lib.grading import wire
from course_lib.grading.workshop import CHILD, JUDGE, OURSELVES, STARTUP_SECONDS, Gone, Process, Workshop

NOT_STARTED = "the process that runs notebooks did not start"
ENDLESS = "it was still running after {:g} seconds and was stopped: a loop without end?"
OVER = "it was still running when the {:g} seconds of the whole notebook were over"
TRIES = 50  # answers to one exercise that are judged: who guesses is not to learn from what the check asks next
GUESSED: dict[str, Any] = {
    "kind": "not yet",
    "lines": [f"it was checked more than {TRIES} times: one answer is asked for"],
}


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
    """What became of a notebook: outcomes (kind, lines) by exercise, fates by cell."""

    outcomes: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    fates: dict[int, str] = field(default_factory=dict)
    problem: str = ""
    walls: str = ""


@dataclass
class Running:
    """One notebook while it runs. `tasks` are the stand-ins' names, `places` the cells that check each exercise.

    The checks draw their cases from `seed`, which comes from the notebook's own bytes: graded again it gets the same
    cases, and nobody can write down the outputs for cases that change with every letter written. Each further answer
    to an exercise gets cases of its own: code that watches what it is asked could else find the outputs one by one.
    """

    cells: cells_of.Cells
    places: dict[str, list[int]]
    tasks: dict[str, dict[str, tuple[str, str]]]
    limits: Limits
    workshop: Workshop
    seed: int
    result: Result = field(default_factory=Result)
    skip: set[int] = field(default_factory=set)
    left: float = 0.0
    judged: dict[tuple[str, int], tuple[str, list[str]]] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    judge: Process | None = None

    def run(self) -> Result:
        """Runs the cells that check and what they need, again and again, until each of them has ended somehow."""
        self.left, ended = self.limits.seconds, set()
        try:
            while wanted := {place for places in self.places.values() for place in places} - ended:
                needed = cells_of.needed(self.cells, wanted)
                place, fate = self.one_process({at: text for at, text in needed.items() if at not in self.skip})
                if not fate:
                    break
                if place is None:
                    self.result.problem = fate
                    break
                self.result.fates[place] = fate
                self.skip.add(place)
                ended |= {cell for cell in wanted if cell <= place}
                if self.left <= 0:
                    self.result.problem = (
                        f"the whole notebook was given {self.limits.seconds:g} seconds, and they are over"
                    )
                    break
        finally:
            if self.judge:
                self.judge.end()
        self.gather()
        return self.result

    def gather(self) -> None:
        """The last answer that a notebook gives to an exercise counts; a cell that still holds no answer gives none."""
        right = {number for (number, _), (kind, _) in self.judged.items() if kind == "correct"}
        for (number, place), (kind, lines) in sorted(self.judged.items(), key=lambda item: item[0][1]):
            if kind == "not attempted" and number in self.result.outcomes:
                continue
            told = [f"cell {place} answers last, and the last answer counts"] if number in right else []
            self.result.outcomes[number] = kind, [*lines, *told]

    def one_process(self, plan: cells_of.Cells) -> tuple[int | None, str]:
        """One process from start to end: the cell it ended in and why, or no words when it came to its end."""
        try:
            process = self.workshop.start(CHILD, self.limits.gigabytes)
        except OSError:
            return None, NOT_STARTED
        given = {"cells": self.cells, "run": plan, "skip": sorted(self.skip), "tasks": self.tasks}
        began = None
        try:
            until = time.monotonic() + STARTUP_SECONDS
            process.send(b"P", given, b"", until)
            if (frame := process.next(until)) is None:
                return None, NOT_STARTED
            self.result.walls = self.result.walls or str(wire.loads(frame[1]).get("ready", ""))[:200]
            began = time.monotonic()  # the clock starts when the notebook does
            return self.followed(process, plan, began)
        except Gone:
            return None, NOT_STARTED
        except wire.Broken as error:
            return None, f"it could not be given to its process: {error}"
        finally:
            process.end()
            self.left -= time.monotonic() - began if began else 0

    def followed(self, process: Process, plan: cells_of.Cells, began: float) -> tuple[int | None, str]:
        """Watch a notebook until it ends or its time is over; the last cell begun, and why it ended."""
        place, until = None, began + min(self.limits.cell_seconds, self.left)
        over = began + self.left
        while True:
            try:
                frame = process.next(until)
                if frame is None:
                    return place, self.too_long(until < over)
                letter, head = frame[0], wire.loads(frame[1]) if frame[0] in b"NC" else {}
                if "done" in head:
                    return place, ""
                if head.get("begins") in self.cells and isinstance(head["begins"], int):
                    place, began = head["begins"], time.monotonic()
                    until = max(began + 0.1, min(began + self.limits.cell_seconds, over))
                elif head.get("raised") in self.cells and isinstance(head.get("lines"), list):
                    lines = [str(line) for line in head["lines"]][:9]
                    self.result.fates[head["raised"]] = "; ".join(self.about_memory(lines))
                elif letter == b"C" and not self.check(process, place, head, frame[2], until):
                    return place, self.too_long(until < over)
            except (Gone, Left):
                return place, death(process.end(patience=3), self.limits)
            except (wire.Broken, TypeError):
                return place, "it wrote on the line to the grader"

    def too_long(self, cell: bool) -> str:
        """Words for a cell that was stopped; with the limit and not with the time it took, which is never the same."""
        return ENDLESS.format(self.limits.cell_seconds) if cell else OVER.format(self.limits.seconds)

    def check(self, process: Process, place: int | None, head: dict[str, Any], body: bytes, until: float) -> bool:
        """Has one answer judged; False when that took too long. The judge asks the notebook through us."""
        number = head.get("check")
        if number in self.places:
            self.tries[number] = tries = self.tries.get(number, 0) + 1
            head["seed"] = self.seed + tries - 1
            outcome = self.outcome(process, head, body, until) if tries <= TRIES else GUESSED
            if outcome is None:
                return False
            found = str(outcome["kind"]), [str(line) for line in outcome["lines"]]
            held = self.judged.get((number, place))
            if place in self.places[number] and not (held and found[0] == "not attempted"):
                self.judged[number, place] = found
        process.send(b"E", {"end": True}, b"", until)
        return True

    def outcome(self, process: Process, head: dict[str, Any], body: bytes, until: float) -> dict[str, Any] | None:
        """Have one answer judged, and pass on what the judge asks of the notebook."""
        try:
            self.judge = self.judge or self.workshop.start(JUDGE, self.limits.gigabytes)
            waiting = max(until, time.monotonic() + (0 if self.workshop.fork else STARTUP_SECONDS))
            self.judge.send(b"C", head, body, waiting)
            while (frame := self.judge.next(waiting)) is not None:
                if frame[0] == b"O":
                    return wire.loads(frame[1])
                asked = self.passed(process, frame, until)
                if asked is None:
                    break
                self.judge.send(b"D", wire.loads(asked[1]), asked[2], until)
                waiting = until
        except Gone:
            self.judge.end()
            self.judge = None
            return {
                "kind": "not yet",
                "lines": ["the check did not end with this answer: is it too large, or was the time of its cell over?"],
            }
        except BaseException:
            self.judge.end()
            self.judge = None
            raise
        self.judge.end()
        self.judge = None
        return None

    def passed(self, process: Process, frame: tuple[bytes, bytes, bytes], until: float) -> Any:
        """A frame of the judge's to the notebook, and the notebook's answer; None when the time is up."""
        try:
            process.send(b"D", wire.loads(frame[1]), frame[2], until)
            asked = process.next(until)
        except Gone as gone:
            raise Left from gone
        if asked is not None and asked[0] != b"D":
            raise wire.Broken("something else than an answer")
        return asked

    def about_memory(self, lines: list[str]) -> list[str]:
        """The lines of an error, with a word on the limit if memory ran out."""
        if any("MemoryError" in line or "can't allocate memory" in line for line in lines):
            return [*lines[:1], f"it wanted more memory than the {self.limits.gigabytes:g} GB it may take"]
        return lines


class Left(Exception):
    """The notebook's process ended while its answer was judged."""


def death(status: int, limits: Limits) -> str:
    """Why a process ended, from its status."""
    if status == OURSELVES:
        return "it cut the line to the grader"
    code, number = (0, status & 0x7F) if status & 0x7F else (status >> 8, 0)
    if number == 9 or code == 137:
        return f"its process was killed, as systems do when memory runs out (it may take {limits.gigabytes:g} GB)"
    if number:
        name = signal.Signals(number).name if number in {*signal.Signals} else f"signal {number}"
        return f"its process crashed ({name})"
    return f"it ended its whole process (os._exit; exit code {code})"
