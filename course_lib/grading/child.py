"""The process in which one submitted notebook runs; `run` starts it.

In comes the plan, as one line of JSON on standard input; out go lines on what was standard output, each with a word
that only the grader knows. The notebook's own output goes nowhere. Whoever ends, hangs or kills this process hurts only
the cell that did it: the grader knows which cell ran, and starts again without it.
"""

import json
import linecache
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

CHECK_SECONDS = 6.0  # for one call of a student's function: the machine may be busy, and nobody waits at a screen
LONGEST = 500
Report = Callable[..., None]


def main() -> None:
    plan = json.loads(sys.stdin.readline())
    report = reporter(plan.pop("word"))
    from course_lib.grading import guard

    guard.no_network()
    from course_lib import exercises

    seal = sealed(exercises, report)
    guard.limit(plan["gigabytes"])
    cells, chosen = ({int(place): text for place, text in plan[part].items()} for part in ("cells", "run"))
    Notebook(cells, seal, report).run(chosen, plan["skip"])
    report(done=True)
    os._exit(0)  # threads that a notebook started do not hold us up


def reporter(word: str) -> Report:
    """Turns standard output over to the grader, and gives the notebook an empty one."""
    ours = os.dup(1)
    os.set_inheritable(ours, False)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    lock = threading.Lock()

    def report(**what: Any) -> None:
        with lock:
            os.write(ours, f"{word} {json.dumps(what)}\n".encode())

    return report


def sealed(exercises: ModuleType, report: Report) -> Any:
    """Our own check in the place of the usual one: it reports each outcome, and mends the course before it judges."""
    from course_lib.checking import attempt
    from course_lib.checking.exercise import Exercise
    from course_lib.grading import guard

    known = {id(exercise): (exercise, exercise.number, exercise.judge) for exercise in exercises.all_exercises()}
    judged = Exercise._judged
    attempt.call.__kwdefaults__["seconds"] = CHECK_SECONDS

    def check(self: Exercise, *answer: Any) -> Any:
        changed = seal.mend()
        exercise, number, judge = known.get(id(self), (None, None, None))
        if exercise is self and self.judge is not judge:
            self.judge = judge
            changed.append(f"the check of {number}")
        outcome = judged(self, answer)
        if exercise is self:
            report(outcome=number, kind=outcome.kind, lines=cut(outcome.lines), changed=cut(changed))
        return outcome

    for exercise, _, _ in known.values():
        exercise._solution = None  # .answer gives nothing while notebooks are graded
    Exercise.check = check
    seal = guard.Seal()
    return seal


def cut(lines: Iterable[str]) -> list[str]:
    """Few and short enough for one message."""
    return [str(line)[:LONGEST] for line in lines][:9]


class Notebook:
    """The cells, run one by one in one namespace as a notebook runs them."""

    def __init__(self, cells: dict[int, str], seal: Any, report: Report) -> None:
        self.cells, self.seal, self.report = cells, seal, report
        self.ran: set[int] = set()
        self.module = ModuleType("__main__")
        self.module.display = lambda *things, **_: None  # type: ignore[attr-defined]

    def run(self, chosen: dict[int, str], skip: list[int]) -> None:
        sys.modules["__main__"] = self.module
        for place, source in chosen.items():
            error = self.cell(place, source)
            if isinstance(error, NameError):  # perhaps a name from a cell that seemed not to be needed
                left = [p for p in self.cells if p < place and p not in self.ran and p not in skip]
                for earlier in left:
                    self.cell(earlier, self.cells[earlier])
                error = self.cell(place, source) if left else error
            if error is not None:
                self.report(raised=place, lines=self.words(error))

    def cell(self, place: int, source: str) -> BaseException | None:
        """Runs one cell, or its imports; what it raised, be it the wish to end the process."""
        self.report(begins=place)
        if source == self.cells[place]:
            self.ran.add(place)
        name = f"<cell {place}>"
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        try:
            exec(compile(source, name, "exec"), vars(self.module))
        except BaseException as error:
            return error
        finally:
            self.seal.mend()
        return None

    def words(self, error: BaseException) -> list[str]:
        if isinstance(error, SystemExit):
            return ["the cell ends the notebook (sys.exit or exit)"]
        if isinstance(error, SyntaxError):
            return cut([f"line {error.lineno} is not Python: {error.msg}"])
        lines = [f for f in traceback.extract_tb(error.__traceback__) if f.filename.startswith("<cell ")]
        where = [f"line {lines[-1].lineno}: {lines[-1].line}"] if lines else []
        return cut([*where, f"{type(error).__name__}: {error}"])


if __name__ == "__main__":
    main()
