"""The appearance kernel of a photograph, in memory linear in its pixels.

In come an image and two thetas, out goes `filter(q)`: for every pixel the sum over all pixels j of
exp(-|p_i - p_j|^2 / 2 theta_xy^2 - |I_i - I_j|^2 / 2 theta_rgb^2) q_j, nearly.

Every pixel is a point (r, g, b, y, x) / theta in five dimensions. As in the permutohedral lattice (Adams, Baek and
Davis 2010) values are splatted to the lattice points around them, blurred from point to point along each axis, and
sliced back. Departs from it in the lattice: plain cells, not simplices. A pixel then has 32 corners instead of 6, of
which about 20 weigh anything, but fewer of the points on the way from one pixel to another are missing; with thetas
as small as DeepLab's, those missing points are where the permutohedral lattice goes wrong.

How wide a cell is: linear weights spread a point by 1/6 cell^2 on average, once in the splat and once in the slice,
and a binomial blur of variance v by v cell^2. The sum (1/3 + v) cell^2 shall be one theta^2.

What takes the time is memory, not arithmetic. Points are numbered by colour first, so that those of one colour, which
the wide blurs join, lie side by side; and they are kept in slabs of whole planes of red. A slab stays in the cache
while it is splatted and blurred along the four other axes. Red alone joins a slab to the two beside it, and its pixels
to the last plane of the one before.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from course_lib.crf.blurs import blurs
from course_lib.crf.corners import corner_weights, to_pixels, to_points, without_lonely_points
from course_lib.crf.sums import Sums, large, places

COLOUR_BLUR = (1, 2, 1)
SPACE_BLUR = (1, 6, 15, 20, 15, 6, 1)  # finer cells: space is smooth and nearly full, so they cost little
BLURS = (COLOUR_BLUR, COLOUR_BLUR, COLOUR_BLUR, SPACE_BLUR, SPACE_BLUR)
DENSEST = 4  # points per pixel: photographs have 1 to 3, pure noise would have 20
ROWS = 2**13  # of a slab: 0.7 MB of 21 classes, which stay in the cache


def cell_width(blur: tuple[int, ...]) -> float:
    """The side of a cell in thetas. A binomial blur of n + 1 taps has variance n/4."""
    return 1 / math.sqrt(1 / 3 + (len(blur) - 1) / 4)


@dataclass(frozen=True)
class Slab:
    """All that one slab needs: its points, and its pixels, which follow those of the slab before."""

    points: slice
    splat: Sums
    inside: list[Sums]  # the blurs along all axes but red, over this slab alone
    red: Sums  # over all points
    overlap: int  # the points in the last plane of the slab before
    pixels: slice
    slice: Sums  # over these, and the points of the slab

    @property
    def nbytes(self) -> int:
        """What the sums occupy."""
        return sum(part.nbytes for part in (self.splat, *self.inside, self.red, self.slice))


class Lattice:
    """Splat, blur and slice, built once and applied in each iteration."""

    def __init__(self, image: Tensor, *, theta_xy: float, theta_rgb: float, dtype: torch.dtype = torch.float32):
        position = _in_cells(image, theta_xy, theta_rgb)
        cell = position.floor()
        strides = _strides(cell)
        # sorted by cell, so that pixels which follow each other read the same points: these are in the cache then
        numbers, order = _numbers(cell, strides).sort(stable=True)
        self.order, self.back = order.int(), order.argsort().int()
        homes, home = torch.unique_consecutive(numbers, return_inverse=True)
        weights = corner_weights((position - cell).index_select(0, self.order)).to(dtype)
        points, there, pairs = to_pixels(weights, homes, home.int(), strides)
        if len(points) > DENSEST * len(home):
            del points, pairs  # as much comes again
            weights = without_lonely_points(weights, there, DENSEST * len(home))
            points, there, pairs = to_pixels(weights, homes, home.int(), strides)
        back = to_points(weights, *pairs)
        del weights, pairs  # the next steps need as much again
        self.slabs = _slabs(
            points // strides[0], numbers // strides[0], there, back, blurs(points, strides, BLURS, dtype)
        )

    def filter(self, q: Tensor) -> Tensor:
        """N x C values at the pixels to N x C weighted sums at the pixels."""
        return self._filter(q, [slab.inside for slab in self.slabs], [[]] * len(self.slabs))

    def adjoint(self, gradient: Tensor) -> Tensor:
        """The transpose of `filter`: each blur is symmetric, so only their order turns round."""
        return self._filter(gradient, [[]] * len(self.slabs), [slab.inside[::-1] for slab in self.slabs])

    def _filter(self, q: Tensor, before_red: list[list[Sums]], after_red: list[list[Sums]]) -> Tensor:
        """Splat, blur and slice, with the blurs inside of each slab that come before and after the blur along red."""
        q = q.index_select(0, self.order)
        table = large(self.slabs[-1].points.stop, q)
        for slab, inside in zip(self.slabs, before_red):
            part = slab.splat(q)
            for blur in inside:
                part = blur(part)
            table[slab.points] = part
        part = part[:0]
        for slab, inside in zip(self.slabs, after_red):
            last_plane = part[len(part) - slab.overlap :]
            part = slab.red(table)
            for blur in inside:
                part = blur(part)
            q[slab.pixels] = slab.slice(torch.cat([last_plane, part]))
        del table  # before as many rows come again
        return q.index_select(0, self.back)

    def bytes(self) -> int:
        """What the sums and both orders occupy."""
        return sum(part.nbytes for part in (self.order, self.back, *self.slabs))


def _in_cells(image: Tensor, theta_xy: float, theta_rgb: float) -> Tensor:
    """N x 5: where each pixel lies, in cells."""
    height, width = image.shape[-2:]
    y = torch.arange(height, device=image.device).repeat_interleave(width)
    x = torch.arange(width, device=image.device).repeat(height)
    colour = image.flatten(1).T.float()
    widths = torch.tensor([cell_width(blur) for blur in BLURS], device=image.device)
    return torch.cat([colour / theta_rgb, torch.stack([y, x], 1).float() / theta_xy], 1) / widths


def _strides(cell: Tensor) -> list[int]:
    """What one step along each axis adds to a cell's number; spare cells at the end, so that no step wraps round."""
    extents = [int(extent) + 5 for extent in cell.amax(0)]
    if math.prod(extents) >= 2**62:
        raise ValueError("the thetas are too small for the lattice engine on this image: try engine='exact'")
    return [math.prod(extents[axis + 1 :]) for axis in range(len(extents))]


def _numbers(cell: Tensor, strides: list[int]) -> Tensor:
    """One number for each cell, in four bytes where they suffice: sorting them is a good part of the work."""
    numbers = (cell.long() * torch.tensor(strides, device=cell.device)).sum(1)
    return numbers.int() if int(cell[:, 0].max() + 5) * strides[0] < 2**31 else numbers


def _slabs(plane: Tensor, pixel_plane: Tensor, there: Sums, back: Sums, blurs: list[Sums]) -> list[Slab]:
    """Cuts points and pixels, given with their planes of red, into slabs of ROWS points or a plane more.

    The points of a pixel lie in its plane and the next; it goes with the slab that holds the next.
    """
    cuts = [0]
    for end in (places(plane[1:] != plane[:-1]) + 1).tolist():
        if end - cuts[-1] >= ROWS:
            cuts.append(end)
    points = [slice(*ends) for ends in pairwise([*cuts, len(plane)])]
    last = plane[[part.stop - 1 for part in points]]
    reach = [0, *torch.searchsorted(plane, last).tolist()]  # where the last plane of the slab before begins
    ends = [0, *torch.searchsorted(pixel_plane, last[:-1]).tolist(), len(pixel_plane)]
    red, *inside = blurs
    return [
        Slab(
            points=part,
            splat=back.taken(part),
            inside=[blur.taken(part, first=part.start) for blur in inside[::-1]],
            red=red.taken(part),
            overlap=part.start - first,
            pixels=pixels,
            slice=there.taken(pixels, first=first),
        )
        for part, first, pixels in zip(points, reach, (slice(*both) for both in pairwise(ends)))
    ]
