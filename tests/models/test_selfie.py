"""The selfie segmenter against the interpreter that its makers run it with."""

import json

import numpy as np
import pytest
import torch
from selfie_reference import FILE, grid, pictures

from course_lib import models
from course_lib.models.selfie import Selfie

TOLERANCE = 1e-3  # of probabilities; set before measuring


@pytest.fixture(scope="module")
def net():
    return models.build("selfie", 2, weights="selfie").eval()


@pytest.fixture(scope="module")
def images():
    return torch.from_numpy(pictures()).permute(0, 3, 1, 2).float() / 255


@torch.no_grad()
def test_equals_the_reference_interpreter_on_ten_photographs(net, images):
    found = grid(net.scores(images)[:, 0].sigmoid().numpy())
    expected = np.array(json.loads(FILE.read_text()))
    assert expected.shape == (10, 16, 16)
    assert expected.max() > 0.9 > 0.1 > expected.min()
    assert np.abs(found - expected).max() < TOLERANCE


@torch.no_grad()
@pytest.mark.parametrize("mend", ["copy", "gate", "align"])
def test_the_reference_notices_a_slip(net, images, monkeypatch, mend):
    if mend == "copy":  # the skip at stride 8 taken before the residual is added
        monkeypatch.setattr(net.bnecks[2], "shortcut", False)
    elif mend == "gate":
        monkeypatch.setattr(net.up2.gate, "forward", lambda x: torch.ones_like(x[..., :1, :1]))
    else:
        from course_lib.models import selfie

        right = selfie.resize
        monkeypatch.setattr(selfie, "resize", lambda x, size, align_corners: right(x, size, align_corners=True))
    found = grid(net.scores(images)[:, 0].sigmoid().numpy())
    assert np.abs(found - np.array(json.loads(FILE.read_text()))).max() > TOLERANCE


@torch.no_grad()
def test_softmax_over_both_logits_is_the_released_sigmoid(net, images):
    both = net(images[:2]).softmax(1)[:, 1]
    torch.testing.assert_close(both, net.scores(images[:2])[:, 0].sigmoid())


def test_has_106401_parameters(parameters_of):
    assert parameters_of(Selfie) == 106_401


@pytest.mark.parametrize("height, width", [(33, 33), (97, 130), (256, 191)])
def test_answers_at_the_size_of_any_picture(net, height, width):
    with torch.no_grad():
        assert net(torch.rand(1, 3, height, width)).shape == (1, 2, height, width)


def test_knows_two_classes_only():
    with pytest.raises(ValueError, match="selfie knows 2 classes, background and person; got num_classes=3"):
        models.build("selfie", 3)


def test_width_keeps_the_topology():
    net = models.build("selfie", 2, 0.5, in_channels=1).eval()
    assert net(torch.rand(1, 1, 40, 40)).shape == (1, 2, 40, 40)
