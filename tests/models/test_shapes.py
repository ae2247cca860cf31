"""Shapes without values are those that torch computes with values, and telling them loads no compiler."""

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_lib.models.blocks import RememberingPool, Unpool
from course_lib.models.shapes import ShapesAlone

CALLS = {
    "a convolution": lambda x: F.conv2d(x, x.new_zeros(6, 8, 3, 5), stride=2, padding=(1, 2), dilation=(2, 1)),
    "of the same size": lambda x: F.conv2d(x, x.new_zeros(6, 8, 3, 3), padding="same", dilation=2),
    "in groups": lambda x: F.conv2d(x, x.new_zeros(6, 4, 1, 1), x.new_zeros(6), groups=2),
    "each channel alone": lambda x: F.conv2d(x, x.new_zeros(8, 1, 3, 3), groups=8),
    "a transposed one": lambda x: F.conv_transpose2d(x, x.new_zeros(8, 5, 4, 4), stride=3, padding=1, output_padding=2),
    "transposed, in groups": lambda x: F.conv_transpose2d(x, x.new_zeros(8, 3, 2, 2), stride=2, groups=4),
    "a pool that rounds up": lambda x: F.max_pool2d(x, 3, 2, ceil_mode=True),
    "a mean": lambda x: F.avg_pool2d(x, 3, 2, 1),
    "bins": lambda x: F.adaptive_avg_pool2d(x, (3, 2)),
    "one bin": lambda x: F.adaptive_avg_pool2d(x, 1),
    "a size": lambda x: F.interpolate(x, size=(30, 31), mode="bilinear", align_corners=True),
    "one side": lambda x: F.interpolate(x, size=30),
    "a factor": lambda x: F.interpolate(x, scale_factor=1.7, mode="bilinear", align_corners=False),
    "a mirror": lambda x: F.pad(x, (1, 2, 3, 4), mode="reflect"),
    "a border": lambda x: F.pad(x, (1, 2, 3, 4)),
    "joined channels": lambda x: torch.cat([x, x[:, :3]], 1),
    "joined images": lambda x: torch.cat([x, x]),
    "a sum": lambda x: x + 2 * x,
    "a spread sum": lambda x: x + x[..., :1],
    "normalised": lambda x: x / (1 + x.square()) ** 0.75,
    "gated": lambda x: x * x.mean((2, 3), keepdim=True).sigmoid(),
    "a mean without its axes": lambda x: x.mean((2, 3)),
    "a mean of images": lambda x: x.mean(0, keepdim=True),
    "cut at 6": nn.ReLU6(),
    "cut at 6, in place": lambda x: nn.ReLU6(inplace=True)(x),
    "a hard swish": F.hardswish,
    "zeros": torch.zeros_like,
    "zeros of another kind": lambda x: torch.zeros_like(x, dtype=torch.int64),
    "unpooled": lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2, output_size=x.shape[-2:]),
    "unpooled by a layer": lambda x: Unpool()(*RememberingPool()(x)),
    "unpooled, even": lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2),
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("images", [1, 2])
def test_a_shape_is_what_torch_computes(call, images):
    size = (images, 8, 17, 22)
    with ShapesAlone():
        found = call(torch.empty(size, device="meta"))
    expected = call(torch.rand(size))
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    assert found.is_meta


def test_a_pool_also_gives_the_places_without_values():
    with ShapesAlone():
        found, places = F.max_pool2d(torch.empty(1, 8, 17, 22, device="meta"), 2, ceil_mode=True, return_indices=True)
    assert found.shape == places.shape == (1, 8, 9, 11)
    assert places.dtype == torch.int64


@pytest.mark.parametrize("layer", [nn.Conv2d(4, 2, 3), nn.Conv2d(8, 4, 3, groups=4)])
def test_channels_that_do_not_fit_are_refused(layer):
    with ShapesAlone(), pytest.raises(RuntimeError, match="channel"):
        layer.to("meta")(torch.empty(1, 5, 9, 9, device="meta"))


@pytest.mark.newest  # torch 2.6 loads sympy for more than later ones do
def test_no_drawing_of_a_network_loads_torchs_compiler():
    code = """
import sys
from course_lib.models.registry import NETWORKS, OTHERS
from course_lib.models.structure import structure
light = {"backbone": "efficientnet_lite0"}
for name, options in [*((name, {}) for name in (*NETWORKS, *OTHERS)), ("unet", light), ("fcn8s", light)]:
    structure(name, image_size=(193, 210), num_classes=2, **options)
    print(*(name for part in ("torch._dynamo", "sympy") if part in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
