"""How far a map of influence spreads: what the effective and the empirical receptive field have in common.

A map gives every input pixel a weight, never negative. Its words:

    centroid      the weighted mean position, in pixels; pixel (0, 0) has its centre at 0, 0
    std           the weighted standard deviation along the height and along the width
    radius(mass)  the radius of the disc round the centroid (or round the unit) that holds that share of the weight;
                  each pixel's weight sits at its centre, and between two distances the share is drawn as a line
    above(t)      the pixels whose weight exceeds t times the largest one; area(t) counts them, side(t) is the side of
                  the square of that area. t = 0.0455 = 1 - 0.9545 is the rule of Luo et al. (2016)

In two dimensions a Gaussian's one-sigma disc holds 39 % of the weight, not 68 %: a mass radius is not "a sigma".
"""

from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

LUO = 1 - 0.9545


@dataclass(frozen=True, eq=False, kw_only=True)
class Spread:
    """A map of influence (H x W, float64, not negative), and the unit's own place on it."""

    map: Tensor = field(repr=False)
    unit: tuple[float, float]

    @property
    def centroid(self) -> tuple[float, float]:
        """The weighted mean position, as (y, x)."""
        weight = self._share()
        rows, columns = _positions(weight)
        return float((weight.sum(1) * rows).sum()), float((weight.sum(0) * columns).sum())

    @property
    def std(self) -> tuple[float, float]:
        """The weighted standard deviation along the height and along the width, in pixels."""
        weight = self._share()
        rows, columns = _positions(weight)
        y, x = self.centroid
        along_height = (weight.sum(1) * (rows - y) ** 2).sum().sqrt()
        along_width = (weight.sum(0) * (columns - x) ** 2).sum().sqrt()
        return float(along_height), float(along_width)

    def radius(self, mass: float = 0.9545, *, about: str = "centroid") -> float:
        """The radius, in pixels, of the disc about the "centroid" or the "unit" that holds this share of the weight."""
        if not 0 < mass <= 1:
            raise ValueError(f"mass is a share, above 0 and at most 1, got {mass}")
        if about not in ("centroid", "unit"):
            raise ValueError(f'about is "centroid" or "unit", got {about!r}')
        if about not in self._rings:
            self._rings[about] = self._found_rings(about)
        distance, held = self._rings[about]
        place = int(torch.searchsorted(held, mass * float(held[-1])))
        if place == 0:
            return float(distance[0])
        place = min(place, len(held) - 1)
        part = (mass * held[-1] - held[place - 1]) / (held[place] - held[place - 1])
        return float(distance[place - 1] + part * (distance[place] - distance[place - 1]))

    @cached_property
    def _rings(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Sorting all pixels is what a radius costs: who asks about several shares waits for it once."""
        return {}

    def _found_rings(self, about: str) -> tuple[Tensor, Tensor]:
        """All distances at which there is weight, and how much the disc of each holds."""
        weight = self._share()
        rows, columns = _positions(weight)
        y, x = self.centroid if about == "centroid" else self.unit
        distance, order = torch.hypot((rows - y)[:, None], (columns - x)[None, :])[weight > 0].sort()
        # Pixels of one ring count as one distance: else the answer would depend on their order.
        distance, ring = torch.unique_consecutive((distance * 1e9).round() / 1e9, return_inverse=True)
        return distance, torch.zeros_like(distance).index_add_(0, ring, weight[weight > 0][order]).cumsum(0)

    def above(self, threshold: float = LUO) -> Tensor:
        """The pixels whose weight exceeds this share of the largest weight (bool, H x W)."""
        if not 0 <= threshold < 1:
            raise ValueError(f"threshold is a share of the largest weight, from 0 to below 1, got {threshold}")
        self._share()
        return self.map > threshold * self.map.max()

    def area(self, threshold: float = LUO) -> int:
        """How many pixels lie above the threshold."""
        return int(self.above(threshold).sum())

    def side(self, threshold: float = LUO) -> float:
        """The side of the square that has the same area: Luo's size of the effective receptive field."""
        return self.area(threshold) ** 0.5

    def _share(self) -> Tensor:
        """The map, scaled so that it sums to one; first by its largest value, so that no sum overflows."""
        peak = self.map.max()
        if not peak > 0:
            raise ValueError("the map is zero everywhere, so it has no centroid, spread or radius")
        weight = self.map / peak
        return weight / weight.sum()

    def _radii(self) -> str:
        if not self.map.max() > 0:
            return "zero everywhere"
        return ", ".join(f"r{100 * mass:g} {self.radius(mass):.1f}" for mass in (0.5, 0.6827, 0.9545))


def _positions(weight: Tensor) -> tuple[Tensor, Tensor]:
    height, width = weight.shape
    return torch.arange(height, dtype=weight.dtype), torch.arange(width, dtype=weight.dtype)
