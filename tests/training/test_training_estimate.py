"""What a training will take is known before its first step, and looking changes nothing."""

import pytest
import torch
from training_tiny import CLASSES, Blobs, TinyNet, fingerprint

from course_lib import models
from course_lib.training import estimate, fit
from course_lib.training.estimate import Estimate, seconds_of_step

IMAGE, LABEL = torch.zeros(3, 40, 40), torch.zeros(40, 40, dtype=torch.int64)


def memory(model, batch_size=4, optimizer="sgd", image=IMAGE, label=LABEL):
    return Estimate.of(model, image, label, batch_size=batch_size, optimizer=optimizer)


def test_the_bytes_of_a_network_that_one_can_count_by_hand():
    """3 -> 5 -> 3 maps of 40 x 40: the batch, five maps before and after ReLU are one, scores and their logarithms."""
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 5, 1), torch.nn.ReLU(), torch.nn.Conv2d(5, 3, 1))
    weights, pixels = 4 * (3 * 5 + 5 + 5 * 3 + 3), 2 * 40 * 40
    images, labels, hidden, logarithms = 12 * pixels, 8 * pixels, 20 * pixels, 12 * pixels
    found = memory(net, batch_size=2)
    assert found.stored == 2 * weights
    # the batch is held by the loader and by the backward pass: it is counted twice, too much rather than too little
    least = 3 * weights + images + labels + hidden + logarithms
    assert least <= found.memory / estimate.BESIDE <= least + images + labels + 2 * hidden + 100


@pytest.mark.parametrize("optimizer, kept", [("sgd", 1), ("rmsprop", 1), ("adamw", 2)])
def test_a_checkpoint_holds_what_the_optimiser_keeps(tmp_path, optimizer, kept):
    model = TinyNet()
    numbers = sum(p.numel() for p in model.parameters())
    assert memory(model, optimizer=optimizer).stored == pytest.approx(4 * numbers * (1 + kept), abs=100)
    fit(model, Blobs(), steps=1, batch_size=4, optimizer=optimizer, checkpoint=tmp_path / "c.pt", progress=False)
    state = torch.load(tmp_path / "c.pt", weights_only=True)["optimizer"]["state"]
    assert sum(v.numel() for s in state.values() for v in s.values() if v.dim()) == kept * numbers


def test_twice_the_batch_takes_twice_the_maps_and_the_network_stays():
    model = models.build("segnet_basic", CLASSES, 0.05)
    before = fingerprint(model)
    one, two, four = (memory(model, batch_size=size).memory for size in (1, 2, 4))
    assert four - two == pytest.approx(2 * (two - one), abs=2)
    assert two > one
    assert fingerprint(model) == before
    assert all(not p.is_meta and p.grad is None for p in model.parameters())


@pytest.mark.parametrize("name", ["unet", "fcn8s", "pspnet50", "dilatednet_basic", "fc_densenet56"])
def test_networks_of_every_kind_can_be_estimated(name):
    assert memory(models.build(name, CLASSES, 0.0625)).memory > 4 * 3 * 40 * 40


def test_measuring_a_step_leaves_no_trace():
    model = TinyNet().eval()
    before = fingerprint(model)
    image, label = Blobs()[0]
    assert seconds_of_step(model, image, label, batch_size=4, device=torch.device("cpu")) > 0
    assert fingerprint(model) == before
    assert not model.training
    assert all(p.grad is None for p in model.parameters())


def test_free_memory_is_the_least_of_what_the_system_and_the_container_leave(monkeypatch):
    monkeypatch.setattr(estimate, "available", lambda: [8000])
    monkeypatch.setattr(estimate, "limits", lambda: [(9000, 5000)])
    assert estimate.free_memory(torch.device("cpu")) == 4000
    monkeypatch.setattr(estimate, "limits", lambda: [])
    assert estimate.free_memory(torch.device("cpu")) == 8000
    monkeypatch.setattr(estimate, "available", lambda: [])
    assert estimate.free_memory(torch.device("cpu")) is None


def test_a_folder_that_is_not_there_yet_lies_on_the_disk_of_its_parent(tmp_path):
    assert estimate.free_disk(tmp_path / "not" / "yet") > 0


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0.1, "1 second"),
        (1.6, "2 seconds"),
        (100, "100 seconds"),
        (180, "3 minutes"),
        (4e4, "11 hours"),
        (1e6, "12 days"),
    ],
)
def test_seconds_are_spelled_in_the_unit_that_one_thinks_in(seconds, words):
    assert estimate.spell(seconds) == words
