"""Exercises that answer back: one module per notebook, `exercises.start.iou.check(my_iou)`.

Every exercise has `.check(answer)`, `.hint()` and `.solution()`; `exercises.progress()` shows what is done.
"""

from course_lib.exercises import (
    deconvnet,
    deeplab,
    deeplab_v3,
    fcn,
    pspnet,
    receptive_field,
    record,
    skips,
    start,
    whole_picture,
)
from course_lib.exercises.exercise import Exercise, Text

__all__ = [
    "all_exercises",
    "deconvnet",
    "deeplab",
    "deeplab_v3",
    "fcn",
    "progress",
    "pspnet",
    "receptive_field",
    "skips",
    "start",
    "whole_picture",
]
MODULES = (start, fcn, deconvnet, skips, receptive_field, deeplab, pspnet, deeplab_v3, whole_picture)


def all_exercises() -> list[Exercise]:
    """Every exercise of the course, in order."""
    found = [value for module in MODULES for value in vars(module).values() if isinstance(value, Exercise)]
    return sorted(found, key=lambda exercise: [int(part) for part in exercise.number.split(".")])


def progress() -> Text:
    """Which exercises you have solved on this machine; the file is yours and stays here."""
    done = set(record.done())
    lines = [f"{'✓' if e.number in done else '○'} {e.number}  {e.title}" for e in all_exercises()]
    place = record.place()
    kept = f"kept in {place}, on this machine alone" if place else "no record is kept: BEYOND_FCN_PROGRESS is off"
    won = sum(line.startswith("✓") for line in lines)
    return Text("\n".join([*lines, f"{won} of {len(lines)} solved; {kept}"]))
