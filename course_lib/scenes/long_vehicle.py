"""long_vehicle: long bodies that all look alike; only a cab of a few pixels at one end says bus or tram.

For receptive fields, dilation, gridding and the context module: accuracy falls to chance where the cab is out of sight.
With `kind` one can exchange the cab and leave every other pixel as it was.
Maps: object_size; distance (on a vehicle: how far its cab is, 0 on the cab itself; -1 elsewhere).
"""

import torch

from course_lib.scenes.canvas import Canvas, Parts
from course_lib.scenes.dice import Dice
from course_lib.scenes.family import GRAIN, Family, Knob
from course_lib.scenes.props import GLASS, PAINTS, shade

CLASSES = ("background", "bus", "tram")
BACKGROUND, BUS, TRAM = range(3)
LANES = 3
CAB_COLOURS = torch.tensor([(242, 206, 62), (206, 58, 44)])  # of a bus, of a tram

PARTS = Parts()
ROAD = PARTS.ramp(BACKGROUND, (126, 128, 132), (106, 108, 114), 3, rough=3)
RAIL = PARTS.add(BACKGROUND, (170, 174, 178), rough=3)
GRASS = PARTS.add(BACKGROUND, (112, 148, 96), rough=7)
SHADOW = PARTS.add(BACKGROUND, (62, 63, 70), rough=1)
VEHICLES = []
for number in range(1, LANES + 1):
    body = [PARTS.add(BUS, (0, 0, 0), instance=number) for _ in range(3)]
    glass = PARTS.ramp(BUS, (136, 166, 186), GLASS, 2, rough=3)
    cab = PARTS.add(BUS, (0, 0, 0), instance=number, rough=1)
    screen = PARTS.add(BUS, (40, 52, 66), instance=number, rough=1)
    for part in glass:
        PARTS.instances[part] = number
    VEHICLES.append((body, glass, cab, screen))


def paint(canvas: Canvas, dice: Dice, *, length: int, cab_width: int, kind: str, grain: int) -> None:
    """Paints the family's scenes on the canvas, one for each picture; the knobs are those of `FAMILY`."""
    canvas.grain = grain
    size, lane = canvas.size, canvas.size // LANES
    whole = torch.full((canvas.pictures, size), 255, dtype=torch.uint8)
    one = torch.ones(canvas.pictures, dtype=torch.long)
    ground = torch.full((size,), GRASS, dtype=torch.uint8)
    for number in range(LANES):
        top = number * lane
        ground[top + max(1, lane // 10) : top + lane] = torch.tensor(ROAD, dtype=torch.uint8)[number]
        for rail in (top + lane * 12 // 21, top + lane * 18 // 21):
            ground[rail : rail + max(1, size // 64)] = RAIL
    canvas.box(ground.expand(canvas.pictures, -1), whole)
    distance = torch.full((canvas.pictures, size, size), -1, dtype=torch.int32)
    for number, parts in enumerate(VEHICLES):
        height = dice.integer(lane * 10 // 21, lane * 12 // 21)
        y = number * lane + dice.integer(lane * 3 // 21, lane * 5 // 21)
        long = dice.integer(length * 3 // 4, length)
        x, seen = dice.integer(1 * one, size - 1 - long), dice.chance(0.9)
        which = dice.integer(0 * one, 1)
        if kind != "any":
            which = one * (kind == "tram")
        cab = torch.where(dice.chance(0.5), x, x + long - cab_width)
        paint_vehicle(canvas, parts, y, x, height, long, cab, cab_width, seen)
        colour = dice.choice(PAINTS)
        for part, light in zip(parts[0], (20, 16, 11)):
            canvas.say(part, colour=shade(colour, light))
        canvas.say(parts[2], colour=CAB_COLOURS[which])
        canvas.say([*parts[0], *parts[1], *parts[2:]], kind=BUS + which, size=long)
        away = (
            torch.maximum(cab[:, None] - canvas.line, canvas.line - (cab + cab_width - 1)[:, None]).clamp(min=0).int()
        )
        inside = (canvas.span(y, height)[:, :, None] & canvas.span(x, long)[:, None, :]) > 0
        distance = torch.where(inside & seen[:, None, None], away[:, None, :], distance)
    canvas.factors["distance"] = distance


def paint_vehicle(canvas, parts, y, x, height, length, cab, cab_width: int, seen) -> None:
    """Body, windows at even steps from one end to the other, and the cab over one end."""
    (roof, side, skirt), (bright, dark), front, screen = parts
    edge, pitch = (height // 6).clamp(min=1), max(4, canvas.size * 6 // 64)
    canvas.box(canvas.span(y + height, edge, SHADOW), canvas.span(x, length), seen=seen)
    canvas.box(canvas.bands((y, roof), (y + edge, side), (y + height - edge, skirt), end=y + height),
               canvas.span(x, length), seen=seen)  # fmt: skip
    glass, low = y + 2 * edge, y + height * 3 // 5
    panes = ((canvas.line - x[:, None]) % pitch > max(1, pitch // 5)).to(torch.uint8) * canvas.span(x, length)
    canvas.box(canvas.bands((glass, bright), ((glass + low) // 2, dark), end=low), panes, seen=seen)
    width = torch.full_like(x, cab_width)
    canvas.box(canvas.span(y, height, front), canvas.span(cab, width), seen=seen)
    canvas.box(canvas.span(glass, low - glass, screen), canvas.span(cab, width), seen=seen)


FAMILY = Family(
    name="long_vehicle",
    about="long bodies that look alike: only a cab of a few pixels at one end says bus or tram",
    classes=CLASSES,
    parts=PARTS,
    paint=paint,
    knobs={
        "length": Knob(56, 16, 62, length=True, about="longest vehicle; the shortest is three quarters of it"),
        "cab_width": Knob(3, 1, 8, length=True, about="width of the cab"),
        "kind": Knob("any", choices=("any", "bus", "tram"), about="only buses, only trams, or both"),
        "grain": GRAIN,
    },
)
