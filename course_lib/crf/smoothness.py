"""The smoothness kernel exp(-|p_i - p_j|^2 / 2 theta_xy^2): one Gaussian along y, one along x, exactly.

It asks for no lattice: on the full grid of pixels the sum over all j is two passes of a banded matrix. Strip by strip,
so that the second pass finds in the cache what the first one wrote.
"""

import math

import torch
from torch import Tensor

from course_lib.crf.sums import Sums, large, starts

TAIL = 1e-7  # what a pixel's left-out neighbours along one axis may weigh together, where its own weight is 1
STRIP = 16


class Smoothness:
    """`filter` is its own adjoint."""

    def __init__(self, size: tuple[int, int], *, theta_xy: float, dtype: torch.dtype, device: torch.device):
        self.size = size
        self.reach = math.ceil(theta_xy * math.sqrt(2 * math.log(max(size) / TAIL)))
        self.along_y, along_x = (_gaussian(length, theta_xy, dtype, device) for length in size)
        self.along_x = {rows: _repeated(along_x, self.reach, rows) for rows in {STRIP, size[0] % STRIP}}

    def filter(self, q: Tensor) -> Tensor:
        """N x C values at the pixels to N x C weighted sums at the pixels."""
        height, width = self.size
        out = large(len(q), q)
        for top in range(0, height, STRIP):
            rows = slice(top, min(top + STRIP, height))
            near = slice(max(0, top - self.reach), rows.stop + self.reach)
            down = torch.mm(self.along_y[rows, near], q.reshape(height, -1)[near])
            along_x = self.along_x[len(down)]
            out[top * width : rows.stop * width] = along_x(down.view(-1, q.shape[1]))
        return out

    adjoint = filter


def _gaussian(length: int, theta: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    place = torch.arange(length, dtype=dtype, device=device) / theta
    return (-0.5 * (place[:, None] - place).square()).exp()


def _repeated(gaussian: Tensor, reach: int, rows: int) -> Sums:
    """The sums along one row of pixels, as far as they can feel, for so many rows below each other."""
    length = len(gaussian)
    band = torch.ones_like(gaussian, dtype=torch.bool).triu(-reach).tril(reach)
    row = torch.arange(rows, device=band.device)[:, None]
    columns = band.nonzero()[:, 1] + length * row
    return Sums(starts(band.sum(1).repeat(rows)), columns.flatten().int(), gaussian[band].repeat(rows))
