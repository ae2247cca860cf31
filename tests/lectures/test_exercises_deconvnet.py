"""The exercises of 02: other right answers pass, and each wrong one gets the sentence that helps."""

import torch
from exercise_answers import Answers
from torch import nn
from torch.nn import functional as F

from course_lib.lectures.l02_deconvnet_segnet import exercises as MODULE


def unpool(values, places, size):
    out = torch.zeros(*values.shape[:2], *size)
    for n in range(values.shape[0]):
        for c in range(values.shape[1]):
            for value, place in zip(values[n, c].flatten(), places[n, c].flatten().tolist()):
                out[n, c, place // size[1], place % size[1]] = value
    return out


def corners(values, places, size):
    out = torch.zeros(*values.shape[:2], *size)
    out[..., ::2, ::2] = values
    return out


def turned(values, places, size):
    out = torch.zeros(*values.shape[:2], *size)
    flat = places % size[1] * size[0] + places // size[1]
    return out.flatten(2).scatter(2, flat.flatten(2), values.flatten(2)).view_as(out)


def deconvolved(image, kernel, stride):
    """Zeros between the pixels, zeros around, and an ordinary convolution with the turned kernel."""
    high, wide = kernel.shape
    spaced = torch.zeros((image.shape[0] - 1) * stride + 1, (image.shape[1] - 1) * stride + 1)
    spaced[::stride, ::stride] = image
    spaced = F.pad(spaced, (wide - 1, wide - 1, high - 1, high - 1))
    return F.conv2d(spaced[None, None], kernel.flip(0, 1)[None, None])[0, 0]


def stamped(image, kernel, stride):
    out = torch.zeros((image.shape[0] - 1) * stride + kernel.shape[0], (image.shape[1] - 1) * stride + kernel.shape[1])
    for y, row in enumerate(image):
        for x, value in enumerate(row):
            at = slice(y * stride, y * stride + kernel.shape[0]), slice(x * stride, x * stride + kernel.shape[1])
            out[at] = value * kernel
    return out


def sizes(side, pools):
    return [side, *sizes(-(-side // 2), pools - 1)] if pools else [side]


class Score(nn.Module):
    def __init__(self, before, classes):
        super().__init__()
        self.classifier = nn.Conv2d(before, classes, (3, 3), padding="same")

    def forward(self, x):
        return self.classifier(x)


class Block(nn.Module):
    def __init__(self, before, after):
        super().__init__()
        self.up, self.norm = nn.ConvTranspose2d(before, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after)

    def forward(self, x):
        return self.norm(self.up(x)).clamp(min=0)


def up(before, after, **how):
    return nn.ConvTranspose2d(before, after, 3, **{"padding": 1, **how})


def places(image):
    _, found = F.max_pool2d(image[None], 2, return_indices=True)
    return found.flatten().tolist()


def covered(cells, kernel, stride):
    return [
        sum(place - kernel < cell * stride <= place for cell in range(cells))
        for place in range((cells - 1) * stride + kernel)
    ]


RIGHT = {
    MODULE.places: [places, lambda image: torch.tensor(places(image))],
    MODULE.cover: [lambda n, k, s: F.conv_transpose1d(torch.ones(1, 1, n), torch.ones(1, 1, k), stride=s)[0, 0].long()],
    MODULE.unpool: [unpool, lambda v, p, size: F.max_unpool2d(v, p, 2, output_size=size)],
    MODULE.transposed: [deconvolved],
    MODULE.sizes: [sizes],
    MODULE.costs: ["ca"],
    MODULE.score_layer: [Score, up],
    MODULE.decoder_block: [Block],
}
WRONG = {
    MODULE.places: {
        "Those count within the window": lambda image: [p // image.shape[1] % 2 * 2 + p % 2 for p in places(image)],
        "Rows and columns are exchanged": lambda image: [
            p % image.shape[1] * len(image) + p // image.shape[1] for p in places(image)
        ],
        "Those are the values": lambda image: [image.flatten()[p].item() for p in places(image)],
        "Those are the smallest values' places": lambda image: places(-image),
        "should be a list, found int 1": lambda image: places(image)[0],
    },
    MODULE.cover: {
        "The last kernel does not fit": lambda n, k, s: covered(n, k, s)[: n * s],
        "The stride is not used": lambda n, k, s: covered(n, k, 1),
        "Kernel and stride are exchanged": lambda n, s, k: covered(n, k, s),
        "An output counts 1": lambda n, k, s: [min(1, c) for c in covered(n, k, s)],
        "Both ends are cut off": lambda n, k, s: covered(n, k, s)[1:-1],
    },
    MODULE.unpool: {
        "top left of its 2x2 window": corners,
        "Each value fills its whole window": lambda v, p, s: F.interpolate(v, scale_factor=2)[..., : s[0], : s[1]],
        "Rows and columns are exchanged": turned,
        "All channels went to the places of the first": lambda v, p, s: unpool(v, p[:, :1].expand_as(p), s),
        "has shape (3, 3, 4, 12), expected (3, 3, 3, 11)": lambda v, p, s: (
            F.max_unpool2d(v, p // s[1] * (s[1] % 2) + p, 2) if s[1] % 2 else F.max_unpool2d(v, p, 2)
        ),
        "The large map is `size`, not twice the small one": lambda v, p, s: unpool(
            v, p, (2 * v.shape[2], 2 * v.shape[3])
        ),
        "should be a tensor, found NoneType": lambda v, p, s: print(end=""),
    },
    MODULE.transposed: {
        "The kernel is turned around": lambda i, k, s: deconvolved(i, k.flip(0, 1), s),
        "Later stamps replace earlier ones": stamped,
        "The stride is not used": lambda i, k, s: deconvolved(i, k, 1),
        "Every pixel stamped alike": lambda i, k, s: deconvolved(i * 0 + 1, k, s),
        "Image and kernel are exchanged": lambda k, i, s: deconvolved(i, k, s),
        "has shape (3, 4), expected (7, 12)": lambda i, k, s: (
            F.interpolate(i[None, None], size=(2 + i.shape[0] - 1, 4))[0, 0] if s > 1 else deconvolved(i, k, s)
        ),
        "The last kernel does not fit": lambda i, k, s: deconvolved(i, k, s)[: i.shape[0] * s, : i.shape[1] * s],
    },
    MODULE.sizes: {
        "The pools round up": lambda side, pools: [side // 2**i for i in range(pools + 1)],
        "should begin with the image itself": lambda side, pools: sizes(side, pools)[1:],
        "list the way down": lambda side, pools: sizes(side, pools)[::-1],
        "One pool is missing": lambda side, pools: sizes(side, pools - 1),
        "These have fractions": lambda side, pools: [side / 2**i for i in range(pools + 1)],
        "should be a list, found int 3": lambda side, pools: sizes(side, pools)[-1],
    },
    MODULE.costs: {
        "a follows too: 1052 MB": "c",
        "b does not follow: DeepLab-LFOV takes 110 ms": "abc",
        "d does not follow: DeconvNet's model is 7.5": "acd",
        "e does not follow: DeepLab-LFOV has the smallest": "ace",
        "write the letters as one word, such as 'ab', found int 2": 2,
    },
    MODULE.score_layer: {
        "the score layer has BN": lambda b, c: nn.Sequential(nn.Conv2d(b, c, 3, padding=1), nn.BatchNorm2d(c)),
        "no score is ever negative": lambda b, c: nn.Sequential(nn.Conv2d(b, c, 3, padding=1), nn.ReLU()),
        "SegNet-Basic has it": lambda b, c: nn.Conv2d(b, c, 1),
        "has no bias": lambda b, c: nn.Conv2d(b, c, 3, padding=1, bias=False),
        "a 3x3 needs padding 1": lambda b, c: nn.Conv2d(b, c, 3),
        "(4, 3, 6, 9): one map for each class": lambda b, c: nn.Conv2d(b, b, 3, padding=1),
        "found the class Score: call it": lambda b, c: Score,
        "not proportional": lambda b, c: nn.Sequential(nn.Conv2d(b, c, 3, padding=1), nn.Tanh()),
        "not proportional to the maps": lambda b, c: nn.Sequential(nn.ReLU(), nn.Conv2d(b, c, 3, padding=1)),
        "a score reads 5 x 5 cells": lambda b, c: nn.Conv2d(b, c, 3, padding=2, dilation=2),
        "a score reads 9 x 1 cells": lambda b, c: nn.Conv2d(b, c, (9, 1), padding=(4, 0)),
        "no score is ever negative: a ReLU (or a softmax)": lambda b, c: nn.Sequential(up(b, c), nn.Softmax(1)),
    },
    MODULE.decoder_block: {
        "there is an nn.Conv2d in the block": lambda b, a: nn.Sequential(nn.Conv2d(b, a, 3, padding=1), nn.ReLU()),
        "BN is missing": lambda b, a: nn.Sequential(up(b, a), nn.ReLU()),
        "No ReLU stands at the end": lambda b, a: nn.Sequential(up(b, a), nn.BatchNorm2d(a)),
        "The ReLU stands before BN": lambda b, a: nn.Sequential(up(b, a), nn.ReLU(), nn.BatchNorm2d(a)),
        "shape (2, 3, 3, 3), expected (3, 2, 3, 3)": lambda b, a: up(a, b),
        "has shape (2, 2, 7, 9), expected (2, 2, 5, 7)": lambda b, a: nn.Sequential(
            up(b, a, padding=0), nn.BatchNorm2d(a), nn.ReLU()
        ),
        "has stride 2 and dilation 1, expected 1": lambda b, a: nn.Sequential(
            up(b, a, stride=2, output_padding=1), nn.BatchNorm2d(a), nn.ReLU()
        ),
        "BN has no weights": lambda b, a: nn.Sequential(up(b, a), nn.BatchNorm2d(a, affine=False), nn.ReLU()),
        "The activation is ReLU6": lambda b, a: nn.Sequential(up(b, a), nn.BatchNorm2d(a), nn.ReLU6()),
        "BN is made for 3 maps; 2 come out": lambda b, a: nn.Sequential(up(b, a), nn.BatchNorm2d(b), nn.ReLU()),
        "has 2 nn.ConvTranspose2d, expected one": lambda b, a: nn.Sequential(up(b, a), up(a, a)),
    },
}


class TestAnswers(Answers):
    module, right, wrong = MODULE, RIGHT, WRONG
