"""Random shapes and values for a check, drawn anew each time from one seed that a message can name."""

import secrets
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def anew() -> int:
    """A seed that nobody knew before, short enough to be typed."""
    return secrets.randbelow(10_000)


class Draw:
    """Everything random in one check; `used` says whether anything was drawn yet."""

    def __init__(self, seed: int) -> None:
        self.seed, self.used = seed, False
        self._generator = torch.Generator().manual_seed(seed)

    @property
    def generator(self) -> torch.Generator:
        """The source of chance; whoever takes it makes the seed worth naming."""
        self.used = True
        return self._generator

    def normal(self, *shape: int, scale: float = 1.0) -> Tensor:
        """Values of both signs; with a large scale an activation that saturates shows."""
        return scale * torch.randn(shape, generator=self.generator)

    def uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Values from low to high."""
        return low + (high - low) * torch.rand(shape, generator=self.generator)

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(torch.randint(low, high + 1, (), generator=self.generator))

    def wholes(self, low: int, high: int, count: int) -> list[int]:
        """Whole numbers, both ends included; some may be equal."""
        return torch.randint(low, high + 1, (count,), generator=self.generator).tolist()

    def apart(self, low: int, high: int, count: int) -> list[int]:
        """Whole numbers of which no two are equal, in a random order."""
        return [low + place for place in torch.randperm(high + 1 - low, generator=self.generator)[:count].tolist()]

    def one_of(self, options: Sequence[Any]) -> Any:
        """One of the options."""
        return options[self.whole(0, len(options) - 1)]

    def words(self) -> str:
        """How a student sees the same case again."""
        return f"Drawn with seed {self.seed}: check(..., seed={self.seed}) draws the same again."
