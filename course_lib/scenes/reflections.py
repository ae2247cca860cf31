"""reflections: buses seen from the front whose big pane mirrors the street, with a bicycle in it.

For FCN's inconsistent labels: the mirrored street is painted by the same code as the street, so near a mirrored
bicycle nothing tells it from a true one; only the bus around the pane does. `gap` keeps that evidence at a distance:
a network whose receptive field is 2 gap + 1 or less cannot know, one with a larger field can.
Maps: object_size; reflection (True on mirrored bicycles: their label is bus); distance (on the pane: how far the
nearest pixel of the bus around the pane is; -1 elsewhere).
"""

import torch
from torch import Tensor

from course_lib.scenes.canvas import Canvas, Parts
from course_lib.scenes.dice import Dice
from course_lib.scenes.family import GRAIN, Family, Knob
from course_lib.scenes.props import PAINTS, TYRE, Bicycle, shade

CLASSES = ("road", "bus", "bicycle")
ROAD, BUS, BICYCLE = range(3)
STREET = ((112, 114, 120), (90, 92, 98))  # of the street and of its mirror image
LINE = (226, 218, 194)

PARTS = Parts()
GROUND = PARTS.ramp(ROAD, *STREET, 2, rough=2)
LINES = PARTS.add(ROAD, LINE, rough=2)
TRUE = [Bicycle(PARTS, BICYCLE, number) for number in (2, 3)]
SHADOW = PARTS.add(ROAD, (52, 53, 58), rough=1)
BUS_TYRE = PARTS.add(BUS, TYRE, instance=1, rough=1)
BODY = [PARTS.add(BUS, (0, 0, 0), instance=1) for _ in range(3)]
SIGN = PARTS.add(BUS, (250, 190, 74), instance=1, rough=12)
LAMP = PARTS.add(BUS, (255, 240, 196), instance=1)
PANE = PARTS.ramp(BUS, *STREET, 2, rough=2)
PANE_LINES = PARTS.add(BUS, LINE, rough=2)
MIRRORED = Bicycle(PARTS, BUS, 1)
for part in (*PANE, PANE_LINES):
    PARTS.instances[part] = 1
BUS_PARTS = list(range(BUS_TYRE, len(PARTS.kinds)))


def paint(canvas: Canvas, dice: Dice, *, gap: int, pane: int, bicycle_size: int, bus_share: float, reflection: float,
          grain: int) -> None:  # fmt: skip
    """Paints the family's scenes on the canvas, one for each picture; the knobs are those of `FAMILY`."""
    canvas.grain = grain
    size = canvas.size
    whole = torch.full((canvas.pictures, size), 255, dtype=torch.uint8)
    # Bands of light and dark asphalt and a line run through the street and its mirror image alike.
    period = max(8, size // 4)
    wave = (canvas.line + dice.integer(0, period - 1)[:, None]) % period
    street = torch.where(wave < period // 2, *(torch.tensor(p, dtype=torch.uint8) for p in GROUND))
    mirror = torch.where(wave < period // 2, *(torch.tensor(p, dtype=torch.uint8) for p in PANE))
    stripe = wave < max(1, size // 64)
    canvas.box(torch.where(stripe, torch.tensor(LINES, dtype=torch.uint8), street), whole)

    width = dice.integer(bicycle_size * 3 // 4, bicycle_size * 5 // 4)
    frame = max(2, size * 3 // 64)
    there, mirrors = dice.chance(bus_share), dice.chance(reflection)
    # One pixel more than the gap on each side, because the lens carries the frame's light one pixel inwards.
    least = torch.where(mirrors, 2 * gap + 2 + width, pane // 3)
    side = dice.integer(least, least.clamp(min=pane)).clamp(max=size - 2 * frame - 2)
    tall = side.clamp(max=size - 5 * frame)
    x, y = dice.integer(frame + 1, size - frame - 1 - side), dice.integer(2 * frame, size - 3 * frame - tall)
    colours = [dice.choice(PAINTS) for _ in range(3)]
    for prop, colour in zip(TRUE, colours):
        wide = dice.integer(bicycle_size * 3 // 4, bicycle_size * 5 // 4)
        prop.paint(canvas, dice.integer(0, size - wide), dice.integer(wide, size), wide, colour)
    paint_front(canvas, x, y, side, tall, frame, dice.choice(PAINTS), there)
    mirror = torch.where(stripe, torch.tensor(PANE_LINES, dtype=torch.uint8), mirror)
    canvas.box(mirror * canvas.span(y, tall, 1), canvas.span(x, side), seen=there)
    left = dice.integer(x + gap + 1, x + side - gap - 1 - width)
    bottom = dice.integer(y + gap + 1 + width * 5 // 8, y + tall - gap - 1)
    MIRRORED.paint(canvas, left, bottom, width, colours[2], seen=there & mirrors)
    canvas.say(BUS_PARTS, size=torch.maximum(side + 2 * frame, tall + 5 * frame))

    mirrored = torch.zeros(len(PARTS.kinds), dtype=torch.bool)
    mirrored[MIRRORED.parts] = True
    canvas.factors["reflection"] = canvas.look(mirrored)
    inside = torch.minimum(inwards(canvas, y, tall)[:, :, None], inwards(canvas, x, side)[:, None])
    canvas.factors["distance"] = torch.where((inside > 0) & there[:, None, None], inside, -1)


def inwards(canvas: Canvas, start: Tensor, length: Tensor) -> Tensor:
    """How far each row or column lies inside a span: 1 at its ends, 0 outside."""
    return torch.minimum(canvas.line - start[:, None] + 1, (start + length)[:, None] - canvas.line).clamp(min=0).int()


def paint_front(canvas: Canvas, x: Tensor, y: Tensor, side: Tensor, tall: Tensor, frame: int, colour: Tensor,
                seen: Tensor) -> None:  # fmt: skip
    """The bus around its pane: roof with a destination sign, posts, bumper with lamps, tyres, shadow."""
    left, wide, roof, bumper = x - frame, side + 2 * frame, y - 2 * frame, y + tall
    high, one = bumper + 2 * frame - roof, torch.ones_like(x)
    canvas.box(canvas.span(bumper + frame, 2 * frame * one, SHADOW), canvas.span(left + 1, wide), seen=seen)
    for tyre in (left + frame, left + wide - 3 * frame):
        canvas.box(
            canvas.span(bumper + frame, 2 * frame * one, BUS_TYRE), canvas.span(tyre, 2 * frame * one), seen=seen
        )
    light, middle, dark = BODY
    canvas.box(canvas.bands((roof, light), (roof + (frame + 2) // 3, middle), (bumper + frame, dark), end=roof + high),
               canvas.span(left, wide), seen=seen)  # fmt: skip
    canvas.box(canvas.span(roof + frame // 2, frame * one, SIGN), canvas.span(left + wide // 4, wide // 2), seen=seen)
    for lamp in (left + frame // 2, left + wide - frame // 2 - frame):
        canvas.box(canvas.span(bumper + frame // 2, frame * one, LAMP), canvas.span(lamp, frame * one), seen=seen)
    for part, bright in zip(BODY, (20, 16, 11)):
        canvas.say(part, colour=shade(colour, bright))


FAMILY = Family(
    name="reflections",
    about="the front of a bus whose big pane mirrors a bicycle: only the bus around the pane tells it from a true one",
    classes=CLASSES,
    parts=PARTS,
    paint=paint,
    knobs={
        "gap": Knob(14, 0, 16, length=True, about="least distance from a mirrored bicycle to the bus around the pane"),
        "pane": Knob(52, 12, 56, length=True, about="longest side of a pane; the shortest is a third of it"),
        "bicycle_size": Knob(12, 6, 14, length=True, about="middle length of a bicycle; from 3/4 to 5/4 of it"),
        "bus_share": Knob(0.7, 0.0, 1.0, about="share of the pictures with a bus"),
        "reflection": Knob(0.7, 0.0, 1.0, about="share of the buses that mirror a bicycle"),
        "grain": GRAIN,
    },
)
