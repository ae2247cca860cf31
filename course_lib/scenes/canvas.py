"""The canvas: what stands where, for a batch of pictures at once.

A part is a piece of a thing (a wheel, a pane, the sky); `Parts` numbers them from the farthest to the nearest, so that
painting over is nothing but a maximum. A box costs two passes over small bytes, whatever it contains.
"""

from dataclasses import dataclass, field

import torch
from torch import Tensor

Colour = tuple[int, int, int]


@dataclass
class Parts:
    """The parts of a family in the order in which they are painted, the nearest last."""

    kinds: list[int] = field(default_factory=list)  # class
    instances: list[int] = field(default_factory=list)  # 0 for what is no thing
    colours: list[Colour] = field(default_factory=list)
    roughness: list[int] = field(default_factory=list)  # how far the texture lightens and darkens it

    def add(self, kind: int, colour: Colour, *, rough: int = 2, instance: int = 0) -> int:
        """Adds the next nearer part, of one class and colour, and returns its number."""
        self.kinds.append(kind)
        self.instances.append(instance)
        self.colours.append(colour)
        self.roughness.append(rough)
        if len(self.kinds) > 256:
            raise RuntimeError("a family may have 256 parts, not more: the canvas keeps them in one byte")
        return len(self.kinds) - 1

    def ramp(self, kind: int, first: Colour, last: Colour, steps: int, *, rough: int = 2) -> list[int]:
        """Parts that fade from one colour to another."""
        colours = [tuple(a + (b - a) * i // (steps - 1) for a, b in zip(first, last)) for i in range(steps)]
        return [self.add(kind, colour, rough=rough) for colour in colours]


class Canvas:
    """Planes of a batch of square pictures and the tables that say what each part is."""

    def __init__(self, parts: Parts, pictures: int, size: int):
        self.size, self.pictures = size, pictures
        self.line = torch.arange(size)
        self.part = torch.zeros(pictures, size, size, dtype=torch.uint8)
        self.colours = torch.tensor(parts.colours).expand(pictures, -1, -1).clone()
        self.kinds = torch.tensor(parts.kinds).expand(pictures, -1).clone()
        self.instances = torch.tensor(parts.instances, dtype=torch.int32)
        self.sizes = torch.zeros_like(self.kinds, dtype=torch.int32)
        self.roughness = torch.tensor(parts.roughness)
        self.grain = 6  # strength of the noise of the film
        self.sun = 1  # how many times as strong the light falls as usual
        self.soft = True  # a lens that is not perfectly sharp
        self.factors: dict[str, Tensor] = {}

    def span(self, start: Tensor, length: Tensor, code: int | Tensor = 255) -> Tensor:
        """A profile: `code` from start on for `length` pixels, 0 elsewhere."""
        inside = (self.line >= start[:, None]) & (self.line < (start + length)[:, None])
        return inside.view(torch.uint8) * (code[:, None].to(torch.uint8) if isinstance(code, Tensor) else code)

    def bands(self, *steps: tuple[Tensor, int], end: Tensor) -> Tensor:
        """A profile of neighbouring bands: each (start, code), then the end. Starts must not fall."""
        profile, before = 0, 0
        for start, code in (*steps, (end, 0)):  # bytes wrap around, so a step down is a large step up
            profile = profile + (self.line >= start[:, None]).view(torch.uint8) * ((code - before) % 256)
            before = code
        return profile

    def box(self, down: Tensor, across: Tensor, *, seen: Tensor | None = None) -> None:
        """Paints the smaller of the two profiles at each pixel, where nothing nearer is painted yet."""
        if seen is not None:
            across = across * seen[:, None]
        window = self.window(down, across)
        if window is not None:
            rows, columns = window
            view = self.part[:, rows, columns]
            torch.maximum(view, torch.minimum(down[:, rows, None], across[:, None, columns]), out=view)

    def shape(self, down: Tensor, across: Tensor, code: int | Tensor, *, within: tuple[Tensor, Tensor] | None = None,
              seen: Tensor | None = None) -> None:  # fmt: skip
        """Paints `code` wherever down(y) >= across(x), inside a box of two profiles when one is given.

        Discs, ellipses, triangles and slanted lines are all of this form.
        """
        if seen is not None:
            down = torch.where(seen[:, None], down, -(1 << 30))
        rows = columns = slice(None)
        if within is not None:
            window = self.window(*within)
            if window is None:
                return
            rows, columns = window
        inside = (down.int()[:, rows, None] >= across.int()[:, None, columns]).view(torch.uint8)
        painted = inside * (code.to(torch.uint8)[:, None, None] if isinstance(code, Tensor) else code)
        if within is not None:
            painted = torch.minimum(painted, within[0][:, rows, None])
            painted = torch.minimum(painted, within[1][:, None, columns])
        view = self.part[:, rows, columns]
        torch.maximum(view, painted, out=view)

    def disc(self, y: Tensor, x: Tensor, across: Tensor, code: int | Tensor, *, pair: Tensor | None = None,
             seen: Tensor | None = None) -> None:  # fmt: skip
        """A disc; y and x are the first row and column it fills, `across` its diameter.

        With `pair`, two discs: one at each end of so many columns, as wheels are.
        """
        wide = across if pair is None else pair
        down, aside = self.offset(y, across), self.offset(x, wide).abs() - (wide - across)[:, None]
        # In half pixels, so that discs of even and odd diameter are both round; -1 keeps small ones from bulging.
        self.shape((across * across - 1)[:, None] - down * down, aside * aside, code, seen=seen,
                   within=(self.span(y, across), self.span(x, wide)))  # fmt: skip

    def offset(self, start: Tensor, length: Tensor) -> Tensor:
        """Distance of each row or column from the middle of a span, in half pixels, with its sign."""
        return 2 * self.line + 1 - (2 * start + length)[:, None]

    @staticmethod
    def window(down: Tensor, across: Tensor) -> tuple[slice, slice] | None:
        """The smallest rows and columns that hold the box in every picture of the batch."""
        rows, columns = down.amax(0).nonzero(), across.amax(0).nonzero()
        if not len(rows) or not len(columns):
            return None
        return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)

    def say(self, parts: int | list[int], *, kind: Tensor | None = None, size: Tensor | None = None,
            colour: Tensor | None = None) -> None:  # fmt: skip
        """Gives parts their class, size or colour in each picture of the batch."""
        for part in [parts] if isinstance(parts, int) else parts:
            if kind is not None:
                self.kinds[:, part] = kind
            if size is not None:
                self.sizes[:, part] = size
            if colour is not None:
                self.colours[:, part] = colour

    def look(self, table: Tensor) -> Tensor:
        """What a table of parts (pictures x parts, or one for all) says at each pixel."""
        if table.dim() == 1:
            return table.index_select(0, self.part.int().view(-1)).view(self.part.shape)
        start = torch.arange(0, table.numel(), table.shape[1], dtype=torch.int32)[:, None, None]
        return table.reshape(-1).index_select(0, (self.part.int() + start).view(-1)).view(self.part.shape)
