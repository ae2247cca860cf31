"""The appearance kernel, exactly: every pixel against every other.

In come an image and two thetas, out goes `filter(q)`: for every pixel the sum over all pixels j of
exp(-|p_i - p_j|^2 / 2 theta_xy^2 - |I_i - I_j|^2 / 2 theta_rgb^2) q_j, up to rounding and a tail below TAIL.

Two savings, and no approximation. The pixels are sorted along the direction in which they differ most, so that pairs
too unlike to matter lie far apart and whole blocks of them are never computed. And K is symmetric: only one half is
kept, and each block is applied twice, once as it is and once transposed.
"""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

TAIL = 1e-7  # what a pixel's left-out neighbours may weigh together, where its own weight is 1
FAINT = -80.0  # nothing weighs less than exp of this: a processor takes several times as long for still smaller numbers
ROWS = 128
KEPT_BYTES = 2**30  # above this the blocks are computed anew in each iteration


class Exact:
    """K by blocks of rows; `filter` is its own adjoint."""

    def __init__(self, image: Tensor, *, theta_xy: float, theta_rgb: float, dtype: torch.dtype = torch.float32):
        self.thetas = theta_xy, theta_rgb
        space, colour = _space(image, dtype), image.flatten(1).T.to(dtype)
        along = _widest(torch.cat([space / theta_xy, colour / theta_rgb], 1))
        along, self.order = along.sort()
        self.space, self.colour = space[self.order], colour[self.order]
        reach = math.sqrt(2 * math.log(len(along) / TAIL))
        self.ends = torch.searchsorted(along, along[ROWS - 1 :: ROWS] + reach, right=True).tolist()
        self.ends += [len(along)] * (math.ceil(len(along) / ROWS) - len(self.ends))
        entries = sum(end - ROWS * block for block, end in enumerate(self.ends))
        self.blocks = list(self._blocks()) if entries * self.space.element_size() <= KEPT_BYTES else None

    def filter(self, q: Tensor) -> Tensor:
        """N x C values at the pixels to N x C weighted sums at the pixels, in between with one row a class."""
        q = q.T.index_select(1, self.order)
        total = torch.zeros_like(q)
        for start, stop, end, block in self.blocks or self._blocks():
            total[:, start:end].addmm_(q[:, start:stop], block)
            total[:, start:stop].addmm_(q[:, stop:end], block[:, stop - start :].T)
        return torch.empty_like(total).index_copy_(1, self.order, total).T.contiguous()

    adjoint = filter

    def bytes(self) -> int:
        """What the kept blocks occupy."""
        return sum(block.nbytes for *_, block in self.blocks or [])

    def _blocks(self) -> Iterator[tuple[int, int, int, Tensor]]:
        """Rows start:stop against columns start:end of K, from the diagonal to where K has faded."""
        for index, end in enumerate(self.ends):
            start = index * ROWS
            stop = min(start + ROWS, len(self.order))
            yield start, stop, end, self._kernel(slice(start, stop), slice(start, end))

    def _kernel(self, rows: slice, columns: slice) -> Tensor:
        """Squared distances in pixels and in grey levels are whole numbers, so matrix products give them exactly."""
        theta_xy, theta_rgb = self.thetas
        d = torch.addmm(*_squared_distance(self.colour[rows], self.colour[columns]), alpha=-2)
        near = torch.addmm(*_squared_distance(self.space[rows], self.space[columns]), alpha=-2)
        return d.mul_(-0.5 / theta_rgb**2).add_(near, alpha=-0.5 / theta_xy**2).clamp_(min=FAINT).exp_()


def _squared_distance(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return a.square().sum(1, keepdim=True) + b.square().sum(1), a, b.T


def _space(image: Tensor, dtype: torch.dtype) -> Tensor:
    height, width = image.shape[-2:]
    y = torch.arange(height, device=image.device, dtype=dtype).repeat_interleave(width)
    x = torch.arange(width, device=image.device, dtype=dtype).repeat(height)
    return torch.stack([y, x], 1)


def _widest(points: Tensor) -> Tensor:
    """Each point's place along the principal axis, which is never more than its true distance from another."""
    centred = points - points.mean(0)
    return centred @ torch.linalg.eigh(centred.T @ centred)[1][:, -1]
