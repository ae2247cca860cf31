"""Exercises that answer back: one module per notebook, `exercises.start.iou.check(my_iou)`.

Every exercise has `.check(answer)`, `.hint()` and `.solution()`; `exercises.progress()` shows what is done.
`python -m course_lib.exercises grade SUBMISSIONS/` grades a class.
"""

from course_lib.checking import record
from course_lib.checking.exercise import Exercise, Text
from course_lib.lectures.l00_start_here import exercises as start
from course_lib.lectures.l01_fcn_limits import exercises as fcn
from course_lib.lectures.l02_deconvnet_segnet import exercises as deconvnet
from course_lib.lectures.l03_skip_connections import exercises as skips
from course_lib.lectures.l04_receptive_field_dilation import exercises as receptive_field
from course_lib.lectures.l05_deeplab_v1_v2 import exercises as deeplab
from course_lib.lectures.l06_pspnet import exercises as pspnet
from course_lib.lectures.l07_deeplab_v3_v3plus import exercises as deeplab_v3
from course_lib.lectures.l08_the_whole_picture import exercises as whole_picture

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


if __name__ == "__main__":
    import sys

    from course_lib.grading.command import main

    sys.exit(main())
