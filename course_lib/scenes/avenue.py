"""avenue: a street seen from nearby, with houses, trees, people, buses, cars, bicycles and lamp posts of every size.

For benches that compare networks. Its things are as large, beside the stride of a network, as those of photographs: at
128 pixels the truth sent through strides of 8, 16 and 32 keeps about what the truth of VOC keeps (row F7). Of each kind
one thing is far and small and one is near and large; the near ones stand lower, hide the others, and are cut by the
picture's edge. The sun is stronger than elsewhere, and walls, leaves and pavement have a coarse texture.
Maps: object_size.
"""

import torch
from torch import Tensor

from course_lib.scenes.canvas import Canvas, Parts
from course_lib.scenes.dice import Dice
from course_lib.scenes.family import BASE, GRAIN, Family, Knob
from course_lib.scenes.props import GLASS, PAINTS, TYRE, Bicycle, Car, Clouds, shade

CLASSES = ("sky", "road", "building", "tree", "bus", "car", "bicycle", "person", "pole")
SKY, ROAD, BUILDING, TREE, BUS, CAR, BICYCLE, PERSON, POLE = range(9)
WALLS = torch.tensor([(188, 150, 120), (206, 196, 178), (150, 112, 100), (168, 172, 176), (214, 182, 130)])
LEAVES = torch.tensor([(72, 124, 62), (104, 140, 60), (58, 102, 72), (158, 122, 52)])
CLOTHES = torch.tensor([(150, 40, 60), (46, 72, 132), (210, 190, 120), (70, 74, 80), (96, 132, 90), (220, 220, 224)])


class Building:
    """A wall up to the roof, with rows of windows."""

    def __init__(self, parts: Parts, instance: int):
        self.wall = parts.add(BUILDING, (0, 0, 0), rough=7, instance=instance)
        self.panes = parts.add(BUILDING, GLASS, rough=5, instance=instance)

    def paint(self, canvas: Canvas, x: Tensor, bottom: Tensor, width: Tensor, height: Tensor, dice: Dice) -> None:
        """Paints one building in each picture; nine pixels of 64 lie between two windows, more or less."""
        top, step = bottom - height, dice.integer(canvas.size * 6 // BASE, canvas.size * 12 // BASE)
        canvas.box(canvas.span(top, height, self.wall), canvas.span(x, width))
        inside = [(canvas.line - first[:, None]) % step[:, None] >= (step // 2)[:, None] for first in (top, x)]
        rows, columns = (mask.view(torch.uint8) for mask in inside)
        canvas.box(canvas.span(top, height, self.panes) * rows, canvas.span(x, width - 1) * columns)
        canvas.say(self.wall, colour=dice.choice(WALLS))
        canvas.say([self.wall, self.panes], size=torch.maximum(width, height))


class Tree:
    """A trunk and a crown of three ellipses; `height` pixels high."""

    def __init__(self, parts: Parts, instance: int):
        self.trunk = parts.add(TREE, (92, 70, 52), rough=6, instance=instance)
        self.shade, self.crown = (parts.add(TREE, (0, 0, 0), rough=9, instance=instance) for _ in range(2))

    def paint(self, canvas: Canvas, x: Tensor, bottom: Tensor, height: Tensor, dice: Dice, *, seen: Tensor) -> None:
        """Paints one tree in each picture, its trunk at column x."""
        trunk, wide, tall = (height // 8).clamp(min=1), height * 3 // 4, height * 11 // 16
        top = bottom - height
        canvas.box(canvas.span(top + tall // 2, bottom - top - tall // 2, self.trunk),
                   canvas.span(x - trunk // 2, trunk), seen=seen)  # fmt: skip
        outside = torch.full_like(x, 2 * canvas.size)
        for part, share, drop in ((self.shade, 4, tall // 8), (self.crown, 3, 0)):
            across = wide * share // 4
            left = (x - across // 2 - drop).where(seen, outside)
            Clouds.ellipse(canvas, top + drop, left, tall * share // 4, across, part)
        leaves = dice.choice(LEAVES)
        canvas.say(self.crown, colour=leaves)
        canvas.say(self.shade, colour=shade(leaves, 11))
        canvas.say([self.trunk, self.shade, self.crown], size=height)


class Bus:
    """A long box with a band of windows and two wheels; nine sixteenths as high as long."""

    def __init__(self, parts: Parts, instance: int):
        self.shadow = parts.add(ROAD, (58, 58, 64), rough=1)
        self.roof, self.body, self.skirt = (parts.add(BUS, (0, 0, 0), instance=instance, rough=3) for _ in range(3))
        self.glass = parts.add(BUS, GLASS, instance=instance, rough=6)
        self.pillars = parts.add(BUS, (0, 0, 0), instance=instance)
        self.tyre = parts.add(BUS, TYRE, instance=instance, rough=1)
        self.parts = list(range(self.roof, self.tyre + 1))

    def paint(self, canvas: Canvas, x: Tensor, bottom: Tensor, length: Tensor, paint: Tensor, *, seen: Tensor) -> None:
        """Paints one bus in each picture."""
        height, wheel = length * 9 // 16, length // 7
        top, sill = bottom - height, bottom - wheel // 3
        canvas.box(canvas.span(sill, bottom - sill + 1, self.shadow), canvas.span(x + 1, length - 1), seen=seen)
        canvas.box(canvas.bands((top, self.roof), (top + height // 10, self.body), (sill - height // 8, self.skirt),
                                end=sill), canvas.span(x, length), seen=seen)  # fmt: skip
        panes, pillar = canvas.span(x, length), (length // 6).clamp(min=1)[:, None]
        canvas.box(canvas.span(top + height // 5, height * 2 // 5, self.glass), panes, seen=seen)
        posts = panes * ((canvas.line - x[:, None]) % pillar < pillar // 6 + 1)
        canvas.box(canvas.span(top + height // 5, height * 2 // 5, self.pillars), posts, seen=seen)
        axles = length * 6 // 8
        canvas.disc(bottom - wheel, x + (length - axles) // 2, wheel, self.tyre, pair=axles, seen=seen)
        for part, light in zip((self.roof, self.body, self.skirt, self.pillars), (20, 16, 10, 14)):
            canvas.say(part, colour=shade(paint, light))
        canvas.say(self.parts, size=length)


class Person:
    """A head, a coat and two legs; `height` pixels high, a third of it wide."""

    def __init__(self, parts: Parts, instance: int):
        self.legs, self.coat = (parts.add(PERSON, (0, 0, 0), instance=instance, rough=3) for _ in range(2))
        self.head = parts.add(PERSON, (202, 160, 130), instance=instance)
        self.parts = [self.legs, self.coat, self.head]

    def paint(self, canvas: Canvas, x: Tensor, bottom: Tensor, height: Tensor, dice: Dice, *, seen: Tensor) -> None:
        """Paints one person in each picture."""
        top, wide, head = bottom - height, (height // 3).clamp(min=2), (height // 5).clamp(min=2)
        hips, leg = top + height * 9 // 16, (wide * 3 // 8).clamp(min=1)
        for left in (x + wide // 8, x + wide - wide // 8 - leg):
            canvas.box(canvas.span(hips, bottom - hips, self.legs), canvas.span(left, leg), seen=seen)
        canvas.box(canvas.span(top + head, hips - top - head + 1, self.coat), canvas.span(x, wide), seen=seen)
        canvas.disc(top, x + (wide - head) // 2, head, self.head, seen=seen)
        canvas.say(self.legs, colour=dice.choice(CLOTHES))
        canvas.say(self.coat, colour=dice.choice(CLOTHES))
        canvas.say(self.parts, size=height)


class Post:
    """An upright with a lamp at the end of an arm; a twelfth as thick as high."""

    def __init__(self, parts: Parts, instance: int):
        self.post = parts.add(POLE, (52, 56, 60), instance=instance)
        self.lamp = parts.add(POLE, (250, 236, 180), instance=instance)

    def paint(self, canvas: Canvas, x: Tensor, bottom: Tensor, height: Tensor, *, seen: Tensor) -> None:
        """Paints one lamp post in each picture."""
        top, thick = bottom - height, (height // 12).clamp(min=1)
        canvas.box(canvas.span(top, height, self.post), canvas.span(x, thick), seen=seen)
        canvas.box(canvas.span(top, thick, self.post), canvas.span(x, 4 * thick), seen=seen)
        canvas.box(canvas.span(top + thick, thick, self.lamp), canvas.span(x + 2 * thick, 2 * thick), seen=seen)
        canvas.say([self.post, self.lamp], size=height)


PARTS = Parts()
SKIES = PARTS.ramp(SKY, (98, 164, 216), (214, 228, 232), 12)
CLOUDS = Clouds(PARTS, SKY)
PAVEMENT = PARTS.ramp(ROAD, (176, 170, 160), (150, 144, 136), 2, rough=6)
ASPHALT = PARTS.ramp(ROAD, (112, 114, 120), (82, 84, 92), 4, rough=5)
BUILDINGS = [Building(PARTS, number) for number in (1, 2)]
# From far to near; in each picture some of them are there.
THINGS = {
    far: (Tree(PARTS, first), Bus(PARTS, first + 1), Post(PARTS, first + 2), Car(PARTS, CAR, ROAD, first + 3),
          Bicycle(PARTS, BICYCLE, first + 4), Person(PARTS, first + 5))
    for far, first in ((True, 3), (False, 9))
}  # fmt: skip
SHARES = {True: (0.6, 0.4, 0.6, 0.7, 0.5, 0.6), False: (0.45, 0.3, 0.45, 0.35, 0.35, 0.45)}
LARGEST = (1.0, 1.0, 1.3, 1.0, 0.9, 1.0)  # of the knob `nearest`, for each kind


def paint(canvas: Canvas, dice: Dice, *, nearest: int, grain: int) -> None:
    """Paints the family's scenes on the canvas, one for each picture; the knobs are those of `FAMILY`."""
    canvas.grain, canvas.sun = grain, 3
    size = canvas.size
    horizon = backdrop(canvas, dice)
    for far, things in THINGS.items():
        for thing, share, factor in zip(things, SHARES[far], LARGEST):
            large = int(nearest * factor)
            length = dice.integer(large // 6, large // 3) if far else dice.integer(large // 2, large)
            seen, x = dice.chance(share), dice.integer(-length // 3, size - length * 2 // 3)
            # What is twice as long is twice as near: it stands twice as far below the horizon.
            bottom = horizon + size * 5 // BASE + length * 3 // 8 + dice.integer(0, size * 3 // BASE)
            if isinstance(thing, Tree | Person):
                thing.paint(canvas, x, bottom, length, dice, seen=seen)
            elif isinstance(thing, Post):
                thing.paint(canvas, x, bottom, length, seen=seen)
            else:
                thing.paint(canvas, x, bottom, length, dice.choice(PAINTS), seen=seen)


def backdrop(canvas: Canvas, dice: Dice) -> Tensor:
    """Sky, road and two buildings; returns the horizon's row."""
    size, everywhere = canvas.size, torch.full((canvas.pictures, canvas.size), 255, dtype=torch.uint8)
    horizon = dice.integer(size * 26 // BASE, size * 34 // BASE)
    kerb = horizon + size * 5 // BASE
    near = size - kerb
    canvas.box(canvas.bands(
        *((horizon * i // len(SKIES), part) for i, part in enumerate(SKIES)),
        (horizon, PAVEMENT[0]), (horizon + size * 3 // BASE, PAVEMENT[1]),
        *((kerb + near * i // len(ASPHALT), part) for i, part in enumerate(ASPHALT)),
        end=torch.full_like(horizon, size)), everywhere)  # fmt: skip
    width = dice.integer(size // 4, size // 2)
    CLOUDS.paint(canvas, dice.integer(-width // 2, size - width // 2), dice.integer(0, horizon // 3), width)
    for building, side in zip(BUILDINGS, (0, 1)):
        width, height = dice.integer(size // 4, size // 2), dice.integer(size // 4, size // 2)
        x = side * (size - width) + dice.integer(-size // 8, size // 8)
        building.paint(canvas, x, horizon + size // BASE, width, height, dice)
    return horizon


FAMILY = Family(
    name="avenue",
    about="a street from nearby, nine classes of every size under strong light: for benches of networks",
    classes=CLASSES,
    parts=PARTS,
    paint=paint,
    knobs={
        "nearest": Knob(64, 24, 96, length=True, about="length or height of the nearest things; from half of it on"),
        "grain": GRAIN,
    },
)
