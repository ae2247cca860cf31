"""Mean field on few pixels is what one computes by hand; a grid sums all pairs nearly; ASPP is one sparse kernel."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_lib.lectures.l05_deeplab_v1_v2 import figures_mean_field as steps
from course_lib.models.deeplab_v2 import ASPP

ALIKE = torch.block_diag(torch.ones(3, 3), torch.ones(2, 2)).numpy()
ANSWERS = [0.9, 0.8, 0.4, 0.3, 0.2]


def test_five_pixels_are_computed_as_by_hand():
    network, first = steps.rounds(ANSWERS, ALIKE, 1)
    assert network.tolist() == ANSWERS
    # log(0.4 / 0.6) + 0.8 + 0.6 = 0.9945, and its logistic
    assert first[2] == pytest.approx(0.7300, abs=1e-4)
    # the same with both classes written out
    unary = -torch.tensor([[p, 1 - p] for p in ANSWERS]).double().log()
    others = torch.as_tensor(ALIKE).double() - torch.eye(5, dtype=torch.float64)
    both = (others @ torch.tensor([[p, 1 - p] for p in ANSWERS]).double() - unary).softmax(1)
    assert first == pytest.approx(both[:, 0].numpy())


def test_the_picture_spells_out_the_pixel_that_turns():
    alt = steps.few_pixels([40, 44, 42, 200, 204], ANSWERS, ALIKE, name="cat", asked=2).alt
    assert "round 1 0.93, 0.88, 0.73, 0.19, 0.14" in alt
    assert "log-odds -0.41 and the votes +0.8 +0.6 make 0.99" in alt


def test_the_grid_blurs_within_a_shade_and_not_across():
    x, y = np.arange(40) / 6, np.where(np.arange(40) < 20, 0.5, 6.5)
    values = np.where(np.arange(40) < 20, 0.8, 0.1) + np.tile([0.1, -0.1], 20)
    splat, blurred, found = steps.filtered_by_grid(x, y, values)
    assert splat[1].sum() == pytest.approx(40)
    assert blurred[0].sum() < splat[0].sum()  # what leaves the grid is lost; the counts lose as much
    assert found[:20] == pytest.approx(np.full(20, 0.8), abs=0.02)
    assert found[20:] == pytest.approx(np.full(20, 0.1), abs=0.02)


def test_the_four_branches_of_aspp_are_one_kernel_of_33_weights():
    torch.manual_seed(0)
    head, maps = ASPP(2, 3).double(), torch.rand(1, 2, 60, 60, dtype=torch.float64)
    layers = [layer for layer in head.modules() if isinstance(layer, torch.nn.Conv2d)]
    whole = torch.zeros(3, 2, 49, 49, dtype=torch.float64)
    for layer in layers:
        rate = layer.dilation[0]
        whole[:, :, 24 - rate : 25 + rate : rate, 24 - rate : 25 + rate : rate] += layer.weight.detach()
    assert int((whole[0, 0] != 0).sum()) == 33
    bias = sum(layer.bias for layer in layers)
    assert torch.allclose(head(maps), F.conv2d(maps, whole, bias, padding=24))
