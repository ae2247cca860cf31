"""The smoothness kernel exp(-|p_i - p_j|^2 / 2 theta_xy^2): one Gaussian along y, one along x, exactly.

It asks for no lattice: on the full grid of pixels the sum over all j is two passes of a banded matrix.
"""

import math

import torch
from torch import Tensor

TAIL = 1e-7  # what a pixel's left-out neighbours along one axis may weigh together, where its own weight is 1
STRIP = 32


class Smoothness:
    """`filter` is its own adjoint."""

    def __init__(self, size: tuple[int, int], *, theta_xy: float, dtype: torch.dtype, device: torch.device):
        self.size = size
        self.reach = math.ceil(theta_xy * math.sqrt(2 * math.log(max(size) / TAIL)))
        self.along_y, self.along_x = (_gaussian(length, theta_xy, dtype, device) for length in size)

    def filter(self, q: Tensor) -> Tensor:
        """N x C values at the pixels to N x C weighted sums at the pixels."""
        q = q.reshape(*self.size, -1)
        down, both = torch.empty_like(q), torch.empty_like(q)
        for strip, near in _strips(self.size[0], self.reach):
            torch.mm(self.along_y[strip, near], q[near].flatten(1), out=down[strip].flatten(1))
        for strip, near in _strips(self.size[1], self.reach):
            both[:, strip] = self.along_x[strip, near] @ down[:, near]
        return both.flatten(0, 1)

    adjoint = filter


def _gaussian(length: int, theta: float, dtype: torch.dtype, device: torch.device) -> Tensor:
    place = torch.arange(length, dtype=dtype, device=device) / theta
    return (-0.5 * (place[:, None] - place).square()).exp()


def _strips(length: int, reach: int) -> list[tuple[slice, slice]]:
    """Strips of an axis, each with the part of the axis that it can feel."""
    return [
        (slice(start, start + STRIP), slice(max(0, start - reach), start + STRIP + reach))
        for start in range(0, length, STRIP)
    ]
