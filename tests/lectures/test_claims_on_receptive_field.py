"""The arithmetic of 04, by gradients and by counting on fingers."""

import random

import pytest
import torch
from torch import nn

from course_lib.lectures.l04_receptive_field_dilation import claims as on_receptive_field
from course_lib.lectures.l04_receptive_field_dilation import experiments_fields


def span_by_gradient(*layers: nn.Module, side: int = 120) -> int:
    """How far apart the outermost pixels are that move the centre, with positive weights in float64."""
    net = nn.Sequential(*layers).double()
    for parameter in net.parameters():
        nn.init.ones_(parameter)
    image = torch.ones(1, 1, side, side, dtype=torch.float64, requires_grad=True)
    answer = net(image)
    answer[0, 0, answer.shape[2] // 2, answer.shape[3] // 2].backward()
    rows = image.grad[0, 0].sum(1).nonzero()
    return int(rows.max() - rows.min()) + 1


def test_the_recurrence_is_what_gradients_say():
    chance = random.Random(0)
    for _ in range(12):
        shape = [(chance.choice([2, 3, 5]), chance.choice([1, 2, 3]), chance.choice([1, 1, 2])) for _ in range(3)]
        layers = [nn.Conv2d(1, 1, kernel, stride=stride, dilation=rate) for kernel, rate, stride in shape]
        assert span_by_gradient(*layers) == on_receptive_field.recurrence(*shape)


def test_without_rate_16_the_context_module_sees_half():
    rates = (1, 1, 2, 4, 8, 16, 1)
    for chosen, side in ((rates, 67), ([rate for rate in rates if rate != 16], 35)):
        assert 1 + 2 * sum(chosen) == side
        assert span_by_gradient(*[nn.Conv2d(1, 1, 3, dilation=rate, padding=rate) for rate in chosen]) == side


@pytest.mark.parametrize("n, k", [(1, 3), (4, 3), (16, 3), (5, 5), (3, 7)])
def test_uniform_layers_have_a_bell_of_known_width(n, k):
    """Each layer adds the variance of k equal steps, (k^2 - 1) / 12."""
    assert experiments_fields.uniform_spread(n, k) == pytest.approx((n * (k * k - 1) / 12) ** 0.5)


def test_plain_layers_grow_by_two():
    assert [on_receptive_field.recurrence(*[(3, 1, 1)] * n) for n in (1, 2, 32, 33)] == [3, 5, 65, 67]
    assert span_by_gradient(*[nn.Conv2d(1, 1, 3) for _ in range(9)]) == 19


@pytest.mark.parametrize("kernel, rate", [(3, 1), (3, 4), (3, 12), (7, 4)])
def test_a_rate_spreads_nine_taps(kernel, rate):
    layer = nn.Conv2d(1, 1, kernel, dilation=rate, padding=rate * (kernel // 2), bias=False)
    assert span_by_gradient(layer) == (kernel - 1) * rate + 1
    assert layer.weight.numel() == kernel**2


@pytest.mark.parametrize("side, rate", [(7, 2), (9, 6), (5, 5)])
def test_valid_weights_counted_one_by_one(side, rate):
    counts = [
        sum(0 <= y + a * rate < side and 0 <= x + b * rate < side for a in (-1, 0, 1) for b in (-1, 0, 1))
        for y in range(side)
        for x in range(side)
    ]
    shares, mean = on_receptive_field.valid_shares(side, rate)
    assert mean == pytest.approx(sum(counts) / len(counts) / 9)
    assert shares == {n: round(counts.count(n) / side**2, 3) for n in shares}
