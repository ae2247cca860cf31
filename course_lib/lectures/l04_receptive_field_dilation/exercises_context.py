"""The exercise of 04 that debugs a context module."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.checking import expect, weights
from course_lib.checking.attempt import call
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise
from course_lib.checking.outcome import NotYet


def _context(num_classes: int) -> nn.Module:
    layers: list[nn.Module] = []
    for rate in (1, 1, 2, 4, 8, 16, 1):
        layers += [nn.Conv2d(num_classes, num_classes, kernel_size=3, padding=rate, dilation=rate), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(num_classes, num_classes, kernel_size=1))


@exercise(
    "4.7",
    hints=(
        "Add up the fields: 1 + 2 * the sum of the 3x3 layers' rates. The module's field is 67.",
        "1 + 2 * (1 + 1 + 2 + 4 + 8 + 1) = 35: one rate is missing. Rates double from layer to layer.",
        "Seven 3x3 layers at rates 1, 1, 2, 4, 8, 16, 1, each padded by its rate, each followed by ReLU; "
        "then a 1x1 without ReLU.",
    ),
    solution=_context,
)
def context(answer, *, draw: Draw) -> None:
    """Debug DilatedNet's context module: my_context(num_classes) gives the basic module.

    The listing that circulates has 3x3 layers at rates 1, 1, 2, 4, 8, 1 and a 1x1, each with ReLU.
    """
    for classes in (2, 3):
        built = expect.module(answer, classes, what="the context module")
        scores = call(built, torch.rand(1, classes, 80, 84))  # wide enough to survive seven layers without padding
        if not isinstance(scores, Tensor) or scores.shape != (1, classes, 80, 84):
            raise NotYet(
                f"80 x 84 cells should stay 80 x 84 with {classes} classes, found {expect.describe(scores)}",
                "Each 3x3 layer is padded by its rate; the 1x1 needs no padding.",
            )
        if any(isinstance(part, weights.NORMS) for part in built.modules()):
            raise NotYet("there is BN in the module: DilatedNet's context module has none")
        _field_is_right(_give_weights(built), classes)
        count = sum(parameter.numel() for parameter in built.parameters())
        slips = {
            "The 1x1 at the end is missing.": 63 * classes**2 + 7 * classes,
            "The convolutions have no bias.": 64 * classes**2,
        }
        expect.number(count, 64 * classes**2 + 8 * classes, what="the module's parameters", slips=slips)
        for _ in range(2):
            _compare(built, classes, draw)


def _field_is_right(module: nn.Module, classes: int) -> None:
    field = _field_of(module, classes)
    if field != (67, 67):
        near = {
            1: "Only the cell itself is heard, as if a softmax stood behind the last layer: scores are asked.",
            35: "The layer with rate 16 is missing.",
            37: "Rate 16 is missing, and the listing's last 1 is the 1x1: no 3x3.",
            65: "A 3x3 at rate 1 is missing: there are three.",
            69: "There is a 3x3 too many: behind the seventh comes a 1x1.",
            99: "That is the whole map: is there a rate above 16?",
        }
        slip = near.get(field[0])
        if field[0] not in (1, 37, 99) and sum(weight.shape[2:] == (3, 3) for weight in module.parameters()) == 7:
            slip = f"Seven 3x3 layers are there, but their rates add up to {(field[0] - 1) // 2}, expected 33."
        lines = [f"the receptive field is {field[0]} x {field[1]}, expected 67 x 67", slip]
        raise NotYet(*filter(None, lines))


def _chain(x: Tensor, kernels: dict, bias: Tensor, activation=F.relu, *, silent: int = -1) -> Tensor:
    """The module with one kernel for all 3x3 and one for the 1x1."""
    for place, rate in enumerate((1, 1, 2, 4, 8, 16, 1)):
        x = F.conv2d(x, kernels[3], bias, padding=rate, dilation=rate)
        x = x if place == silent else activation(x)
    return F.conv2d(x, kernels[1], bias)


def _compare(module: nn.Module, classes: int, draw: Draw) -> None:
    """The scores with drawn weights, the same in all 3x3: only the order of the rates and the ReLUs can matter.

    The weights lie where the student put them, in layers or not. With inputs and outputs exchanged and turned around
    they are the same, so that a transposed convolution, which does the same here, is right as well.
    """
    bias, kernels = draw.normal(classes), {}
    for side, scale in ((3, 0.4), (1, 0.7)):
        kernel = draw.normal(classes, classes, side, side, scale=scale)
        kernels[side] = kernel + kernel.transpose(0, 1).flip(2, 3)
    for weight in module.parameters():
        given = bias if weight.ndim == 1 else kernels.get(weight.shape[-1])
        if given is None or given.shape != weight.shape:
            raise NotYet(f"there is a weight of shape {tuple(weight.shape)}", RATES)
        with torch.no_grad():
            weight.copy_(given)
    x = draw.normal(1, classes, 8, 11, scale=4)
    right = _chain(x, kernels, bias)
    slips = {
        "A ReLU stands behind the last layer too: then no score is negative.": right.relu(),
        "A softmax stands behind the last layer: scores are asked.": right.softmax(1),
        "The activation is ReLU6: ReLU has no ceiling.": _chain(x, kernels, bias, F.relu6),
        "The activation is LeakyReLU: it should be ReLU.": _chain(x, kernels, bias, F.leaky_relu),
        "Each of the seven 3x3 layers is followed by a ReLU: here, none is.": _chain(x, kernels, bias, lambda x: x),
        **{
            f"Each of the seven 3x3 layers is followed by a ReLU: number {place + 1} is not.": _chain(
                x, kernels, bias, silent=place
            )
            for place in range(7)
        },
    }
    try:
        weights.runs(module, x, right, what="the scores with our weights", slips=slips)
    except NotYet as verdict:
        lines = verdict.lines if len(verdict.lines) > 1 else (*verdict.lines, RATES)
        raise NotYet(*lines) from None


RATES = "Seven 3x3 layers at rates 1, 1, 2, 4, 8, 16, 1 in this order, each with a ReLU, then a 1x1 without one."


def _give_weights(module: nn.Module) -> nn.Module:
    """Weights with which every layer hears its neighbours and no hidden ReLU is silent."""
    with torch.no_grad():
        for weight in module.parameters():
            weight.fill_(0.01 if weight.ndim > 1 else 0.002)
            if weight.ndim == 4:
                middle = weight.shape[-1] // 2
                weight[..., middle, middle] += torch.eye(*weight.shape[:2])
    return module


def _field_of(module: nn.Module, channels: int) -> tuple[int, int]:
    """How many rows and columns the centre of a 99 x 99 map hears, by its gradient."""
    x = torch.ones(1, channels, 99, 99, requires_grad=True)
    call(module, x)[0, 0, 49, 49].backward()
    heard = x.grad[0].abs().sum(0) > 0 if x.grad is not None else torch.zeros(99, 99)
    return tuple(int(heard.any(axis).nonzero().max() - heard.any(axis).nonzero().min()) + 1 for axis in (1, 0))
