"""The exercises of 02 that debug listings which circulate, each with one thing wrong."""

from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.checking import expect, weights
from course_lib.checking.attempt import call
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise
from course_lib.checking.outcome import NotYet


def _score_layer(before: int, num_classes: int) -> nn.Module:
    return nn.Conv2d(before, num_classes, kernel_size=3, padding=1)


@exercise(
    "2.7",
    hints=(
        "A score may be negative, and it may not depend on the other images of the batch.",
        "This listing circulates: nn.Sequential(nn.Conv2d(before, num_classes, 3, padding=1), nn.BatchNorm2d(...), "
        "nn.ReLU()). Two of its three parts do not belong behind the last layer.",
        "A single nn.Conv2d, 3x3, padding 1.",
    ),
    solution=_score_layer,
)
def score_layer(answer, *, draw: Draw) -> None:
    """Debug SegNet's last layer: my_score_layer(before, num_classes) gives the module that makes the scores.

    The listing that circulates ends with Conv2d 3x3, BatchNorm2d and ReLU. Give the module that SegNet has.
    """
    for before, classes in ((3, 2), (draw.whole(4, 8), draw.whole(9, 12))):
        layer = expect.module(answer, before, classes, what="the score layer")
        if any(isinstance(part, weights.NORMS) for part in layer.modules()):
            raise NotYet(
                "the score layer has BN: a score would depend on the other images of the batch while training",
                drawn=False,
            )
        layer = weights.fill(layer, draw).train()
        x = draw.normal(4, before, 6, 9, scale=5)
        scores = call(layer, x)
        if not isinstance(scores, Tensor) or scores.shape != (4, classes, 6, 9):
            kept = isinstance(scores, Tensor) and scores.shape[2:] == x.shape[2:]
            raise NotYet(
                f"for {before} maps of 6 x 9 the scores should have shape (4, {classes}, 6, 9)",
                f"found {expect.describe(scores)}"
                + (": one map for each class" if kept else ": a 3x3 needs padding 1 to keep the size"),
                drawn=False,
            )
        _only_a_convolution(layer, x, scores)
        count = sum(parameter.numel() for parameter in layer.parameters())
        slips = {
            "That is a 1x1 convolution: SegNet-Basic has it, SegNet has 3x3.": before * classes + classes,
            "The convolution has no bias: with no BN behind it, it needs one.": 9 * before * classes,
        }
        expect.number(count, 9 * before * classes + classes, what="the layer's parameters", slips=slips)
        kernel, bias = weights.measured(layer, before)
        spans = [(places.max() - places.min() + 1).item() for places in kernel.nonzero().T[2:]]
        if spans != [3, 3] or not kernel[..., 3:6, 3:6].all():
            raise NotYet(f"a score reads {spans[0]} x {spans[1]} cells, expected 3 x 3: kernel_size=3, no dilation")
        expected = F.conv2d(x, kernel[..., 3:6, 3:6], bias, padding=1)
        slips = {"The border is not padded with zeros: leave padding_mode as it is.": scores}
        weights.runs(layer, x, expected, what="the scores", slips=slips)


def _only_a_convolution(layer: nn.Module, x: Tensor, scores: Tensor) -> None:
    """No activation, no softmax, no dropout: twice the maps give twice the scores, once the bias is taken off."""
    if not (scores < 0).any():
        raise NotYet("no score is ever negative: a ReLU (or a softmax) stands behind the convolution")
    empty = call(layer, 0 * x)
    for found in (scores, call(layer.eval(), x)):  # dropout acts only while training
        wrong = call(layer.train(), -2 * x) - empty + 2 * (found - empty)
        if not wrong.abs().max() < 1e-3 * scores.abs().max():
            raise NotYet("the scores are not proportional to the maps: something other than a convolution is in there")


def _decoder_block(before: int, after: int) -> nn.Module:
    convolution = nn.ConvTranspose2d(before, after, kernel_size=3, padding=1)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())


@exercise(
    "2.8",
    hints=(
        "The layer is called deconv; what is its weight's shape? nn.Conv2d holds (after, before, 3, 3).",
        "A transposed convolution holds (before, after, 3, 3). Padding 1 keeps the size at stride 1.",
        "nn.Sequential(nn.ConvTranspose2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU())",
    ),
    solution=_decoder_block,
)
def decoder_block(answer, *, draw: Draw) -> None:
    """Debug DeconvNet's decoder: my_decoder_block(before, after) gives one layer of it, with BN and ReLU.

    The listing that circulates: deconv = nn.Sequential(nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after),
    nn.ReLU()). It trains as well, but the authors' weights do not fit into it.
    """
    for before, after in ((3, 2), draw.apart(3, 8, 2)):
        block = expect.module(answer, before, after, what="the decoder block")
        if any(isinstance(part, nn.Conv2d) for part in block.modules()):
            raise NotYet(
                "there is an nn.Conv2d in the block: DeconvNet's decoder is made of nn.ConvTranspose2d",
                f"its weight should have shape ({before}, {after}, 3, 3)",
                drawn=False,
            )
        _fits(block, before, after)
        norm = weights.one_norm(block, after)
        x = weights.fill(block, draw) and draw.normal(2, before, 5, 7, scale=5)
        bias = weights.bias_beside(block)
        for training in (True, False):
            enlarged = F.conv_transpose2d(x, weights.convolutions(block)[0], bias, padding=1)
            ready = weights.normalised(norm, enlarged, training)
            slips = {
                **weights.activations(ready),
                "The ReLU stands before BN: the order is deconvolution, BN, ReLU.": weights.normalised(
                    norm, enlarged.relu(), training
                ),
            }
            what = "the block's output for 5 x 7"
            weights.runs(block.train(training), x, ready.relu(), what=what, slips=slips)


def _fits(block: nn.Module, before: int, after: int) -> None:
    """The authors' weights fit into the block: one weight, of their shape, at stride 1."""
    found = weights.convolutions(block)
    if len(found) != 1:
        raise NotYet(f"the block has {len(found)} nn.ConvTranspose2d, expected one", drawn=False)
    if tuple(found[0].shape) != (before, after, 3, 3):
        raise NotYet(
            f"the transposed convolution's weight has shape {tuple(found[0].shape)}, expected {(before, after, 3, 3)}",
            drawn=False,
        )
    for part in block.modules():
        if isinstance(part, nn.ConvTranspose2d) and (part.stride, part.dilation) != ((1, 1), (1, 1)):
            raise NotYet(
                f"the transposed convolution has stride {part.stride[0]} and dilation {part.dilation[0]}, expected 1",
                "In DeconvNet unpooling enlarges; what follows fills the holes and keeps the size.",
                drawn=False,
            )
