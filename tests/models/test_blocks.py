"""The parts that several networks share."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_lib.models import blocks


def test_width_scales_and_rounds():
    assert [blocks.scaled(64, width) for width in (1.0, 0.125, 0.3)] == [64, 8, 19]


def test_a_width_that_leaves_nothing_names_one_that_works():
    with pytest.raises(ValueError, match=r"width 0.001 rounds 64 channels to 0; try a width of at least 0.016"):
        blocks.scaled(64, 0.001)
    assert blocks.scaled(64, 0.016) == 1


@pytest.mark.parametrize("width", [0.0, -1.0, float("nan"), float("inf")])
def test_a_width_must_be_a_positive_number(width):
    with pytest.raises(ValueError, match="width"):
        blocks.scaled(64, width)


def test_counts_start_at_one():
    blocks.at_least_one(num_classes=1, dilation=2)
    with pytest.raises(ValueError, match="dilation must be at least 1, got 0"):
        blocks.at_least_one(num_classes=1, dilation=0)


def test_an_unknown_choice_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"kind must be one of 'basic', 'large', got 'lage'; did you mean 'large'\?"):
        blocks.one_of(("basic", "large"), kind="lage")


@pytest.mark.parametrize(
    "image, words",
    [
        (torch.zeros(3, 40, 40), r"got 3 dimensions \(3, 40, 40\); add the batch dimension with image\[None\]"),
        (torch.zeros(1, 3, 40, 40, dtype=torch.uint8), r"must be floating point, got torch.uint8"),
        (torch.zeros(1, 40, 40, 3), r"reads 3 channels, the image has 40 .* N x C x H x W, and in_channels=40"),
        (torch.zeros(1, 3, 32, 40), r"at least 33 x 33 pixels, got 32 x 40"),
    ],
    ids=["rank", "integers", "channels", "size"],
)
def test_an_image_that_cannot_be_read_is_explained(image, words):
    with pytest.raises(ValueError, match=words):
        blocks.check_image(image, 3)


def test_an_image_that_can_be_read_passes():
    blocks.check_image(torch.zeros(1, 3, 33, 33), 3)


@pytest.mark.parametrize(
    "build, inputs",
    [
        (lambda: blocks.Convolution(64, 96, 3), 64 * 9),
        (lambda: blocks.Convolution(64, 96, 3, groups=2), 32 * 9),
        (lambda: blocks.TransposedConvolution(64, 96, 4, stride=2), 64 * 4),  # each output meets 2 x 2 of the 4 x 4
    ],
)
def test_weights_start_as_relu_needs_them(build, inputs):
    torch.manual_seed(0)
    layer = build()
    assert layer.weight.var().item() == pytest.approx(2 / inputs, rel=0.03)  # He et al. 2015
    assert not layer.bias.any()


def test_one_value_per_channel_is_normalised_by_the_running_statistics():
    norm = blocks.BatchNorm(2)
    norm.running_mean += torch.tensor([1.0, 2.0])
    x = torch.tensor([3.0, 5.0]).reshape(1, 2, 1, 1)
    assert norm.train()(x).flatten().tolist() == pytest.approx([2.0, 3.0], rel=1e-4)
    assert norm.running_mean.tolist() == [1.0, 2.0]


def test_more_values_are_normalised_as_torch_does():
    torch.manual_seed(0)
    ours, theirs = blocks.BatchNorm(3), torch.nn.BatchNorm2d(3)
    x = torch.randn(2, 3, 1, 1)
    assert torch.equal(ours(x), theirs(x))
    assert torch.equal(ours.running_var, theirs.running_var)


def test_the_bilinear_kernel_is_the_released_one():
    # networks.md 1.1: k4 is .25 .75 .75 .25, k16 starts .0625 .1875 .3125; one axis sums to the stride
    small = blocks.bilinear_upsampling(2, kernel_size=4, stride=2).weight[0, 0]
    assert (small[1] / 0.75).tolist() == [0.25, 0.75, 0.75, 0.25]
    large = blocks.bilinear_upsampling(1, kernel_size=16, stride=8).weight[0, 0]
    assert (large[7] / large[7].max() * 0.9375)[:3].tolist() == [0.0625, 0.1875, 0.3125]
    assert large.sum() == 64


def test_the_bilinear_kernel_joins_no_two_classes_and_is_fixed_unless_learned():
    layer = blocks.bilinear_upsampling(3, kernel_size=4, stride=2)
    assert layer.weight.sum(dim=(2, 3)).tolist() == [[4, 0, 0], [0, 4, 0], [0, 0, 4]]
    assert not layer.weight.requires_grad
    assert blocks.bilinear_upsampling(3, kernel_size=4, stride=2, learned=True).weight.requires_grad


def test_bilinear_upsampling_is_interpolation_inside():
    x = torch.rand(1, 2, 6, 5)
    up = blocks.bilinear_upsampling(2, kernel_size=16, stride=8)(x)[..., 4:-4, 4:-4]
    usual = F.interpolate(x, scale_factor=8, mode="bilinear", align_corners=False)
    torch.testing.assert_close(up[..., 4:-4, 4:-4], usual[..., 4:-4, 4:-4])


@pytest.mark.parametrize("align_corners", [True, False])
def test_resize_knows_both_conventions(align_corners):
    x = torch.rand(1, 2, 5, 6)
    usual = F.interpolate(x, size=(33, 41), mode="bilinear", align_corners=align_corners)
    assert torch.equal(blocks.resize(x, (33, 41), align_corners=align_corners), usual)


def test_crops_begin_where_they_say():
    x = torch.arange(49).reshape(1, 1, 7, 7)
    assert blocks.crop(x, (2, 3), offset=1)[0, 0].tolist() == [[8, 9, 10], [15, 16, 17]]
    assert blocks.centre_crop(x, (3, 4))[0, 0, 0].tolist() == [15, 16, 17, 18]


@pytest.mark.parametrize("top, bottom, left, right", [(2, 1, 0, 3), (11, 23, 30, 9), (0, 0, 0, 0)])
def test_mirroring_repeats_as_often_as_needed(top, bottom, left, right):
    x = torch.rand(1, 2, 5, 4)
    theirs = np.pad(x.numpy(), ((0, 0), (0, 0), (top, bottom), (left, right)), mode="reflect")
    assert np.array_equal(blocks.mirror(x, top=top, bottom=bottom, left=left, right=right).numpy(), theirs)


def test_unpooling_puts_each_value_back():
    x = torch.rand(2, 3, 7, 5)
    pooled, memory = blocks.RememberingPool()(x)
    back = blocks.Unpool()(pooled, memory)
    assert pooled.shape == (2, 3, 4, 3)  # rounds up
    assert back.shape == x.shape
    assert back.count_nonzero() == pooled.numel()
    assert torch.equal(back[back > 0], x[back > 0])


@pytest.mark.slow
def test_a_strided_1x1_learns_without_harm_and_reads_what_its_stride_says():
    """In a process of its own: the fault that this avoids ends the process, and not always."""
    code = """
import torch
from course_lib.models.blocks import Convolution
layer = Convolution(4, 7, 1, 2, bias=False).to(memory_format=torch.channels_last)
plain = torch.nn.Conv2d(4, 7, 1, 2, bias=False)
plain.load_state_dict(layer.state_dict())
for side in [32, 33] * 10:
    x = torch.rand(8, 4, side, side).to(memory_format=torch.channels_last).requires_grad_()
    answer = layer(x)
    answer.backward(torch.ones_like(answer))
    torch.testing.assert_close(answer, plain(x.detach().contiguous()))
"""
    environment = {**os.environ, "MALLOC_CHECK_": "3", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def test_unpooling_loads_no_compiler():
    code = """
import sys, torch
from course_lib.models.blocks import RememberingPool, Unpool
before = set(sys.modules)
Unpool()(*RememberingPool()(torch.rand(1, 2, 5, 4)))
print(*{"sympy", "torch._dynamo"} & (set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
