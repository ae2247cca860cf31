"""Torch's calls in words, however the call passes its arguments: each function has its own order."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.models import operations, wiring

X = torch.zeros(1, 4, 8, 8)


@pytest.mark.parametrize(
    "name, args, kwargs, words",
    [
        ("max_pool2d", (X, 3, 2, 1, 1, True), {}, "maximum of 3x3 stride 2 rounding up"),
        ("max_pool2d", (X, 3, 2, 1, 1, False), {}, "maximum of 3x3 stride 2"),
        ("max_pool2d", (X, 3), {"ceil_mode": True}, "maximum of 3x3 stride 3 rounding up"),
        ("avg_pool2d", (X, 3, 2, 1, True), {}, "average of 3x3 stride 2 rounding up"),
        ("avg_pool2d", (X, 3, 1, 1, False, True), {}, "average of 3x3 stride 1"),
    ],
)
def test_a_pool_says_its_size_and_whether_it_rounds_up(name, args, kwargs, words):
    out = getattr(F, name)(*args, **kwargs)
    assert operations.describe(name, args, kwargs, out) == ("pools", words)


@pytest.mark.parametrize(
    "name, rest, facts",
    [
        ("conv2d", (None, 2, 0, 3, 1), {"kind": "convolution", "step": 2, "rate": 3, "depthwise": False, "stride": 8}),
        ("conv2d", (None, 1, 0, 1, 4), {"kind": "convolution", "step": 1, "rate": 1, "depthwise": True, "stride": 4}),
        ("conv_transpose2d", (None, 2, 0, 1, 4, 1), {"kind": "transposed", "rate": 1, "depthwise": True, "stride": 2}),
        ("conv_transpose2d", (None, 4, 0, 0, 1, 3), {"kind": "transposed", "rate": 3, "depthwise": False, "stride": 1}),
        ("conv_transpose2d", (None, 1), {"kind": "convolution", "rate": 1, "depthwise": False, "stride": 4}),
    ],
)
def test_a_convolution_says_its_step_rate_and_groups_also_where_they_come_in_order(name, rest, facts):
    """After the stride and the padding come dilation, groups; or, transposed: output padding, groups, dilation."""
    depthwise = 4 in rest[-2:] and facts["depthwise"]
    weight = torch.zeros(4, 1 if depthwise else 4, 3, 3)
    getattr(F, name)(X, weight, *rest)  # torch takes them in this order too
    found = wiring.convolution(name, (X, weight, *rest), {}, 4)
    assert {key: found[key] for key in facts} == facts
    assert found["kernel"] == 3


class Sums(nn.Module):
    """A convolution of the sum of two, written with or without names for what is made."""

    def __init__(self, in_place):
        super().__init__()
        self.in_place = in_place
        self.one, self.other, self.last = (nn.Conv2d(channels, 4, 3, padding=1) for channels in (3, 3, 4))

    def forward(self, x):
        y = self.one(x)
        if self.in_place:
            y.add_(self.other(x))
            F.relu(y, inplace=True)
        else:
            y = F.relu(y + self.other(x))
        return self.last(y)


def test_what_is_written_in_place_is_wired_like_what_gets_a_name():
    (named, out), (silent, end) = (wiring.wiring(Sums(in_place), (16, 16)) for in_place in (False, True))
    assert [(call.kind, call.inputs) for call in named] == [(call.kind, call.inputs) for call in silent]
    assert out == end == 4
    assert [len(call.inputs) for call in named] == [0, 1, 1, 2, 1]
