"""The exercise of 06 that debugs the levels of pyramid pooling."""

from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.checking import expect, weights
from course_lib.checking.attempt import call
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise
from course_lib.checking.outcome import NotYet


def _levels(channels: int, bins: tuple[int, ...]) -> nn.Module:
    each = channels // len(bins)
    return nn.ModuleList(
        nn.Sequential(nn.Conv2d(channels, each, kernel_size=1, bias=False), nn.BatchNorm2d(each), nn.ReLU())
        for _ in bins
    )


@exercise(
    "6.3",
    hints=(
        "How many channels has one level in PSPNet, with 2048 maps and four levels? Not one.",
        "Each level is reduced to 1 / (number of levels) of the channels: 2048 / 4 = 512.",
        "nn.ModuleList of nn.Sequential(nn.Conv2d(channels, channels // len(bins), 1, bias=False), BN, ReLU)",
    ),
    solution=_levels,
)
def levels(answer, *, draw: Draw) -> None:
    """Debug PSPNet's levels: my_levels(channels, bins) gives an nn.ModuleList, one 1x1 with BN and ReLU for each bin.

    The listing that circulates: [nn.Conv2d(channels, 1, kernel_size=1) for _ in bins].
    """
    few = draw.whole(3, 9)
    for channels, bins in ((8, (1, 2)), (12, (1, 2, 3, 6)), (few * 5, tuple(draw.apart(1, 7, 5)))):
        built = expect.module(answer, channels, bins, what="the collection of levels")
        if not isinstance(built, nn.ModuleList):
            raise NotYet(f"the levels should lie in an nn.ModuleList, found {type(built).__name__}", drawn=False)
        expect.number(len(built), len(bins), what=f"the number of levels for bins {bins}")
        for level in weights.fill(built, draw):
            _level(level, channels, channels // len(bins), draw)
        places = {weight.data_ptr() for weight in built.parameters()}
        if len(places) < sum(len(list(level.parameters())) for level in built):
            raise NotYet("levels share their weights: build each one anew, with its own", drawn=False)


def _level(level: nn.Module, channels: int, each: int, draw: Draw) -> None:
    x = draw.normal(3, channels, 3, 3, scale=5)
    found = call(level.eval(), x)
    if not isinstance(found, Tensor) or found.shape[::2] != (3, 3) or found.ndim != 4:
        raise NotYet(f"a level should give maps of 3 x 3 for 3 x 3 averages, found {expect.describe(found)}")
    slips = {
        "That is the number that circulates; one channel out of 2048 says very little.": 1,
        "The level keeps all channels: four of them would outnumber the features.": channels,
    }
    expect.number(found.shape[1], each, what=f"a level's channels for {channels} maps", slips=slips)
    norm = weights.one_norm(level, each)
    kernels = weights.convolutions(level)
    if len(kernels) != 1 or kernels[0].numel() != each * channels:
        held = ", ".join(str(tuple(kernel.shape)) for kernel in kernels) or "none"
        raise NotYet(f"a level has one 1x1 convolution, weight ({each}, {channels}, 1, 1); found {held}", drawn=False)
    kernel = kernels[0].flatten(1) if len(kernels[0]) == each else kernels[0].flatten(1).T  # (a transposed one)
    for training in (True, False):
        reduced = F.conv2d(x, kernel[..., None, None], weights.bias_beside(level))
        ready = weights.normalised(norm, reduced, training)
        slips = {
            **weights.activations(ready),
            "The ReLU stands before BN: the order is convolution, BN, ReLU.": weights.normalised(
                norm, reduced.relu(), training
            ),
        }
        weights.runs(level.train(training), x, ready.relu(), what="a level's maps", slips=slips)
