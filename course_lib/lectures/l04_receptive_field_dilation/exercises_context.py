"""The exercise of 04 that debugs a context module."""

import torch
from torch import Tensor, nn

from course_lib.checking import expect
from course_lib.checking.attempt import call
from course_lib.checking.exercise import exercise
from course_lib.checking.outcome import NotYet
from course_lib.models.dilatednet import ContextModule


def _context(num_classes: int) -> nn.Module:
    layers: list[nn.Module] = []
    for rate in (1, 1, 2, 4, 8, 16, 1):
        layers += [nn.Conv2d(num_classes, num_classes, kernel_size=3, padding=rate, dilation=rate), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(num_classes, num_classes, kernel_size=1))


@exercise(
    "4.6",
    hints=(
        "Add up the fields: 1 + 2 * the sum of the 3x3 layers' rates. The module's field is 67.",
        "1 + 2 * (1 + 1 + 2 + 4 + 8 + 1) = 35: one rate is missing. Rates double from layer to layer.",
        "Seven 3x3 layers at rates 1, 1, 2, 4, 8, 16, 1, each padded by its rate, each followed by ReLU; "
        "then a 1x1 without ReLU.",
    ),
    solution=_context,
)
def context(answer) -> None:
    """Debug DilatedNet's context module: my_context(num_classes) gives the basic module.

    The listing that circulates has 3x3 layers at rates 1, 1, 2, 4, 8, 1 and a 1x1, each with ReLU.
    """
    for classes in (2, 3):
        built = expect.module(answer, classes, what="the context module")
        scores = call(built, torch.rand(1, classes, 80, 84))  # wide enough to survive seven layers without padding
        if not isinstance(scores, Tensor) or scores.shape != (1, classes, 80, 84):
            raise NotYet(
                f"80 x 84 cells should stay 80 x 84 with {classes} classes, found {expect.describe(scores)}",
                "Each 3x3 layer is padded by its rate.",
            )
        _give_weights(built, 1)
        field = _field_of(built, classes)
        if field != (67, 67):
            near = {
                35: "The layer with rate 16 is missing.",
                37: "Rate 16 is missing, and the listing's last 1 is the 1x1: no 3x3.",
                65: "A 3x3 at rate 1 is missing: there are three.",
                69: "There is a 3x3 too many: behind the seventh comes a 1x1.",
                99: "That is the whole map: is there a rate above 16, or BN?",
            }
            lines = [f"the receptive field is {field[0]} x {field[1]}, expected 67 x 67", near.get(field[0])]
            raise NotYet(*filter(None, lines))
        count = sum(parameter.numel() for parameter in built.parameters())
        slips = {
            "The 1x1 at the end is missing.": 63 * classes**2 + 7 * classes,
            "The convolutions have no bias.": 64 * classes**2,
        }
        expect.number(count, 64 * classes**2 + 8 * classes, what="the module's parameters", slips=slips)
        rates = [part.dilation[0] for part in built.modules() if isinstance(part, nn.Conv2d)]
        expect.listing(rates, [1, 1, 2, 4, 8, 16, 1, 1], what="the rates in order")
        x = torch.rand(1, classes, 8, 11)
        _give_weights(built, -1)
        expected = _give_weights(ContextModule(classes), -1)(x)
        slips = {"A ReLU stands behind the last layer too: then no score is negative.": expected.relu()}
        expect.tensor(call(built, x), expected, what="the scores with our weights", slips=slips, tolerance=1e-6)
        x = torch.linspace(-1, 1, x.numel()).reshape(x.shape)  # only what is below 0 shows where a ReLU is missing
        expected = _give_weights(ContextModule(classes), -1)(x)
        if not torch.allclose(call(built, x), expected, atol=1e-6):
            raise NotYet(
                "scores below 0 come out otherwise than in the module",
                "Each of the seven 3x3 layers is followed by a ReLU.",
            )


def _give_weights(module: nn.Module, sign: int) -> nn.Module:
    """Weights with which every layer matters, no hidden ReLU is silent, and all scores have one sign."""
    convolutions = [part for part in module.modules() if isinstance(part, nn.Conv2d)]
    for index, layer in enumerate(convolutions):
        with torch.no_grad():
            layer.weight.fill_(0.01)
            middle = layer.weight.shape[-1] // 2
            layer.weight[..., middle, middle] += torch.eye(*layer.weight.shape[:2])
            if layer is convolutions[-1]:
                layer.weight.mul_(sign)
            if layer.bias is not None:
                layer.bias.fill_(0.002 * sign * index)
    return module


def _field_of(module: nn.Module, channels: int) -> tuple[int, int]:
    """How many rows and columns the centre of a 99 x 99 map hears, by its gradient."""
    x = torch.ones(1, channels, 99, 99, requires_grad=True)
    call(module, x)[0, 0, 49, 49].backward()
    heard = x.grad[0].abs().sum(0) > 0 if x.grad is not None else torch.zeros(99, 99)
    return tuple(int(heard.any(axis).nonzero().max() - heard.any(axis).nonzero().min()) + 1 for axis in (1, 0))
