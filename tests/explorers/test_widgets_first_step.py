"""The first step of a hand finds its network loaded and run: all that it pays is what every later one pays."""

from importlib import import_module

import numpy as np
import pytest
import torch
from widget_reader import Read

from course_lib import explorers
from course_lib.receptive_field import effective
from course_lib.training import checkpoints


@pytest.fixture
def counted(monkeypatch):
    """How often a network is loaded, and how often one is differentiated."""
    counts = {"loads": 0, "gradients": 0}

    def counting(place, name, what):
        function = getattr(place, name)

        def call(*args, **options):
            counts[what] += 1
            return function(*args, **options)

        monkeypatch.setattr(place, name, call)

    counting(checkpoints, "load", "loads")
    counting(torch.autograd, "grad", "gradients")
    for name in ("skips", "break_the_network"):  # what other tests have asked is forgotten
        for kept in vars(import_module(f"course_lib.explorers.{name}")).values():
            getattr(kept, "cache_clear", lambda: None)()
    return counts


@pytest.mark.parametrize(
    "name, networks, steps",
    [
        (
            "skips",
            3,
            [{"network": network, "first": False} for network in ("U-Net", "U-Net on a photograph", "FCN-8s")],
        ),
        ("break_the_network", 8, [{"world": world, "scene": 5} for world in ("harbour", "street", "long vehicles")]),
    ],
)
def test_no_step_loads_a_network(counted, name, networks, steps):
    shown = getattr(explorers, name)()
    shown.widget()
    assert counted["loads"] == networks
    for settings in (*steps, *steps):
        shown.answer(settings)
    assert counted["loads"] == networks
    shown.close()


@pytest.mark.parametrize("ahead", [True, False])
def test_the_first_place_costs_one_backward_pass_and_no_forward_pass(counted, ahead):
    shown, runs = explorers.receptive_field("segnet_street", layers=["pool3"]), []
    looker = shown._render.__self__
    if ahead:
        shown.widget()
    looker.net.register_forward_pre_hook(lambda *_: runs.append(1))
    before = counted["gradients"]
    answer = shown.answer({"place": (10, 12), "gradient": True})
    assert counted["gradients"] - before == 1
    assert len(runs) == (not ahead)
    unit = looker.unit((10, 12), "pool3")
    alone = effective(looker.net, looker.read, unit, layer="pool3", field=looker.field, progress=False).map
    shown.close()
    _, field, _ = (read := Read(answer)).panels
    assert np.array_equal(read.values(field), (alone.numpy() / float(alone.max())).round(4))
