"""Sizes without borders, worked out from one trace, equal those read off a second trace on a larger image."""

import warnings

import numpy as np
import pytest
from graphs_at_random import CHANNELS, RandomNet

from course_lib import models
from course_lib.receptive_field import Field, theoretical
from course_lib.receptive_field.solving.unclipped import Unclipped


def traced_again(monkeypatch) -> None:
    """From now on nothing is worked out: every larger image is traced."""

    def at(self, number, layer):
        held = self.level(number)
        known = held and layer in held[0].layers and held[0].layers[layer].fact
        return known and (held[0].graph, known.node, held[1])

    monkeypatch.setattr(Unclipped, "at", at)


def extents(field: Field) -> dict[str, tuple]:
    out = {}
    for name in field.layers:
        try:
            out[name] = (field.size(name), field.stride(name), field.offset(name))
        except ValueError:  # a layer without places
            continue
    return out


def forget(field: Field) -> None:
    """It answers anew; a run that it has made on some image is the same run again."""
    for held in field._unclipped.values():
        held.answers, held.note = {}, ""


def same(model, size, channels=3, *, monkeypatch, **words) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        field = theoretical(model, size, channels, **words)
    fast = extents(field)
    with monkeypatch.context() as patched:
        traced_again(patched)
        forget(field)
        slow = extents(field)
    assert fast.keys() == slow.keys()
    for name in fast:
        np.testing.assert_array_equal(fast[name], slow[name], err_msg=f"size, stride, offset of {name}")


@pytest.mark.parametrize("start", range(0, 100, 20))
def test_random_planes_have_the_sizes_of_a_second_trace(start, monkeypatch):
    for seed in range(start, start + 20):
        net = RandomNet(seed)
        same(net, net.size, CHANNELS, monkeypatch=monkeypatch)


@pytest.mark.parametrize("axes", [1, 3])
def test_random_lines_and_volumes_have_the_sizes_of_a_second_trace(axes, monkeypatch):
    for seed in range(20):
        net = RandomNet(seed, axes=axes)
        same(net, net.size, CHANNELS, monkeypatch=monkeypatch)


@pytest.mark.parametrize("name", models.names())
def test_course_networks_have_the_sizes_of_a_second_trace(name, monkeypatch):
    net = models.build(name, num_classes=3, width=0.1)
    same(net, (193, 225) if name == "deconvnet" else (97, 129), monkeypatch=monkeypatch, stop_at_global=True)
