"""The appearance kernel of a photograph, in memory linear in its pixels.

In come an image and two thetas, out goes `filter(q)`: for every pixel the sum over all pixels j of
exp(-|p_i - p_j|^2 / 2 theta_xy^2 - |I_i - I_j|^2 / 2 theta_rgb^2) q_j, nearly.

Every pixel is a point (y, x, r, g, b) / theta in five dimensions. As in the permutohedral lattice (Adams, Baek and
Davis 2010) values are splatted to the lattice points around them, blurred from point to point along each axis, and
sliced back. Departs from it in the lattice: plain cells, not simplices. A pixel then has 32 corners instead of 6, of
which about 20 weigh anything, but fewer of the points on the way from one pixel to another are missing; with thetas
as small as DeepLab's, those missing points are where the permutohedral lattice goes wrong.

How wide a cell is: linear weights spread a point by 1/6 cell^2 on average, once in the splat and once in the slice,
and a binomial blur of variance v by v cell^2. The sum (1/3 + v) cell^2 shall be one theta^2.
"""

import math
import warnings

import torch
from torch import Tensor

COLOUR_BLUR = (1, 2, 1)
SPACE_BLUR = (1, 6, 15, 20, 15, 6, 1)  # finer cells: space is smooth and nearly full, so they cost little
BLURS = (SPACE_BLUR, SPACE_BLUR, COLOUR_BLUR, COLOUR_BLUR, COLOUR_BLUR)
LIGHTEST = 0.004  # corners of a pixel that weigh less are left out, and its others share their weight


def cell_width(blur: tuple[int, ...]) -> float:
    """The side of a cell in thetas. A binomial blur of n + 1 taps has variance n/4."""
    return 1 / math.sqrt(1 / 3 + (len(blur) - 1) / 4)


class Lattice:
    """Splat, blur and slice as sparse matrices, built once and applied in each iteration."""

    def __init__(self, image: Tensor, *, theta_xy: float, theta_rgb: float, dtype: torch.dtype = torch.float32):
        position = _in_cells(image, theta_xy, theta_rgb)
        cell = position.floor()
        strides = _strides(cell)
        homes, home = torch.unique(
            (cell.long() * torch.tensor(strides, device=cell.device)).sum(1), return_inverse=True
        )
        points = _with_corners(homes, strides)
        following = [_find(points, points + stride) for stride in strides]
        slots = _corner_slots(torch.searchsorted(points, homes), following)[home]
        weights = _corner_weights(position - cell)
        used = torch.zeros(len(points), dtype=torch.bool, device=image.device)
        used[slots[weights > 0]] = True
        number = used.cumsum(0) - 1
        self.slice, self.splat = _there_and_back(number[slots], weights.to(dtype), int(used.sum()))
        self.blurs = [_blur(points[used], stride, taps, dtype) for stride, taps in zip(strides, BLURS)]

    def filter(self, q: Tensor) -> Tensor:
        """C x N values at the pixels to C x N weighted sums at the pixels."""
        return self._through(self.blurs, q)

    def adjoint(self, gradient: Tensor) -> Tensor:
        """The transpose of `filter`: each blur is symmetric, so only their order turns round."""
        return self._through(self.blurs[::-1], gradient)

    def _through(self, blurs: list[Tensor], q: Tensor) -> Tensor:
        """Splat, blur, slice. Two tables take turns: fresh ones for each step would cost as much as the steps."""
        table, spare = (q.new_zeros(self.splat.shape[0], len(q)) for _ in range(2))
        torch.addmm(table, self.splat, q.T.contiguous(), beta=0, out=table)
        for blur in blurs:
            torch.addmm(spare, blur, table, beta=0, out=spare)
            table, spare = spare, table
        return (self.slice @ table).T.contiguous()

    def bytes(self) -> int:
        """What the matrices occupy."""
        matrices = [self.slice, self.splat, *self.blurs]
        return sum(part.nbytes for m in matrices for part in (m.values(), m.col_indices(), m.crow_indices()))


def _in_cells(image: Tensor, theta_xy: float, theta_rgb: float) -> Tensor:
    """N x 5: where each pixel lies, in cells."""
    height, width = image.shape[-2:]
    y = torch.arange(height, device=image.device).repeat_interleave(width)
    x = torch.arange(width, device=image.device).repeat(height)
    colour = image.flatten(1).T.float()
    widths = torch.tensor([cell_width(blur) for blur in BLURS], device=image.device)
    return torch.cat([torch.stack([y, x], 1).float() / theta_xy, colour / theta_rgb], 1) / widths


def _strides(cell: Tensor) -> list[int]:
    """What one step along each axis adds to a cell's number; spare cells at the end, so that no step wraps round."""
    extents = [int(extent) + 5 for extent in cell.amax(0)]
    if math.prod(extents) >= 2**62:
        raise ValueError("the thetas are too small for the lattice engine on this image: try engine='exact'")
    return [math.prod(extents[axis + 1 :]) for axis in range(len(extents))]


def _with_corners(homes: Tensor, strides: list[int]) -> Tensor:
    """The sorted numbers of all lattice points at a corner of an occupied cell."""
    points = homes
    for stride in strides:
        points = torch.unique(torch.cat([points, points + stride]))
    return points


def _find(points: Tensor, wanted: Tensor) -> Tensor:
    """The place of each wanted number in the sorted points, -1 where it is missing."""
    place = torch.searchsorted(points, wanted).clamp_(max=len(points) - 1)
    return torch.where(points[place] == wanted, place, -1)


def _corner_slots(first: Tensor, following: list[Tensor]) -> Tensor:
    """Cells x 32: the places of a cell's corners, found by walking one step along each axis in turn."""
    slots = first[:, None]
    for axis in following:
        slots = torch.cat([slots, axis[slots]], 1)
    return slots


def _corner_weights(offset: Tensor) -> Tensor:
    """N x 32: multilinear weights in the order of `_corner_slots`, the lightest set to zero."""
    weights = torch.ones_like(offset[:, :1])
    for axis in range(offset.shape[1]):
        t = offset[:, axis : axis + 1]
        weights = torch.cat([weights * (1 - t), weights * t], 1)
    weights[weights < LIGHTEST] = 0
    return weights / weights.sum(1, keepdim=True)


def _there_and_back(slots: Tensor, weights: Tensor, points: int) -> tuple[Tensor, Tensor]:
    """The sparse matrix from points to pixels, and its transpose."""
    pixels = len(slots)
    kept = weights > 0
    pixel = torch.arange(pixels, device=slots.device, dtype=torch.int32).repeat_interleave(kept.sum(1))
    column, values = slots[kept].int(), weights[kept]
    point, order = column.sort(stable=True)
    there = _csr(torch.bincount(pixel, minlength=pixels), column, values, (pixels, points))
    return there, _csr(torch.bincount(point, minlength=points), pixel[order], values[order], (points, pixels))


def _blur(points: Tensor, stride: int, taps: tuple[int, ...], dtype: torch.dtype) -> Tensor:
    """A binomial blur along one axis. The share of a missing neighbour is lost; the normalisation mends most of it."""
    me = torch.arange(len(points), device=points.device)
    columns = [me]
    for step in range(1, len(taps) // 2 + 1):
        after = _find(points, points + step * stride)
        before = torch.full_like(after, -1)
        before[after[after >= 0]] = me[after >= 0]
        columns = [before, *columns, after]
    column = torch.stack(columns, 1)
    present = column >= 0
    values = torch.tensor(taps, dtype=dtype, device=points.device) / sum(taps)
    return _csr(present.sum(1), column[present].int(), values.expand_as(column)[present], (len(points), len(points)))


def _csr(counts: Tensor, columns: Tensor, values: Tensor, size: tuple[int, int]) -> Tensor:
    rows = torch.zeros(len(counts) + 1, dtype=torch.int32, device=columns.device)
    rows[1:] = counts.cumsum(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls its CSR layout a beta
        return torch.sparse_csr_tensor(rows, columns, values, size)
