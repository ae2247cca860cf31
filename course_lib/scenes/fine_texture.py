"""fine_texture: patches of cloth woven so finely that a dilated lattice cannot read them.

For gridding: upright stripes, level stripes and checks of two colours change at every `stripe` pixels, each patch with
its own phase. A stack of convolutions whose rates are all multiples of 2 * stripe reads the same colour everywhere in a
patch, and each of the two colours equally often in every class: it can only guess. A single rate-1 layer reads them.
There is no lens here: it would blur the threads.
Maps: object_size (of the patch).
"""

import torch

from course_lib.scenes.canvas import Canvas, Parts
from course_lib.scenes.dice import Dice
from course_lib.scenes.family import GRAIN, Family, Knob
from course_lib.scenes.props import PAINTS, shade

CLASSES = ("background", "upright", "level", "checker")
BACKGROUND, UPRIGHT, LEVEL, CHECKER = range(4)
MOST = 8

PARTS = Parts()
TABLE = PARTS.ramp(BACKGROUND, (196, 178, 152), (178, 160, 136), 4, rough=4)
PATCHES = [[PARTS.add(UPRIGHT, (0, 0, 0), rough=1, instance=number) for _ in range(2)] for number in range(1, MOST + 1)]


def paint(canvas: Canvas, dice: Dice, *, stripe: int, number: int, patch: int, contrast: float, grain: int) -> None:
    """Paints the family's scenes on the canvas, one for each picture; the knobs are those of `FAMILY`."""
    canvas.grain, canvas.soft = grain, False
    size = canvas.size
    one = torch.ones(canvas.pictures, dtype=torch.long)
    whole = torch.full((canvas.pictures, size), 255, dtype=torch.uint8)
    table = torch.tensor(TABLE, dtype=torch.uint8)[torch.arange(size) * len(TABLE) // size]
    canvas.box(table.expand(canvas.pictures, -1), whole)
    for parts in PATCHES[:number]:
        width, height = dice.integer(patch * 3 // 5 * one, patch), dice.integer(patch * 3 // 5 * one, patch)
        y, x = dice.integer(0 * one, size - height), dice.integer(0 * one, size - width)
        kind, threads = dice.integer(UPRIGHT * one, CHECKER), torch.tensor(parts, dtype=torch.uint8)
        down, across = ((canvas.line + dice.integer(0 * one, 2 * stripe - 1)[:, None]) // stripe % 2 for _ in range(2))
        across = across * (kind != LEVEL)[:, None]
        for row in (0, 1):
            # In odd rows checks swap their two colours, level stripes have the other one, upright ones do not care.
            weave = threads[across ^ (row * (kind != UPRIGHT))[:, None]]
            canvas.box((down == row) * canvas.span(y, height), weave * canvas.span(x, width, 1))
        colour = dice.choice(PAINTS)
        for part, sign in zip(parts, (1, -1)):
            canvas.say(part, colour=(shade(colour, 8) + 64 + sign * int(60 * contrast)).clamp(0, 255))
        canvas.say(parts, kind=kind, size=torch.maximum(width, height))


FAMILY = Family(
    name="fine_texture",
    about="patches of cloth with threads of one pixel, which a lattice of even rate cannot read",
    classes=CLASSES,
    parts=PARTS,
    paint=paint,
    knobs={
        "stripe": Knob(1, 1, 8, about="width of a thread in pixels, whatever the size of the picture"),
        "number": Knob(4, 1, MOST, about="patches in a picture"),
        "patch": Knob(34, 10, 60, length=True, about="longest side of a patch; the shortest is three fifths of it"),
        "contrast": Knob(0.7, 0.05, 1.0, about="how much the two threads differ"),
        "grain": GRAIN,
    },
)
