"""Random networks: every mask, box and set equals the twin's, to the pixel. 360 graphs; other seeds by a variable."""

import os

import pytest
from graphs_at_random import CHANNELS, RandomNet
from twin_check import agree

FIRST = int(os.environ.get("RANDOM_GRAPHS_FROM", "0"))  # other seeds: RANDOM_GRAPHS_FROM=10000 pytest ...


def blocks(count: int) -> list:
    """Twenty seeds a test; the first twenty also with the oldest torch."""
    starts = range(FIRST, FIRST + count, 20)
    return [pytest.param(start, marks=[pytest.mark.once] * (start > FIRST)) for start in starts]


@pytest.mark.parametrize("start", blocks(300))
def test_random_planes_agree_with_the_twin(start):
    for seed in range(start, start + 20):
        net = RandomNet(seed)
        agree(net, net.size, channels=CHANNELS, seed=seed)


@pytest.mark.parametrize("start", blocks(40))
def test_random_lines_agree_with_the_twin(start):
    for seed in range(start, start + 20):
        net = RandomNet(seed, axes=1)
        agree(net, net.size, channels=CHANNELS, seed=seed)


def test_random_volumes_agree_with_the_twin():
    for seed in range(FIRST, FIRST + 20):
        net = RandomNet(seed, axes=3)
        agree(net, net.size, channels=CHANNELS, seed=seed)
