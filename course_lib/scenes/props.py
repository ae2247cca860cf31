"""The things that several families share: bicycles, cars, the side of a bus, clouds.

Each is a class of its own: made once with the family's parts (so its place from far to near is fixed), then painted
at places given as one number per picture. A mirrored bicycle is the same painter with another class written on it.
"""

import torch
from torch import Tensor

from course_lib.scenes.canvas import Canvas, Parts

# Paint for cars, buses, hulls and frames: Okabe and Ito's colours as sheet metal in daylight.
PAINTS = torch.tensor([
    (196, 72, 40), (32, 112, 172), (28, 140, 108), (222, 166, 52), (176, 96, 146), (226, 224, 214), (72, 82, 96),
])  # fmt: skip
GLASS, TYRE = (58, 82, 104), (34, 35, 40)


def shade(colour: Tensor, sixteenths: int) -> Tensor:
    """A colour made darker (under 16) or lighter (over 16)."""
    return (colour * sixteenths >> 4).clamp(0, 255)


class Bicycle:
    """Two wheels, a frame, a saddle and a handlebar; `width` pixels long, five eighths of it high."""

    def __init__(self, parts: Parts, kind: int, instance: int):
        self.first = parts.add(kind, TYRE, rough=1, instance=instance)
        self.spokes = parts.add(kind, (188, 194, 200), rough=3, instance=instance)
        self.frame = parts.add(kind, (206, 84, 36), rough=2, instance=instance)
        self.saddle = parts.add(kind, (44, 38, 36), rough=1, instance=instance)
        self.parts = list(range(self.first, self.saddle + 1))

    def paint(self, canvas: Canvas, x: Tensor, bottom: Tensor, width: Tensor, paint: Tensor, *, seen=None) -> None:
        """Paints one bicycle in each picture; `seen` says in which pictures it is there."""
        wheel, tube = width * 7 // 16, (width // 14).clamp(min=1)
        rim, top, hub = (width // 12).clamp(min=1), bottom - width * 5 // 8, bottom - (width * 7 // 32) - 1
        canvas.disc(bottom - wheel, x, wheel, self.first, pair=width, seen=seen)
        canvas.disc(bottom - wheel + rim, x + rim, wheel - 2 * rim, self.spokes, pair=width - 2 * rim, seen=seen)
        seat, bar = x + width * 5 // 16, x + width * 11 // 16
        reach = width * 3 // 8
        # The frame is a triangle that stands on its tip: narrower by as much as a row lies below the top tube.
        down = ((hub + tube)[:, None] - canvas.line) * reach[:, None]
        across = canvas.offset(seat, reach + tube).abs() * (hub + tube - top)[:, None]
        rows = canvas.span(top + tube, hub - top)
        canvas.shape(down, across, self.frame, within=(rows, canvas.span(seat, reach + tube)), seen=seen)
        canvas.box(canvas.span(top, hub - top + tube, self.frame), canvas.span(bar + tube, tube), seen=seen)
        canvas.box(canvas.span(hub, tube, self.frame), canvas.span(x + wheel // 2, width - wheel), seen=seen)
        canvas.box(canvas.span(top, tube, self.saddle), canvas.span(seat - tube, 3 * tube), seen=seen)
        canvas.box(canvas.span(top, tube, self.saddle), canvas.span(bar, 3 * tube), seen=seen)
        canvas.say(self.frame, colour=paint)
        canvas.say(self.parts, size=width)


class Car:
    """A body with a cabin on it, glass and two wheels; two fifths as high as long."""

    def __init__(self, parts: Parts, kind: int, ground: int, instance: int):
        self.shadow = parts.add(ground, (58, 58, 64), rough=1)
        self.cabin = parts.add(kind, (0, 0, 0), instance=instance)
        self.glass = parts.ramp(kind, (150, 178, 196), GLASS, 2, rough=1)
        self.body = [parts.add(kind, (0, 0, 0), instance=instance, rough=1) for _ in range(3)]
        self.lamps = parts.add(kind, (250, 226, 150), instance=instance)
        self.tyre = parts.add(kind, TYRE, instance=instance, rough=1)
        self.hub = parts.add(kind, (176, 180, 186), instance=instance)
        self.parts = list(range(self.cabin, self.hub + 1))
        for part in self.glass:
            parts.instances[part] = instance

    def paint(self, canvas: Canvas, x: Tensor, bottom: Tensor, width: Tensor, paint: Tensor, *, seen=None) -> None:
        """Paints one car in each picture; `seen` says in which pictures it is there."""
        height, wheel = (width * 2 // 5).clamp(min=5), (width * 5 // 20).clamp(min=3)
        top, sill = bottom - height, bottom - wheel // 3
        belt = top + height * 2 // 5
        canvas.box(canvas.span(sill, bottom - sill + 1, self.shadow), canvas.span(x + 1, width - 1), seen=seen)
        for inset, parts in ((0, (self.cabin, self.cabin)), (1, self.glass)):
            # A trapezium: wider by one half pixel on each side for each row further down.
            roof = width * 9 // 20 - 3 * inset
            down = roof[:, None] + 2 * (canvas.line - (top + inset)[:, None])
            rows = canvas.bands((top + inset, parts[0]), (top + inset + (belt - top) // 2, parts[1]), end=belt)
            columns = canvas.span(x, width)
            canvas.shape(down, canvas.offset(x, width).abs(), 255, within=(rows, columns), seen=seen)
        third = (bottom - belt) // 3
        bands = canvas.bands((belt, self.body[0]), (belt + third.clamp(min=1), self.body[1]),
                             (sill - third, self.body[2]), end=sill)  # fmt: skip
        canvas.box(bands, canvas.span(x, width), seen=seen)
        lamp = (width // 10).clamp(min=1)
        canvas.box(canvas.span(belt + third, lamp, self.lamps), canvas.span(x + width - lamp, lamp), seen=seen)
        axles, rim = width * 14 // 20, (wheel + 3) // 4
        left = x + (width - axles) // 2
        canvas.disc(bottom - wheel, left, wheel, self.tyre, pair=axles, seen=seen)
        canvas.disc(bottom - wheel + rim, left + rim, wheel - 2 * rim, self.hub, pair=axles - 2 * rim, seen=seen)
        for part, light in zip((self.cabin, *self.body), (17, 20, 16, 11)):
            canvas.say(part, colour=shade(paint, light))
        canvas.say(self.parts, size=width)


class Clouds:
    """Flat-bottomed clouds, a few overlapping ellipses each."""

    def __init__(self, parts: Parts, kind: int):
        self.dark, self.light = parts.add(kind, (206, 222, 234), rough=4), parts.add(kind, (240, 244, 247), rough=3)

    def paint(self, canvas: Canvas, x: Tensor, y: Tensor, width: Tensor) -> None:
        """Paints one cloud in each picture: two ellipses, and their shade below."""
        height = (width * 3 // 8).clamp(min=2)
        for part, drop in ((self.dark, height // 4), (self.light, torch.zeros_like(y))):
            for left, wide, tall in ((x, width, height * 2 // 3), (x + width // 5, width // 2, height)):
                self.ellipse(canvas, y + drop + height - tall, left, tall.clamp(min=1), wide.clamp(min=1), part)

    @staticmethod
    def ellipse(canvas: Canvas, y: Tensor, x: Tensor, height: Tensor, width: Tensor, part: int) -> None:
        """Paints an ellipse that fills the box from (y, x) of this height and width."""
        down = (height * width)[:, None] ** 2 - (canvas.offset(y, height) * width[:, None]) ** 2
        across = (canvas.offset(x, width) * height[:, None]) ** 2
        # Fixed point: at 512 pixels the products would leave 32 bits.
        canvas.shape(down >> 8, across >> 8, part, within=(canvas.span(y, height), canvas.span(x, width)))
