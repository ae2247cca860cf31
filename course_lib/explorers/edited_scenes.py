"""Scenes that a hand can change where their knobs cannot: a hull set down anywhere, a cab that slides along its body.

The tools are those of `scenes.harbour` and `scenes.long_vehicle`, and the pictures are developed as theirs are: light,
texture, lens and grain. `break_the_network` shows them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from course_lib.scenes import Scenes, harbour, long_vehicle
from course_lib.scenes.canvas import Canvas
from course_lib.scenes.dice import Dice
from course_lib.scenes.props import PAINTS

WATER, ROAD, BOTH = "water", "road", "water left, road right"
WET = {WATER: (True, None), ROAD: (False, None), BOTH: (True, False)}  # the left edge, and the right one if it counts
CAB = 6  # as wide as the steps of the windows, so that the body under a cab is the body one step beside it


def repainted(scenes: Scenes, paint: Callable, **knobs: object) -> Scenes:
    """The same scenes, dice and classes, painted by another hand."""
    scenes.family = replace(scenes.family, paint=partial(paint, **knobs))
    return scenes


def with_hull_at(
    canvas: Canvas, dice: Dice, *, edges: str, place: Sequence[int], hull_size: int, grain: int, **_: object
) -> None:
    """One hull with its middle at `place`; it is what the nearest surface makes of it."""
    canvas.grain = grain
    size, thick = canvas.size, max(4, canvas.size * 8 // 64)
    one = torch.ones(canvas.pictures, dtype=torch.long)
    mist = torch.tensor(harbour.MIST, dtype=torch.uint8)[torch.arange(size) * len(harbour.MIST) // size]
    canvas.box(mist.expand(canvas.pictures, -1), torch.full((canvas.pictures, size), 255, dtype=torch.uint8))
    for start, wet in zip((0, size - thick), WET[edges]):
        if wet is not None:
            along = canvas.span(start * one, thick * one)
            harbour.paint_surface(canvas, dice, along, one > 0, (one * wet) > 0, one * (start + thick // 2))
    width = dice.integer(hull_size * 3 // 4, hull_size)
    height = width * 5 // 8
    y, x = (torch.minimum((at * one - side // 2).clamp(min=0), size - side) for at, side in zip(place, (height, width)))
    harbour.paint_hull(canvas, harbour.HULLS[0], y, x, height, width, dice.choice(PAINTS), one > 0)
    left, right = WET[edges]
    wet = left if right is None else left ^ (2 * x + width > size)
    kind = torch.where(torch.as_tensor(wet), harbour.BOAT, harbour.CAR) * one
    canvas.say([*harbour.HULLS[0][1], *harbour.HULLS[0][2]], kind=kind, size=width)


def with_cab_slid(canvas: Canvas, dice: Dice, *, by: int, **knobs: object) -> None:
    """Long vehicles whose cabs have left their end by so many pixels; at the other end they stop."""
    long_vehicle.paint(canvas, dice, **knobs)
    for body, glass, front, screen in long_vehicle.VEHICLES:
        for part in canvas.part:
            slide(part, parts=[*body, *glass, front, screen], cab=[front, screen], by=by)


def slide(part: Tensor, *, parts: list[int], cab: list[int], by: int) -> None:
    """Moves a cab along its vehicle on a plane of parts; windows and body close behind it."""
    there = torch.isin(part, torch.tensor(cab))
    if not by or not there.any():
        return
    rows, columns = there.any(1), there.any(0).nonzero()[:, 0]
    vehicle = torch.isin(part, torch.tensor(parts)).any(0).nonzero()[:, 0]
    inwards = 1 if columns[0] == vehicle[0] else -1
    moved = columns + inwards * min(by, len(vehicle) - len(columns))
    seen, under = part[rows][:, columns].clone(), part[rows][:, columns + inwards * CAB].clone()
    for places, what in ((columns, under), (moved, seen)):
        part[rows.nonzero(), places[None]] = what
