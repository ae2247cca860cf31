"""The exercises of 04: other right answers pass, and each wrong one gets the sentence that helps."""

import math

import torch
from exercise_answers import Answers
from torch import nn
from torch.nn import functional as F

from course_lib.lectures.l04_receptive_field_dilation import exercises as MODULE


def field(layers, *, rates=True, jumps=True, late=True):
    """From the last layer back: what one cell reads of the map before it."""
    if not (rates and jumps and late):
        r, j = 1, 1
        for k, s, d in layers:
            j = j if late else j * s
            r += (k - 1) * (d if rates else 1) * (j if jumps else 1)
            j = j * s if late else j
        return r
    size = 1
    for k, s, d in reversed(layers):
        size = (size - 1) * s + (k - 1) * d + 1
    return size


def read_share(rates):
    line = torch.ones(1)
    for rate in rates:
        wide = torch.zeros(len(line) + 2 * rate)
        for shift in (0, rate, 2 * rate):
            wide[shift : shift + len(line)] += line
        line = wide
    return ((line > 0).float().mean() ** 2).item()


def valid_share(side, rate):
    """Count them: nine taps of a 3x3 on a map of ones."""
    taps = F.conv2d(torch.ones(1, 1, side, side), torch.ones(1, 1, 3, 3), padding=rate, dilation=rate)
    return taps.mean() / 9


class Context(nn.Module):
    def __init__(
        self, classes, rates=(1, 1, 2, 4, 8, 16, 1), last=True, bias=True, relu_last=False, total=False, silent=()
    ):
        super().__init__()
        paddings = [sum(rates)] + [0] * (len(rates) - 1) if total else rates
        self.layers = nn.ModuleList(
            nn.Conv2d(classes, classes, 3, padding=p, dilation=r, bias=bias) for r, p in zip(rates, paddings)
        )
        self.last = nn.Conv2d(classes, classes, 1, bias=bias) if last else None
        self.relu_last, self.silent = relu_last, silent

    def forward(self, x):
        for number, layer in enumerate(self.layers):
            x = layer(x) if number in self.silent else F.relu(layer(x))
        x = self.last(x) if self.last else x
        return F.relu(x) if self.relu_last else x


RIGHT = {
    MODULE.spread: [lambda kernel, layers: (layers * (kernel**2 - 1) / 12) ** 0.5],
    MODULE.field: [field],
    MODULE.span: [lambda kernel, rate: kernel + (kernel - 1) * (rate - 1)],
    MODULE.read_share: [read_share],
    MODULE.schedule: [[1, 2, 5, 12, 13], [1, 3, 9, 20], (16, 8, 4, 2, 1, 2)],
    MODULE.valid_share: [valid_share],
    MODULE.context: [Context],
}
WRONG = {
    MODULE.spread: {
        "with the root of the layers": lambda k, n: n * ((k**2 - 1) / 12) ** 0.5,
        "That is the variance": lambda k, n: n * (k**2 - 1) / 12,
        "That is the whole field": lambda k, n: n * (k - 1) + 1,
        "The layers are not used": lambda k, n: ((k**2 - 1) / 12) ** 0.5,
        "right for 3x3 only": lambda k, n: (2 * n / 3) ** 0.5,
    },
    MODULE.field: {
        "The rate is not used": lambda layers: field(layers, rates=False),
        "The jump is not used": lambda layers: field(layers, jumps=False),
        "multiply the jump last": lambda layers: field(layers, late=False),
        "It begins at 0": lambda layers: field(layers) - 1,
        "Stride and rate are exchanged": lambda layers: field([(k, d, s) for k, s, d in layers]),
        "own stride does not widen its field": lambda layers: 1 + sum((k - 1) * s * d for k, s, d in layers),
        "The strides multiply": lambda layers: (
            1 + sum((k - 1) * d * (layers[i - 1][1] if i else 1) for i, (k, s, d) in enumerate(layers))
        ),
        "takes k - 1 steps, not k": lambda layers: (
            1 + sum(k * d * math.prod(s for _, s, _ in layers[:i]) for i, (k, _, d) in enumerate(layers))
        ),
        "does `return` stand inside the loop": lambda layers: field(layers[:1]),
        "That is the jump": lambda layers: math.prod(s for _, s, _ in layers),
        "Kernel sizes look added up": lambda layers: sum(k for k, s, d in layers),
        "The pools (even kernels) are left out": lambda layers: (
            1 + sum((k - 1) * d * math.prod(s for _, s, _ in layers[:i]) for i, (k, s, d) in enumerate(layers) if k % 2)
        ),
        "found 5, expected": lambda layers: 5,
    },
    MODULE.span: {
        "Between three taps lie two steps": lambda k, r: k * r,
        "the last cell itself counts": lambda k, r: (k - 1) * r,
        "leaves r - 1 cells between": lambda k, r: k + (k - 1) * r,
        "right for 3x3 only": lambda k, r: 2 * r + 1,
        "That is the undilated kernel": lambda k, r: k,
        "Kernel and rate are exchanged": lambda r, k: k + (k - 1) * (r - 1),
    },
    MODULE.read_share: {
        "That is along one axis": lambda rates: read_share(rates) ** 0.5,
        "That is the share that is not read": lambda rates: 1 - read_share(rates),
        "It counts nine places for each layer": lambda rates: 9 * len(rates) / (1 + 2 * sum(rates)) ** 2,
        "the largest rate: count the places": lambda rates: 1 / max(rates) ** 2,
        "That is everything": lambda rates: 1.0,
        "how many pixels are read": lambda rates: round(read_share(rates) * (1 + 2 * sum(rates)) ** 2),
        "That is in percent": lambda rates: 100 * read_share(rates),
        "several ways lead to one place": lambda rates: 9 ** len(rates) / (1 + 2 * sum(rates)) ** 2,
        "right where all rates are equal": lambda rates: (1 + 2 * len(rates)) ** 2 / (1 + 2 * sum(rates)) ** 2,
    },
    MODULE.schedule: {
        "35 is the module that circulates": [1, 1, 2, 4, 8, 1],
        "has holes: only 1.1% of": [11, 11, 11],  # 7 x 7 of 67 x 67
        "expected 67 x 67: less is needed": [1, 2, 4, 8, 16, 32],
        "there are 7 layers, at most 6": [1, 1, 2, 4, 8, 16, 1],
        "the first place to the right that nothing reads is 8": [1, 2, 4, 26],
        "should hold whole numbers from 1 up, found float 16.5": [16.5, 16.5],
        "should be a list, found int 33": 33,
    },
    MODULE.valid_share: {
        "That is along one axis": lambda n, r: float(valid_share(n, r)) ** 0.5 if n != 3 else 7 / 9,
        "That is the share that is wasted": lambda n, r: 1 - valid_share(n, r),
        "where all nine taps fall": lambda n, r: max(0, n - 2 * r) ** 2 / n**2,
        "must not become negative": lambda n, r: ((3 * n - 2 * r) / (3 * n)) ** 2,
        "The border is counted at one end only": lambda n, r: ((3 * n - r) / (3 * n)) ** 2,
        "for a tap in a corner": lambda n, r: (max(0, n - r) / n) ** 2,
        "divide by 9": lambda n, r: 9 * valid_share(n, r),
    },
    MODULE.context: {
        "The layer with rate 16 is missing": lambda c: Context(c, (1, 1, 2, 4, 8, 1)),
        "A 3x3 at rate 1 is missing": lambda c: Context(c, (1, 2, 4, 8, 16, 1)),
        "the listing's last 1 is the 1x1": lambda c: Context(c, (1, 1, 2, 4, 8, 1, 1)),
        "There is a 3x3 too many": lambda c: Context(c, (1, 1, 2, 4, 8, 16, 1, 1), last=False),
        "is there a rate above 16": lambda c: Context(c, (1, 1, 2, 4, 8, 16, 32)),
        "Each of the seven 3x3 layers is followed": lambda c: Context(c, silent=range(7)),
        "is followed by a ReLU: number 1 is not": lambda c: Context(c, silent=[0]),
        "found a tensor of shape (1, 2, 14, 18)": lambda c: nn.Sequential(
            *(nn.Conv2d(c, c, 3, dilation=r) for r in (1, 1, 2, 4, 8, 16, 1))
        ),
        "A ReLU stands behind the last layer too": lambda c: Context(c, relu_last=True),
        "The 1x1 at the end is missing": lambda c: Context(c, last=False),
        "have no bias": lambda c: Context(c, bias=False),
        "Each 3x3 layer is padded by its rate": lambda c: nn.Sequential(
            *(nn.Conv2d(c, c, 3, padding=1, dilation=r) for r in (1, 1, 2, 4, 8, 16, 1))
        ),
        "in this order, each with a ReLU": lambda c: Context(c, (16, 8, 4, 2, 1, 1, 1)),
        "their rates add up to 34, expected 33": lambda c: Context(c, (1, 1, 2, 4, 8, 17, 1)),
        "the scores with our weights": lambda c: Context(c, total=True),
        "should be a module": lambda c: [1, 1, 2, 4, 8, 16, 1],
    },
}


class TestAnswers(Answers):
    module, right, wrong = MODULE, RIGHT, WRONG
