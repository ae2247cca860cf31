"""street: a road under the sky with a bus, cars, bicycles and thin poles.

For the limits of FCN (small and thin things vanish), unpooling, skips, the decoder of DeepLab v3+ and the CRF.
Things stand wherever there is room; what is nearer hides what is farther. Some buses mirror a bicycle in their windows.
Maps: object_size; reflection (True where a bus mirrors a bicycle: its label is bus).
"""

import torch

from course_lib.scenes.canvas import Canvas, Parts
from course_lib.scenes.dice import Dice
from course_lib.scenes.family import GRAIN, Family, Knob
from course_lib.scenes.props import GLASS, PAINTS, TYRE, Bicycle, Car, Clouds, shade

CLASSES = ("sky", "road", "bus", "car", "bicycle", "pole")
SKY, ROAD, BUS, CAR, BICYCLE, POLE = range(6)
BUS_NUMBER, CARS, BICYCLES, POLES = 1, (2, 3), (4, 5), (6, 7, 8)

PARTS = Parts()
SKIES = PARTS.ramp(SKY, (98, 164, 216), (214, 228, 232), 16)
CLOUDS = Clouds(PARTS, SKY)
PAVEMENT = PARTS.ramp(ROAD, (176, 170, 160), (158, 152, 144), 2, rough=4)
KERB = PARTS.add(ROAD, (112, 110, 110))
ASPHALT = PARTS.ramp(ROAD, (112, 114, 120), (88, 90, 97), 4, rough=3)
DASHES = PARTS.add(ROAD, (222, 214, 190), rough=4)

BUS_SHADOW = PARTS.add(ROAD, (56, 57, 63), rough=1)
BUS_BODY = [PARTS.add(BUS, (0, 0, 0), instance=BUS_NUMBER) for _ in range(4)]
BUS_GLASS = [PARTS.add(BUS, colour, instance=BUS_NUMBER, rough=3) for colour in ((134, 164, 184), GLASS)]
MIRRORED = Bicycle(PARTS, BUS, BUS_NUMBER)
BUS_PILLAR = PARTS.add(BUS, (0, 0, 0), instance=BUS_NUMBER)
BUS_LAMP = PARTS.add(BUS, (252, 214, 120), instance=BUS_NUMBER)
BUS_TYRE = PARTS.add(BUS, TYRE, instance=BUS_NUMBER, rough=1)
BUS_HUB = PARTS.add(BUS, (186, 188, 192), instance=BUS_NUMBER)
BUS_PARTS = list(range(BUS_BODY[0], BUS_HUB + 1))

CAR_PROPS = [Car(PARTS, CAR, ROAD, number) for number in CARS]
BICYCLE_PROPS = [Bicycle(PARTS, BICYCLE, number) for number in BICYCLES]
POLE_PARTS = [
    (PARTS.add(POLE, (52, 56, 60), instance=number), PARTS.add(POLE, (250, 236, 180), instance=number))
    for number in POLES
]


def paint(canvas: Canvas, dice: Dice, *, bus_size: int, car_size: int, bicycle_size: int, pole_width: int,
          reflection: float, grain: int) -> None:  # fmt: skip
    """Paints the family's scenes on the canvas, one for each picture; the knobs are those of `FAMILY`."""
    canvas.grain = grain
    horizon = backdrop(canvas, dice)
    paint_bus(canvas, dice, horizon, bus_size, reflection)
    for prop, share, low in zip(CAR_PROPS, (0.9, 0.6), (6, 14)):
        width = dice.integer(car_size * 2 // 3, car_size * 4 // 3)
        x = dice.integer(-width // 3, canvas.size - width * 2 // 3)
        bottom = horizon + dice.integer(low * canvas.size // 64, (low + 8) * canvas.size // 64)
        prop.paint(canvas, x, bottom, width, dice.choice(PAINTS), seen=dice.chance(share))
    for prop, share in zip(BICYCLE_PROPS, (0.9, 0.6)):
        width = dice.integer(bicycle_size * 3 // 4, bicycle_size * 5 // 4)
        x, bottom = (
            dice.integer(0, canvas.size - width),
            horizon + dice.integer(canvas.size * 12 // 64, canvas.size * 28 // 64),
        )
        prop.paint(canvas, x, bottom, width, dice.choice(PAINTS), seen=dice.chance(share))
    for (post, lamp), share in zip(POLE_PARTS, (1.0, 0.8, 0.5)):
        paint_pole(canvas, dice, horizon, pole_width, post, lamp, share)
    mirrored = torch.zeros(len(PARTS.kinds), dtype=torch.bool)
    mirrored[MIRRORED.parts] = True
    canvas.factors["reflection"] = canvas.look(mirrored)


def backdrop(canvas: Canvas, dice: Dice) -> torch.Tensor:
    """Sky and road; returns the horizon's row."""
    size, everywhere = canvas.size, torch.full((canvas.pictures, canvas.size), 255, dtype=torch.uint8)
    horizon = dice.integer(size * 24 // 64, size * 32 // 64)
    kerb = horizon + size * 5 // 64
    near = size - kerb
    canvas.box(canvas.bands(
        *((horizon * i // len(SKIES), part) for i, part in enumerate(SKIES)),
        (horizon, PAVEMENT[0]), (horizon + size * 3 // 64, PAVEMENT[1]), (kerb, KERB),
        *((kerb + max(1, size // 64) + near * i // len(ASPHALT), part) for i, part in enumerate(ASPHALT)),
        end=torch.full_like(horizon, size)), everywhere)  # fmt: skip
    for _ in range(2):
        width = dice.integer(size // 5, size // 2)
        CLOUDS.paint(canvas, dice.integer(-width // 2, size - width // 2), dice.integer(0, horizon // 2), width)
    phase = canvas.line + dice.integer(0, size)[:, None]
    dashes = ((phase % (size // 4)) < size // 8).to(torch.uint8) * 255
    canvas.box(canvas.span(kerb + near * 9 // 20, (near // 24).clamp(min=1), DASHES), dashes)
    return horizon


def paint_bus(canvas: Canvas, dice: Dice, horizon: torch.Tensor, bus_size: int, reflection: float) -> None:
    """Paints a bus that the picture's edge may cut, in four of five pictures."""
    size, seen = canvas.size, dice.chance(0.8)
    length = dice.integer(bus_size * 3 // 4, bus_size * 5 // 4)
    height, wheel = length * 7 // 16, length // 7
    x = dice.integer(-length // 4, size - length * 3 // 4)
    bottom = horizon + dice.integer(size * 7 // 64, size * 14 // 64)
    top, sill = bottom - height, bottom - wheel // 3
    glass, pane = top + height // 6, height * 3 // 7
    canvas.box(canvas.span(sill, bottom - sill + (height // 14), BUS_SHADOW), canvas.span(x + 1, length), seen=seen)
    roof, body, stripe, skirt = BUS_BODY
    low = glass + pane
    canvas.box(canvas.bands((top, roof), (top + (height // 10).clamp(min=1), body), (low + (sill - low) // 4, stripe),
                            (low + (sill - low) // 2, body), (sill - (height // 10).clamp(min=1), skirt), end=sill),
               canvas.span(x, length), seen=seen)  # fmt: skip
    pillar = (length // 24).clamp(min=1)
    inside = canvas.line - (x + pillar)[:, None]
    columns = ((inside >= 0) & (inside < (length - 2 * pillar)[:, None])).to(torch.uint8) * 255
    bright, dark = BUS_GLASS
    canvas.box(canvas.bands((glass, bright), (glass + (pane // 4).clamp(min=1), dark), end=low), columns, seen=seen)
    window = (length - pillar) // 4
    posts = columns * (inside % window[:, None] >= (window - pillar)[:, None])
    canvas.box(canvas.span(glass, pane, BUS_PILLAR), posts, seen=seen)
    mirror = (pane * 8 // 5 - 1).clamp(min=4)
    place = x + pillar + dice.integer(0, length - 3 * pillar - mirror)
    MIRRORED.paint(canvas, place, low, mirror, dice.choice(PAINTS), seen=seen & dice.chance(reflection))
    canvas.box(canvas.span(sill - height // 5, (height // 10).clamp(min=1), BUS_LAMP),
               canvas.span(x + length - pillar, pillar), seen=seen)  # fmt: skip
    axles, rim = length * 6 // 8, (wheel + 3) // 4
    left = x + (length - axles) // 2
    canvas.disc(bottom - wheel, left, wheel, BUS_TYRE, pair=axles, seen=seen)
    canvas.disc(bottom - wheel + rim, left + rim, wheel - 2 * rim, BUS_HUB, pair=axles - 2 * rim, seen=seen)
    colour = dice.choice(PAINTS)
    for part, light in zip((*BUS_BODY, BUS_PILLAR), (20, 16, 12, 9, 14)):
        canvas.say(part, colour=shade(colour, light))
    canvas.say(stripe, colour=torch.tensor((236, 230, 214)))
    canvas.say(BUS_PARTS, size=length)


def paint_pole(canvas, dice, horizon, width: int, post: int, lamp: int, share: float) -> None:
    """A lamp post: a thin upright, an arm and a light."""
    size, seen = canvas.size, dice.chance(share)
    height = dice.integer(size * 26 // 64, size * 40 // 64)
    x, bottom = dice.integer(size // 16, size - size // 8), horizon + dice.integer(size * 6 // 64, size * 24 // 64)
    top = (bottom - height).clamp(min=1)
    wide, arm = torch.full_like(x, width), torch.full_like(x, max(2, size * 4 // 64))
    canvas.box(canvas.span(top, bottom - top, post), canvas.span(x, wide), seen=seen)
    canvas.box(canvas.span(top, wide.clamp(max=max(1, size // 64)), post), canvas.span(x, arm + wide), seen=seen)
    canvas.box(canvas.span(top + max(1, size // 64), wide * 0 + max(1, size // 64), lamp),
               canvas.span(x + wide + arm // 2, arm - arm // 2), seen=seen)  # fmt: skip
    canvas.say([post, lamp], size=bottom - top)


FAMILY = Family(
    name="street",
    about="a bus, cars, bicycles and thin poles on a road: small, thin and large things in one picture",
    classes=CLASSES,
    parts=PARTS,
    paint=paint,
    knobs={
        "bus_size": Knob(36, 16, 56, length=True, about="middle length of a bus; from 3/4 to 5/4 of it"),
        "car_size": Knob(16, 8, 32, length=True, about="middle length of a car; from 2/3 to 4/3 of it"),
        "bicycle_size": Knob(12, 6, 24, length=True, about="middle length of a bicycle; from 3/4 to 5/4 of it"),
        "pole_width": Knob(2, 1, 6, length=True, about="width of the poles"),
        "reflection": Knob(0.5, 0.0, 1.0, about="share of the buses that mirror a bicycle"),
        "grain": GRAIN,
    },
)
