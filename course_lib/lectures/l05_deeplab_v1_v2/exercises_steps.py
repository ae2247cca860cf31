"""The exercises of 05 about steps: one of the mean field on a few pixels, and the learning rate of each step."""

import torch
from torch import Tensor

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise


def _mean_field(unary: Tensor, answers: Tensor, kernel: Tensor) -> Tensor:
    others = kernel - torch.diag(kernel.diagonal())
    return (others @ answers - unary).softmax(dim=1)


@exercise(
    "5.5",
    hints=(
        "Each pixel asks all others: a neighbour that is sure of a class speaks for it, as loudly as the kernel says.",
        "The message to pixel i about class c: the sum over all j but i of kernel[i, j] * answers[j, c].",
        "A pixel does not ask itself: take kernel's diagonal out. Then (others @ answers - unary).softmax(dim=1).",
    ),
    solution=_mean_field,
)
def mean_field(answer, *, draw: Draw) -> None:
    """One step of the mean field: my_mean_field(unary, answers, kernel) gives the new answers, pixels x classes.

    `unary` is the cost of each class at each pixel, -log of the network's probability. `answers` are the probabilities
    before the step, `kernel` (pixels x pixels) says how strongly two pixels are tied: agreement gains kernel[i, j].
    """

    def case(pixels: int, classes: int) -> tuple[Tensor, Tensor, Tensor]:
        kernel = draw.uniform(pixels, pixels)
        return draw.normal(pixels, classes), draw.normal(pixels, classes).softmax(1), kernel + kernel.T

    example = (
        torch.tensor([[0.1, 2.0], [0.7, 0.7], [0.2, 1.5]]),
        torch.tensor([[0.9, 0.1], [0.5, 0.5], [0.8, 0.2]]),
        torch.tensor([[1.0, 0.6, 0.1], [0.6, 1.0, 0.3], [0.1, 0.3, 1.0]]),
    )
    expect.function(
        answer,
        _mean_field,
        [example],
        drawn=(case(*sizes) for sizes in (draw.apart(2, 6, 2), draw.apart(4, 9, 2))),
        what="the new answers",
        slips={
            "A pixel asks itself, too: leave kernel[i, i] out.": lambda u, q, k: (k @ q - u).softmax(1),
            "The unary costs are missing: the network still has its say.": lambda u, q, k: _mean_field(0 * u, q, k),
            "The unary costs are added: a cost speaks against its class.": lambda u, q, k: _mean_field(-u, q, k),
            "Agreement is punished: a neighbour's answer speaks for its class.": lambda u, q, k: _mean_field(u, -q, k),
            "The softmax is missing: answers are probabilities.": lambda u, q, k: (
                (k - torch.diag(k.diagonal())) @ q - u
            ),
            "The softmax runs over the pixels: dim=1 holds the classes.": lambda u, q, k: (
                (k - torch.diag(k.diagonal())) @ q - u
            ).softmax(0),
            "The neighbours are averaged: the messages add up.": lambda u, q, k: _mean_field(
                u, q, k / (k.sum(1, keepdim=True) - k.diagonal()[:, None])
            ),
            "The pixels are not asked: the answers before the step are the neighbours'.": lambda u, q, k: (-u).softmax(
                1
            ),
        },
    )


def _poly(step: int, steps: int, start: float) -> float:
    return start * (1 - step / steps) ** 0.9


@exercise(
    "5.7",
    hints=(
        "At step 0 it is `start`, at the last step 0. What share of the way is still to go?",
        "1 - step / steps is still to go; raise it to the power 0.9.",
        "start * (1 - step / steps) ** 0.9",
    ),
    solution=_poly,
)
def poly(answer, *, draw: Draw) -> None:
    """DeepLab v2's learning rate, "poly": my_poly(step, steps, start) falls from start to 0 with the power 0.9."""
    expect.function(
        answer,
        _poly,
        [(0, 100, 0.01), (50, 100, 0.01)],
        drawn=((draw.whole(1, steps), steps, 0.1 * draw.whole(1, 19)) for steps in draw.apart(5, 90, 4)),
        what="the learning rate at step {0} of {1}, from {2}",
        slips={
            "It rises: at step 0 it should be `start`, at the end 0.": lambda i, n, s: s * (i / n) ** 0.9,
            "The power 0.9 is missing.": lambda i, n, s: s * (1 - i / n),
            "The start is missing: it scales the rest.": lambda i, n, s: (1 - i / n) ** 0.9,
            "The power belongs to the share that is left, not to the product.": lambda i, n, s: (
                (s * (1 - i / n)) ** 0.9
            ),
            "1 minus the power is not the power of 1 minus: brackets first.": lambda i, n, s: s * (1 - (i / n) ** 0.9),
            "The power is 0.9, not 2.": lambda i, n, s: s * (1 - i / n) ** 2,
        },
        tolerance=1e-5,
    )
