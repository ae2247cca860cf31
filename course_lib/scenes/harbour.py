"""harbour: the same hull is a boat where there is water and a car where there is a road, and fog lies between.

For PSPNet's mismatched relationship and for image pooling: what the hull is can only be read at the picture's edge,
farther away than `gap`; all hulls of a picture are of one class. With `surface` one can exchange water and road and
leave every hull as it was.
Maps: object_size; distance (on a hull: how far the nearest pixel of water or road is; -1 elsewhere).
"""

import torch
from torch import Tensor

from course_lib.scenes.canvas import Canvas, Parts
from course_lib.scenes.dice import Dice
from course_lib.scenes.family import GRAIN, Family, Knob
from course_lib.scenes.props import GLASS, PAINTS, shade

CLASSES = ("water", "road", "fog", "boat", "car")
WATER, ROAD, FOG, BOAT, CAR = range(5)
MOST = 3
LEFT, RIGHT, TOP, BOTTOM = range(4)

PARTS = Parts()
MIST = PARTS.ramp(FOG, (206, 212, 216), (190, 197, 202), 4, rough=4)
WAVES = PARTS.ramp(WATER, (52, 120, 168), (92, 162, 196), 2, rough=7)
ASPHALT = PARTS.ramp(ROAD, (88, 90, 96), (102, 104, 110), 2, rough=3)
LINE = PARTS.add(ROAD, (226, 218, 192), rough=4)
HULLS = []
for number in range(1, MOST + 1):
    shadow = PARTS.add(FOG, (164, 172, 180), rough=2)
    cabin = [PARTS.add(BOAT, (232, 230, 222), instance=number), PARTS.add(BOAT, GLASS, instance=number, rough=3)]
    body = [PARTS.add(BOAT, (0, 0, 0), instance=number) for _ in range(3)]
    HULLS.append((shadow, cabin, body))


def paint(canvas: Canvas, dice: Dice, *, gap: int, hull_size: int, number: int, surface: str, grain: int) -> None:
    """Paints the family's scenes on the canvas, one for each picture; the knobs are those of `FAMILY`."""
    canvas.grain = grain
    size = canvas.size
    one = torch.ones(canvas.pictures, dtype=torch.long)
    whole = torch.full((canvas.pictures, size), 255, dtype=torch.uint8)
    mist = torch.tensor(MIST, dtype=torch.uint8)[torch.arange(size) * len(MIST) // size]
    canvas.box(mist.expand(canvas.pictures, -1), whole)
    thick = max(4, size * 8 // 64)
    side, wet = dice.integer(0 * one, 3), dice.chance(0.5)
    if surface != "any":
        wet = (one * (surface == "water")).bool()
    start = torch.where((side == RIGHT) | (side == BOTTOM), size - thick, 0)
    beside, along = side <= RIGHT, canvas.span(start, thick * one)
    paint_surface(canvas, dice, along, beside, wet, start + thick // 2)
    # How far each row or column is from the surface; the axis along the surface does not count.
    away = torch.maximum(start[:, None] - canvas.line, canvas.line - (start + thick - 1)[:, None]).int()
    distance = torch.full((canvas.pictures, size, size), -1, dtype=torch.int32)
    keep = thick + gap + 1  # one more than the gap, because the lens carries light by one pixel
    for hull, share in zip(HULLS[:number], (1.0, 0.7, 0.7)):
        width = dice.integer(hull_size * 3 // 4, hull_size)
        height, seen = width * 5 // 8, dice.chance(share)
        x = dice.integer(keep * (side == LEFT), size - width - keep * (side == RIGHT))
        y = dice.integer(keep * (side == TOP), size - height - keep * (side == BOTTOM))
        paint_hull(canvas, hull, y, x, height, width, dice.choice(PAINTS), seen)
        canvas.say([*hull[1], *hull[2]], kind=torch.where(wet, BOAT, CAR), size=width)
    far = torch.where(beside[:, None, None], away[:, None, :], away[:, :, None])
    canvas.factors["distance"] = torch.where(canvas.look(canvas.instances) > 0, far, distance)


def paint_surface(canvas: Canvas, dice: Dice, along: Tensor, beside: Tensor, wet: Tensor, middle: Tensor) -> None:
    """Waves or asphalt with a dashed line, along the left or right edge (`beside`) or along the top or bottom."""
    size = canvas.size
    ripple = ((canvas.line + dice.integer(0, size)[:, None]) % max(4, size // 10)) < max(2, size // 20)
    codes = torch.tensor((*WAVES, *ASPHALT), dtype=torch.long)
    texture = codes[ripple.long() + 2 * (~wet[:, None])].to(torch.uint8)
    dashes = ripple.to(torch.uint8) * LINE
    line = canvas.span(middle, torch.full_like(middle, max(1, size // 64)))
    for turned, seen in ((False, beside), (True, ~beside)):
        for down, across, there in ((texture, along, seen), (dashes, line, seen & ~wet)):
            canvas.box(*((across, down) if turned else (down, across)), seen=there)


def paint_hull(canvas: Canvas, parts, y, x, height, width, colour: Tensor, seen: Tensor) -> None:
    """A hull that narrows downwards, a white cabin with a window, a shadow in the fog."""
    shadow, (cabin, glass), body = parts
    deck = y + height // 2
    canvas.box(canvas.span(y + height - (height // 8).clamp(min=1), (height // 8).clamp(min=1), shadow),
               canvas.span(x + width // 6, width * 2 // 3), seen=seen)  # fmt: skip
    room, left = width // 2, x + width // 4
    canvas.box(canvas.span(y, deck - y, cabin), canvas.span(left, room), seen=seen)
    pane = (height // 5).clamp(min=1)
    canvas.box(canvas.span(y + pane, pane, glass), canvas.span(left + room // 8, room - room // 4), seen=seen)
    third = ((y + height - deck) // 3).clamp(min=1)
    rows = canvas.bands((deck, body[0]), (deck + third, body[1]), (y + height - third, body[2]), end=y + height)
    down = width[:, None] - (canvas.line - deck[:, None])
    canvas.shape(down, canvas.offset(x, width).abs(), 255, within=(rows, canvas.span(x, width)), seen=seen)
    for part, light in zip(body, (20, 16, 11)):
        canvas.say(part, colour=shade(colour, light))


FAMILY = Family(
    name="harbour",
    about="the same hull in the fog is a boat if water, a car if a road shows at the picture's far edge",
    classes=CLASSES,
    parts=PARTS,
    paint=paint,
    knobs={
        "gap": Knob(18, 0, 26, length=True, about="least distance from a hull to the telling surface"),
        "hull_size": Knob(22, 10, 28, length=True, about="longest hull; the shortest is three quarters of it"),
        "number": Knob(2, 1, MOST, about="most hulls in a picture"),
        "surface": Knob("any", choices=("any", "water", "road"), about="only water, only road, or either"),
        "grain": GRAIN,
    },
)
