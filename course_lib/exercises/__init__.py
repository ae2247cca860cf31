"""Exercises that answer back: one module per notebook, `exercises.start.iou.check(my_iou)`.

Every exercise has `.check(answer)`, `.hint()` and `.solution()`; `exercises.progress()` shows what is done.
"""

from course_lib.exercises import record, start
from course_lib.exercises.exercise import Exercise, Text

__all__ = ["progress", "start"]
MODULES = (start,)


def all_exercises() -> list[Exercise]:
    """Every exercise of the course, in order."""
    return [value for module in MODULES for value in vars(module).values() if isinstance(value, Exercise)]


def progress() -> Text:
    """Which exercises you have solved on this machine; the file is yours and stays here."""
    done = set(record.done())
    lines = [f"{'✓' if e.number in done else '○'} {e.number}  {e.title}" for e in all_exercises()]
    return Text("\n".join(lines))
