"""skyline: houses and towers with one facade; lying it is a house, standing a tower.

For PSPNet's confusion categories: windows, walls, corners and sizes are alike; the proportion of the whole differs.
Maps: object_size (the longer side); ratio (height per width in hundredths, 0 off the buildings).
"""

import torch

from course_lib.scenes.canvas import Canvas, Parts
from course_lib.scenes.dice import Dice
from course_lib.scenes.family import GRAIN, Family, Knob
from course_lib.scenes.props import shade

CLASSES = ("sky", "ground", "house", "tower")
SKY, GROUND, HOUSE, TOWER = range(4)
SLOTS = 2
BRICKS = torch.tensor([
    (198, 120, 92), (212, 172, 120), (150, 160, 174), (182, 140, 160), (136, 160, 142), (206, 196, 178),
])  # fmt: skip

PARTS = Parts()
SKIES = PARTS.ramp(SKY, (120, 158, 204), (246, 214, 184), 16)
GROUNDS = PARTS.ramp(GROUND, (120, 140, 104), (92, 112, 84), 3, rough=6)
BUILDINGS = []
for number in range(1, SLOTS + 1):
    shadow = PARTS.add(GROUND, (66, 82, 66), rough=2)
    wall, lit, dark, roof, window = (PARTS.add(HOUSE, (0, 0, 0), instance=number, rough=2) for _ in range(5))
    PARTS.colours[window], PARTS.roughness[window] = (78, 96, 118), 14
    BUILDINGS.append((shadow, wall, lit, dark, roof, window))


def paint(canvas: Canvas, dice: Dice, *, ratio: float, longest: int, grain: int) -> None:
    """Paints the family's scenes on the canvas, one for each picture; the knobs are those of `FAMILY`."""
    canvas.grain = grain
    size, slot = canvas.size, canvas.size // SLOTS
    whole = torch.full((canvas.pictures, size), 255, dtype=torch.uint8)
    horizon = dice.integer(size * 46 // 64, size * 50 // 64)
    field = size - horizon
    canvas.box(canvas.bands(*((horizon * i // len(SKIES), part) for i, part in enumerate(SKIES)),
                            *((horizon + field * i // len(GROUNDS), part) for i, part in enumerate(GROUNDS)),
                            end=torch.full_like(horizon, size)), whole)  # fmt: skip
    hundredths = torch.zeros_like(canvas.sizes)
    for number, parts in enumerate(BUILDINGS):
        long = dice.integer(longest * 3 // 4, longest)
        stretch = int(ratio * 100)
        short = long * 100 // dice.integer(stretch, stretch * 4 // 3)
        tower = dice.chance(0.5)
        height, width = torch.where(tower, long, short), torch.where(tower, short, long)
        x = number * slot + dice.integer(torch.ones_like(width), slot - 1 - width)
        bottom, seen = horizon + dice.integer(size * 2 // 64, size * 8 // 64), dice.chance(0.9)
        paint_building(canvas, parts, bottom - height, x, height, width, seen)
        colour = dice.choice(BRICKS)
        for part, light in zip(parts[1:5], (16, 19, 12, 10)):
            canvas.say(part, colour=shade(colour, light))
        canvas.say(list(parts[1:]), kind=torch.where(tower, TOWER, HOUSE), size=long)
        hundredths[:, list(parts[1:])] = (100 * height // width)[:, None].int()
    canvas.factors["ratio"] = canvas.look(hundredths)


def paint_building(canvas: Canvas, parts, y, x, height, width, seen) -> None:
    """A wall lit from the left, a flat roof, windows at even steps from its upper left corner."""
    shadow, wall, lit, dark, roof, window = parts
    edge = torch.full_like(x, max(1, canvas.size // 64))
    pitch = max(3, canvas.size * 5 // 64)
    pane = max(1, pitch * 3 // 5)
    canvas.box(canvas.span(y + height, edge * 2, shadow), canvas.span(x + edge, width), seen=seen)
    columns = canvas.bands((x, lit), (x + edge, wall), (x + width - edge, dark), end=x + width)
    canvas.box(canvas.span(y, height), columns, seen=seen)
    canvas.box(canvas.span(y, edge, roof), canvas.span(x, width), seen=seen)
    panes = []
    for start, length in ((y, height), (x, width)):
        step = canvas.line - (start + 2 * edge)[:, None]
        # A window that would be cut off by the far corner is left out, so corners look alike everywhere.
        whole = step - step % pitch + pane <= (length - 3 * edge)[:, None]
        panes.append(((step >= 0) & (step % pitch < pane) & whole).to(torch.uint8))
    canvas.box(panes[0] * window, panes[1] * 255, seen=seen)


FAMILY = Family(
    name="skyline",
    about="houses and towers with one facade: only the proportion of the whole building tells them apart",
    classes=CLASSES,
    parts=PARTS,
    paint=paint,
    knobs={
        "ratio": Knob(1.8, 1.1, 3.0, about="least ratio of the longer to the shorter side; the most is 4/3 of it"),
        "longest": Knob(30, 12, 30, length=True, about="longest side of a building; the least is three quarters of it"),
        "grain": GRAIN,
    },
)
