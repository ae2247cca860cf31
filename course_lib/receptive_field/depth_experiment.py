"""How the effective receptive field grows with depth: an experiment after Luo et al. (2016).

Stacks of n random 3x3 convolutions, with and without ReLU: the theoretical field grows as 2n + 1,
the effective one like the square root of n, so its share of the theoretical field shrinks like 1 / sqrt(n). `growth`
measures the size at several depths and fits the slope of log size against log depth; a slope of 0.5 is the square root.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from tqdm import tqdm

from .effective import effective
from .probing.influence import Spread


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Sizes of the effective field by depth, and the slopes of their logarithms against the logarithm of the depth."""

    activation: str
    depths: tuple[int, ...]
    sides: tuple[float, ...]  # of the square with the area above 4.55 % of the peak
    stds: tuple[float, ...]  # the mean of both axes
    slope: float  # of the sides
    slope_of_std: float

    @property
    def theoretical(self) -> tuple[int, ...]:
        """The side of the theoretical field at each depth."""
        return tuple(2 * depth + 1 for depth in self.depths)

    @property
    def shares(self) -> tuple[float, ...]:
        """The effective side as a share of the theoretical one."""
        return tuple(side / size for side, size in zip(self.sides, self.theoretical))


def growth(
    activation: str = "relu",
    *,
    depths: Sequence[int] = (5, 10, 20, 40),
    channels: int = 8,
    networks: int = 4,
    images: int = 4,
    seed: int = 0,
    progress: bool = True,
) -> Growth:
    """The experiment for one activation, "relu" or "linear"; each size is over several networks and images of noise."""
    if activation not in ("relu", "linear"):
        raise ValueError(f'activation is "relu" or "linear", got {activation!r}')
    if len(set(depths)) < 2 or min(depths) < 1:
        raise ValueError(f"depths are two or more different numbers of layers, each at least 1, got {tuple(depths)}")
    generator = torch.Generator().manual_seed(seed)
    work = sum(depth * (2 * depth + 1) ** 2 for depth in depths) * networks
    fields = []
    with tqdm(total=work, desc=f"growth ({activation})", delay=1, leave=False, disable=not progress) as bar:
        bar.bar_format = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}<{remaining}"
        for depth in depths:
            side = 2 * depth + 1
            total = torch.zeros(side, side, dtype=torch.float64)
            for _ in range(networks):
                noise = torch.randn(images, channels, side, side, generator=generator)
                field = effective(
                    stack(depth, channels, activation, generator), noise, (depth, depth), seed=seed, progress=False
                )
                total += field.map / field.map.sum()
                bar.update(depth * side**2)
            fields.append(Spread(map=total, unit=(depth, depth)))
    sides = tuple(field.side() for field in fields)
    stds = tuple(sum(field.std) / 2 for field in fields)
    return Growth(
        activation=activation,
        depths=tuple(depths),
        sides=sides,
        stds=stds,
        slope=slope_of_logarithms(depths, sides),
        slope_of_std=slope_of_logarithms(depths, stds),
    )


def stack(depth: int, channels: int, activation: str, generator: torch.Generator) -> nn.Sequential:
    """Random 3x3 convolutions whose signal neither grows nor fades (He et al. 2015 with ReLU), without bias."""
    gain = 2.0 if activation == "relu" else 1.0
    layers: list[nn.Module] = []
    for _ in range(depth):
        convolution = nn.Conv2d(channels, channels, kernel_size=3, padding=1, bias=False)
        weight = torch.randn(convolution.weight.shape, generator=generator)
        convolution.weight.data.copy_(weight * (gain / (9 * channels)) ** 0.5)
        layers += [convolution, nn.ReLU()] if activation == "relu" else [convolution]
    return nn.Sequential(*layers)


def slope_of_logarithms(x: Sequence[float], y: Sequence[float]) -> float:
    """The least-squares slope of log y against log x."""
    across, up = (torch.tensor(values, dtype=torch.float64).log() for values in (x, y))
    return float(((across - across.mean()) * (up - up.mean())).sum() / ((across - across.mean()) ** 2).sum())
