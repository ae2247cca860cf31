"""The rule of the plateau: how long a network of the benches learns.

After each `every` steps at one learning rate, the network is scored on pictures that are kept for this. When the last
`patience` looks have brought the best score no more than `rise` further, or after `most` looks, the rate falls along a
cosine to nothing in the last `last` steps, and training ends. In the first `warm` steps the rate rises from nothing.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_lib.evidence import probe
from course_lib.evidence.small_training import one_step
from course_lib.training import dice
from course_lib.training.optimisers import set_rate

Batches = Iterator[tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Plateau:
    """The rule with its numbers."""

    every: int
    patience: int
    rise: float
    most: int
    last: int
    warm: int = 0

    def told(self, looked_at: str) -> str:
        """The rule in one sentence, for the settings of a claim."""
        return (
            f"scored on {looked_at} after each {self.every} steps; when {self.patience} looks have brought the best no "
            f"more than {self.rise:g} of mean IoU further, or after {self.most} looks, the learning rate falls to "
            f"nothing in {self.last} steps"
        ) + (f"; in the first {self.warm} it rises from nothing" if self.warm else "")

    def settled(self, looks: Sequence[float]) -> bool:
        """True when the last looks brought the best score hardly further."""
        return len(looks) > self.patience and max(looks[-self.patience :]) <= max(looks[: -self.patience]) + self.rise

    def steps(self, looks: Sequence[float]) -> int:
        """How many steps a training took that had so many looks."""
        return len(looks) * self.every + self.last

    def reach(
        self,
        net: nn.Module,
        optimiser: torch.optim.Optimizer,
        batches: Batches,
        look: Callable[[], float],
        seed: int,
    ) -> list[float]:
        """Trains by the rule; returns the mean IoU of each look."""
        looks: list[float] = []
        net.to(memory_format=torch.channels_last)
        with dice.kept():
            torch.manual_seed(seed)  # for dropout
            while len(looks) < probe.at_most(self.most, 1) and not self.settled(looks):
                learn(net, optimiser, batches, self.held(len(looks) * self.every))
                looks.append(look())
            last = probe.at_most(self.last, probe.STEPS)
            learn(net, optimiser, batches, ((1 + math.cos(math.pi * step / last)) / 2 for step in range(last)))
        return looks

    def held(self, first: int) -> list[float]:
        """The factors on the rate from this step to the next look."""
        steps = range(first, first + probe.at_most(self.every, probe.STEPS))
        return [min(1.0, (step + 1) / self.warm) if self.warm else 1.0 for step in steps]


def learn(net: nn.Module, optimiser: torch.optim.Optimizer, batches: Batches, factors: Iterable[float]) -> None:
    """One step with the next batch for each factor on the rate."""
    net.train()
    for factor, (image, label) in zip(factors, batches):
        set_rate(optimiser, factor)
        one_step(net, optimiser, image, label)
