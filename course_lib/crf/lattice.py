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
while it is blurred along the four other axes. Red alone joins a slab to the two beside it.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor

from course_lib.crf.sums import ROWS, Sums, of_sorted, places

COLOUR_BLUR = (1, 2, 1)
SPACE_BLUR = (1, 6, 15, 20, 15, 6, 1)  # finer cells: space is smooth and nearly full, so they cost little
BLURS = (COLOUR_BLUR, COLOUR_BLUR, COLOUR_BLUR, SPACE_BLUR, SPACE_BLUR)
CORNERS = 2**5  # so the pixel of an entry is its number >> 5, and the corner its number & 31
LIGHTEST = 0.004  # corners of a pixel that weigh less are left out, and its others share their weight
DENSEST = 4  # points per pixel: photographs have 1 to 3, pure noise would have 20


def cell_width(blur: tuple[int, ...]) -> float:
    """The side of a cell in thetas. A binomial blur of n + 1 taps has variance n/4."""
    return 1 / math.sqrt(1 / 3 + (len(blur) - 1) / 4)


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
        weights = _corner_weights((position - cell).index_select(0, self.order))
        entry = places(weights)  # the corners that weigh something, pixel after pixel
        pixel = entry >> 5
        points, point = _points(homes, home.int().index_select(0, pixel), entry & CORNERS - 1, strides)
        weights = weights.flatten().index_select(0, entry)
        if len(points) > DENSEST * len(home):
            kept, weights = _without_lonely_points(pixel, point, weights, DENSEST * len(home))
            pixel = pixel.index_select(0, kept)
            used, point = torch.unique(point.index_select(0, kept), return_inverse=True)
            points, point = points.index_select(0, used), point.int()
        del entry  # the next steps need as much again
        self.slice, self.splat = _there_and_back(pixel, point, weights.to(dtype), len(home), len(points))
        self.slabs = _slabs(points, strides[0])
        self.red, *inner = [_blur(points, stride, taps, dtype) for stride, taps in zip(strides, BLURS)]
        self.inside = inner[::-1]

    def filter(self, q: Tensor) -> Tensor:
        """N x C values at the pixels to N x C weighted sums at the pixels."""
        table = self.splat(q.index_select(0, self.order))
        self._blur_inside(table, self.inside)
        self._blur_red(table)
        return self.slice(table).index_select(0, self.back)

    def adjoint(self, gradient: Tensor) -> Tensor:
        """The transpose of `filter`: each blur is symmetric, so only their order turns round."""
        table = self.splat(gradient.index_select(0, self.order))
        self._blur_red(table)
        self._blur_inside(table, self.inside[::-1])
        return self.slice(table).index_select(0, self.back)

    def _blur_inside(self, table: Tensor, blurs: list[Sums]) -> None:
        """Along all axes but red, in place: no slab reads another."""
        for slab in self.slabs:
            for blur in blurs:
                table[slab] = blur.some(slab, table)

    def _blur_red(self, table: Tensor) -> None:
        """In place: a slab is written when the one after it, which reads it, is done."""
        before, done = slice(0, 0), table[:0]
        for slab in self.slabs:
            blurred = self.red.some(slab, table)
            table[before] = done
            before, done = slab, blurred
        table[before] = done

    def bytes(self) -> int:
        """What the sums and both orders occupy."""
        return sum(part.nbytes for part in (self.order, self.back, self.slice, self.splat, self.red, *self.inside))


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


def _points(homes: Tensor, home: Tensor, corner: Tensor, strides: list[int]) -> tuple[Tensor, Tensor]:
    """The sorted numbers of all lattice points that some pixel reaches, and for each entry, a corner of a home, the
    place of its point."""
    steps = torch.zeros(1, dtype=homes.dtype, device=homes.device)
    for stride in strides:
        steps = torch.cat([steps, steps + stride])
    corner.add_(home, alpha=CORNERS)
    reached = torch.bincount(corner, minlength=len(homes) * CORNERS)
    corners = places(reached)
    numbers = homes.index_select(0, corners >> 5) + steps.index_select(0, corners & CORNERS - 1)
    points, point = torch.unique(numbers, return_inverse=True)
    place = reached.int().index_copy_(0, corners.long(), point.int())
    return points, place.index_select(0, corner)


def _find(points: Tensor, wanted: Tensor) -> Tensor:
    """The place of each wanted number in the sorted points, -1 where it is missing."""
    place = torch.searchsorted(points, wanted, out_int32=True).clamp_(max=len(points) - 1)
    return torch.where(points.index_select(0, place) == wanted, place, -1)


def _corner_weights(offset: Tensor) -> Tensor:
    """N x 32: multilinear weights in the order of `_points`' steps, the lightest set to zero."""
    weights = torch.ones_like(offset[:, :1])
    for axis in range(offset.shape[1]):
        t = offset[:, axis : axis + 1]
        weights = torch.cat([weights * (1 - t), weights * t], 1)
    weights *= weights >= LIGHTEST
    weights /= weights.sum(1, keepdim=True)
    return weights


def _without_lonely_points(pixel: Tensor, point: Tensor, weights: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """The entries that are left, and their weights, when the points that carry least are given up.

    In a noisy picture most points serve one pixel only and link it to nobody. The heaviest point of a pixel stays.
    """
    mass = torch.bincount(point, weights=weights)
    heaviest = torch.zeros(int(pixel[-1]) + 1, dtype=weights.dtype, device=weights.device)
    heaviest.scatter_reduce_(0, pixel.long(), weights, "amax")
    first = places(weights == heaviest.index_select(0, pixel))
    mass.index_fill_(0, point.index_select(0, first).long(), math.inf)
    enough = mass.sort(descending=True).values[most]
    kept = places((mass > enough).index_select(0, point))
    pixel, weights = pixel.index_select(0, kept), weights.index_select(0, kept)
    total = torch.zeros_like(heaviest).index_add_(0, pixel, weights)
    return kept, weights / total.index_select(0, pixel)


def _there_and_back(pixel: Tensor, point: Tensor, weights: Tensor, pixels: int, points: int) -> tuple[Sums, Sums]:
    """From points to pixels, and its transpose."""
    there = of_sorted(pixel, point, weights, pixels)
    point, order = point.sort(stable=True)
    return there, of_sorted(point, pixel.index_select(0, order), weights.index_select(0, order), points)


def _slabs(points: Tensor, stride: int) -> list[slice]:
    """Cuts the points between two planes of the first axis, into parts of ROWS or a plane more."""
    plane = points // stride
    cuts = [0]
    for end in (places(plane[1:] != plane[:-1]) + 1).tolist():
        if end - cuts[-1] >= ROWS:
            cuts.append(end)
    return [slice(*ends) for ends in pairwise([*cuts, len(points)])]


def _blur(points: Tensor, stride: int, taps: tuple[int, ...], dtype: torch.dtype) -> Sums:
    """A binomial blur along one axis. The share of a missing neighbour is lost; the normalisation mends most of it."""
    me = torch.arange(len(points), dtype=torch.int32, device=points.device)
    columns = [me]
    for step in range(1, len(taps) // 2 + 1):
        after = _find(points, points + step * stride)
        there = places(after >= 0)
        before = torch.full_like(after, -1).index_copy_(0, after.index_select(0, there).long(), there)
        columns = [before, *columns, after]
    column = torch.stack(columns, 1)
    entry = places(column >= 0)
    row = entry // len(taps)
    values = torch.tensor(taps, dtype=dtype, device=points.device) / sum(taps)
    values = values.index_select(0, entry - row * len(taps))
    return of_sorted(row, column.flatten().index_select(0, entry), values, len(points))
