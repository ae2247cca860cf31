"""The exercises that debug: listings that circulate, each with one thing wrong, to be written right.

Each is part of its lecture's module, such as `exercises.deconvnet.score_layer`.
"""

import torch
from torch import Tensor, nn

from course_lib.checking import expect
from course_lib.checking.attempt import call
from course_lib.checking.exercise import exercise
from course_lib.checking.outcome import NotYet
from course_lib.models.dilatednet import ContextModule


def _score_layer(before: int, num_classes: int) -> nn.Module:
    return nn.Conv2d(before, num_classes, kernel_size=3, padding=1)


@exercise(
    "2.5",
    hints=(
        "A score may be negative, and it may not depend on the other images of the batch.",
        "This listing circulates: nn.Sequential(nn.Conv2d(before, num_classes, 3, padding=1), nn.BatchNorm2d(...), "
        "nn.ReLU()). Two of its three parts do not belong behind the last layer.",
        "A single nn.Conv2d, 3x3, padding 1.",
    ),
    solution=_score_layer,
)
def score_layer(answer) -> None:
    """Debug SegNet's last layer: my_score_layer(before, num_classes) gives the module that makes the scores.

    The listing that circulates ends with Conv2d 3x3, BatchNorm2d and ReLU. Give the module that SegNet has.
    """
    generator = torch.Generator().manual_seed(21)
    for before, classes in ((3, 2), (8, 11)):
        layer = expect.module(answer, before, classes, what="the score layer")
        x = torch.randn(4, before, 6, 9, generator=generator)
        if any(isinstance(part, nn.ConvTranspose2d) for part in layer.modules()):
            raise NotYet("that is a transposed convolution, as in DeconvNet's decoder: SegNet's are plain, nn.Conv2d")
        if any(isinstance(part, nn.modules.batchnorm._BatchNorm) for part in layer.modules()):
            raise NotYet("the score layer has BN: a score would depend on the other images of the batch while training")
        scores = call(layer, x)
        if not isinstance(scores, Tensor) or scores.shape != (4, classes, 6, 9):
            raise NotYet(
                f"for {before} maps of 6 x 9 the scores should have shape (4, {classes}, 6, 9)",
                f"found {expect.describe(scores)}: a 3x3 needs padding 1 to keep the size",
            )
        if not (call(layer, 100 * x) < 0).any():
            raise NotYet("no score is ever negative: a ReLU (or a softmax) stands behind the convolution")
        count = sum(parameter.numel() for parameter in layer.parameters())
        slips = {
            "That is a 1x1 convolution: SegNet-Basic has it, SegNet has 3x3.": before * classes + classes,
            "The convolution has no bias: with no BN behind it, it needs one.": 9 * before * classes,
        }
        expect.number(count, 9 * before * classes + classes, what="the layer's parameters", slips=slips)
        if not torch.allclose(call(layer, -2 * x) - call(layer, 0 * x), -2 * (scores - call(layer, 0 * x)), atol=1e-3):
            raise NotYet("the scores are not proportional to the maps: something other than a convolution is in there")


def _decoder_block(before: int, after: int) -> nn.Module:
    convolution = nn.ConvTranspose2d(before, after, kernel_size=3, padding=1)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())


@exercise(
    "2.6",
    hints=(
        "The layer is called deconv; what is its weight's shape? nn.Conv2d holds (after, before, 3, 3).",
        "A transposed convolution holds (before, after, 3, 3). Padding 1 keeps the size at stride 1.",
        "nn.Sequential(nn.ConvTranspose2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU())",
    ),
    solution=_decoder_block,
)
def decoder_block(answer) -> None:
    """Debug DeconvNet's decoder: my_decoder_block(before, after) gives one layer of it, with BN and ReLU.

    The listing that circulates: deconv = nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after),
    nn.ReLU()). It trains as well, but the authors' weights do not fit into it.
    """
    generator = torch.Generator().manual_seed(22)
    for before, after in ((3, 2), (4, 6)):
        block = expect.module(answer, before, after, what="the decoder block")
        deconvolutions = [part for part in block.modules() if isinstance(part, nn.ConvTranspose2d)]
        if any(isinstance(part, nn.Conv2d) for part in block.modules()):
            raise NotYet(
                "there is an nn.Conv2d in the block: DeconvNet's decoder is made of nn.ConvTranspose2d",
                f"its weight should have shape ({before}, {after}, 3, 3)",
            )
        if len(deconvolutions) != 1:
            raise NotYet(f"the block has {len(deconvolutions)} nn.ConvTranspose2d, expected one")
        found, expected = tuple(deconvolutions[0].weight.shape), (before, after, 3, 3)
        if found != expected:
            raise NotYet(f"the transposed convolution's weight has shape {found}, expected {expected}")
        if deconvolutions[0].stride != (1, 1):
            raise NotYet(
                f"the transposed convolution has stride {deconvolutions[0].stride[0]}, expected 1",
                "In DeconvNet unpooling enlarges; what follows fills the holes and keeps the size.",
            )
        norms = [part for part in block.modules() if isinstance(part, nn.BatchNorm2d)]
        if not norms:
            raise NotYet("BN is missing: in DeconvNet it follows every convolution of the decoder")
        if norms[0].num_features != after:
            raise NotYet(f"BN is made for {norms[0].num_features} maps; {after} come out of the convolution before it")
        x = torch.randn(2, before, 5, 7, generator=generator)
        right = _decoder_block(before, after).train()
        right[0].load_state_dict(deconvolutions[0].state_dict(), strict=False)
        normalised = right[:2](x)
        slips = {
            "No ReLU stands at the end.": normalised,
            "The ReLU stands before BN: the order is deconvolution, BN, ReLU.": right[1](right[0](x).relu()),
        }
        expect.tensor(call(block.train(), x), right(x), what="the block's output for 5 x 7", slips=slips)


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


def _levels(channels: int, bins: tuple[int, ...]) -> nn.Module:
    each = channels // len(bins)
    return nn.ModuleList(
        nn.Sequential(nn.Conv2d(channels, each, kernel_size=1, bias=False), nn.BatchNorm2d(each), nn.ReLU())
        for _ in bins
    )


@exercise(
    "6.4",
    hints=(
        "How many channels has one level in PSPNet, with 2048 maps and four levels? Not one.",
        "Each level is reduced to 1 / (number of levels) of the channels: 2048 / 4 = 512.",
        "nn.ModuleList of nn.Sequential(nn.Conv2d(channels, channels // len(bins), 1, bias=False), BN, ReLU)",
    ),
    solution=_levels,
)
def levels(answer) -> None:
    """Debug PSPNet's levels: my_levels(channels, bins) gives an nn.ModuleList, one 1x1 with BN and ReLU for each bin.

    The listing that circulates: [nn.Conv2d(channels, 1, kernel_size=1) for _ in bins].
    """
    for channels, bins in ((8, (1, 2)), (12, (1, 2, 3, 6)), (64, (1, 2, 3, 6))):
        built = expect.module(answer, channels, bins, what="the collection of levels")
        if not isinstance(built, nn.ModuleList):
            raise NotYet(f"the levels should lie in an nn.ModuleList, found {type(built).__name__}")
        expect.number(len(built), len(bins), what=f"the number of levels for bins {bins}")
        each = channels // len(bins)
        for level in built:
            average = call(level.eval(), torch.randn(2, channels, 3, 3))
            if not isinstance(average, Tensor) or average.shape[::2] != (2, 3) or average.ndim != 4:
                raise NotYet(f"a level should give maps of 3 x 3 for 3 x 3 averages, found {expect.describe(average)}")
            slips = {
                "That is the number that circulates; one channel out of 2048 says very little.": 1,
                "The level keeps all channels: four of them would outnumber the features.": channels,
            }
            expect.number(average.shape[1], each, what=f"a level's channels for {channels} maps", slips=slips)
            kinds = {kind for kind in (nn.BatchNorm2d, nn.ReLU) if any(isinstance(m, kind) for m in level.modules())}
            if nn.BatchNorm2d not in kinds:
                raise NotYet("BN is missing behind the 1x1")
            if (average < 0).any():
                raise NotYet("a level gives negative values: ReLU is missing at its end")
