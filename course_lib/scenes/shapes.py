"""shapes: squares, discs and crosses of any size and paint.

For ASPP (scale), the CRF and the checkerboard: the class is the shape alone; sizes are spread evenly over octaves.
Maps: object_size.
"""

import torch

from course_lib.scenes.canvas import Canvas, Parts
from course_lib.scenes.dice import Dice
from course_lib.scenes.family import GRAIN, Family, Knob
from course_lib.scenes.props import PAINTS, shade

CLASSES = ("background", "square", "disc", "cross")
BACKGROUND, SQUARE, DISC, CROSS = range(4)
MOST = 8
GROUNDS = torch.tensor([(214, 208, 196), (190, 202, 210), (204, 212, 196), (216, 204, 208)])

PARTS = Parts()
GROUND = PARTS.add(BACKGROUND, (0, 0, 0), rough=3)  # the first part is where nothing is painted
THINGS = [[PARTS.add(SQUARE, (0, 0, 0), instance=number) for _ in range(3)] for number in range(1, MOST + 1)]


def paint(
    canvas: Canvas, dice: Dice, *, number: int, min_size: int, max_size: int, contrast: float, grain: int
) -> None:
    """Paints the family's scenes on the canvas, one for each picture; the knobs are those of `FAMILY`."""
    canvas.grain = grain
    size = canvas.size
    paper = dice.choice(GROUNDS)
    canvas.say(GROUND, colour=paper)
    sizes = torch.stack([dice.choice(octaves(min_size, max_size)) for _ in range(number)])
    strength = int(contrast * 256)
    for across, parts in zip(sizes.sort(dim=0, descending=True).values, THINGS):  # the smallest in front
        kind = dice.integer(SQUARE + 0 * across, CROSS)
        y, x = dice.integer(0 * across, size - across), dice.integer(0 * across, size - across)
        paint_thing(canvas, y, x, across, kind, parts)
        colour = paper + ((dice.choice(PAINTS) - paper) * strength >> 8)
        for part, light in zip(parts, (16, 18, 14)):
            canvas.say(part, colour=shade(colour, light))
        canvas.say(parts, kind=kind, size=across)


def check(knobs: dict) -> None:
    """Refuses a smallest size above the largest."""
    if knobs["min_size"] > knobs["max_size"]:
        raise ValueError(f"min_size must not exceed max_size, got {knobs['min_size']} and {knobs['max_size']}")


def octaves(low: int, high: int) -> torch.Tensor:
    """64 sizes in geometric steps. A power of a half-integer is no integer, so no step lies on a tie of rounding."""
    return torch.tensor([round(low * (high / low) ** (step / 63)) for step in range(64)])


def paint_thing(canvas: Canvas, y, x, size, kind, parts: list[int]) -> None:
    """One thing per picture, of the shape that its class says, lit from above: a light band, a dark one."""
    body, light, dark = parts
    edge = (size // 8).clamp(min=1)
    rows = canvas.bands((y, light), (y + edge, body), (y + size - edge, dark), end=y + size)
    columns = canvas.span(x, size)
    canvas.box(rows, columns, seen=kind == SQUARE)
    down = (size * size - 1)[:, None] - canvas.offset(y, size) ** 2
    canvas.shape(down, canvas.offset(x, size) ** 2, 255, within=(rows, columns), seen=kind == DISC)
    third = (size + 1) // 3
    middle = (size - third) // 2
    bar = canvas.bands((y + middle, light), (y + middle + edge, body), end=y + middle + third)
    canvas.box(bar, columns, seen=kind == CROSS)
    canvas.box(rows, canvas.span(x + middle, third), seen=kind == CROSS)


FAMILY = Family(
    name="shapes",
    about="squares, discs and crosses of any size and paint: the class is the shape alone",
    classes=CLASSES,
    parts=PARTS,
    paint=paint,
    check=check,
    knobs={
        "number": Knob(3, 1, MOST, about="things in a picture"),
        "min_size": Knob(6, 3, 62, length=True, about="smallest thing"),
        "max_size": Knob(56, 3, 62, length=True, about="largest thing"),
        "contrast": Knob(1.0, 0.05, 1.0, about="1: full colour, near 0: hardly there"),
        "grain": GRAIN,
    },
)
