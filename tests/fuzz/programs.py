"""Random programs of torch operations, from a seed.

A program maps an image to a tensor of four dimensions. It is a list of steps; each step was drawn together with its
numbers, so the same seed gives the same program. Programs with a step that is `loose` have structural zeros (a masked
value, an argmax): there the truth is smaller than what some weights could do, and only soundness is judged.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

MOST = 700  # values in a tensor between two steps


@dataclass
class Step:
    """One operation with its numbers drawn."""

    text: str
    run: Callable[[Tensor], Tensor]
    loose: bool = False


@dataclass
class Program:
    """Steps that fit each other's shapes, and the size of the image they start from."""

    seed: int
    size: tuple[int, int]
    channels: int
    steps: list[Step] = field(default_factory=list)

    @property
    def loose(self) -> bool:
        """Whether only soundness can be judged."""
        return any(step.loose for step in self.steps)

    def __str__(self) -> str:
        words = " | ".join(step.text for step in self.steps)
        return f"{self.seed}: 1 x {self.channels} x {self.size[0]} x {self.size[1]} | {words}"


class Run(nn.Module):
    """The program as a module, its answer brought to four dimensions."""

    def __init__(self, program: Program):
        super().__init__()
        self.program = program

    def forward(self, x: Tensor) -> Tensor:
        """The answer to one image."""
        for step in self.program.steps:
            x = step.run(x)
        while x.dim() < 4:
            x = x.unsqueeze(0)
        while x.dim() > 4:
            x = x.flatten(0, 1)
        return x


def draw_program(seed: int, makers: dict[str, Callable], most_steps: int = 6) -> Program:
    """The program of a seed. A step that does not fit, or makes too much of it, is drawn again."""
    choose = random.Random(seed)
    program = Program(seed, (choose.randrange(4, 8), choose.randrange(4, 8)), choose.choice([1, 1, 2]))
    x = torch.rand(1, program.channels, *program.size, dtype=torch.float64) + 0.1
    length = choose.randrange(1, most_steps + 1)
    names = list(makers)
    for _ in range(20 * length):
        if len(program.steps) == length:
            break
        step = makers[choose.choice(names)](choose, x)
        y = tried(step, x) if step else None
        if y is not None and 2 <= y.numel() <= MOST and 1 <= y.dim() <= 6 and y.dtype == torch.float64:
            program.steps.append(step)
            x = y
    return program


def tried(step: Step, x: Tensor) -> Tensor | None:
    """The step's result; None where torch refuses it."""
    try:
        with torch.no_grad():
            return step.run(x.clone())
    except (RuntimeError, IndexError, ValueError, TypeError, NotImplementedError):
        return None
