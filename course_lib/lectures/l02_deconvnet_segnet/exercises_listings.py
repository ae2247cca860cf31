"""The exercises of 02 that debug listings which circulate, each with one thing wrong."""

import torch
from torch import Tensor, nn

from course_lib.checking import expect
from course_lib.checking.attempt import call
from course_lib.checking.exercise import exercise
from course_lib.checking.outcome import NotYet


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
