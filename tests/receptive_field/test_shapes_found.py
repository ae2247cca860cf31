"""Shapes found by calls on no image are those that torch finds, and whatever mixes images is left to torch."""

import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from course_lib.receptive_field.tracing import shapes
from course_lib.receptive_field.tracing.rules import base_name


class Beside(TorchDispatchMode):
    """Asks torch and `found` about every operation, and compares; notes the names of those that were found."""

    def __init__(self):
        super().__init__()
        self.known: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        mine = shapes.found(func, args, kwargs)
        theirs = func(*args, **kwargs)
        if mine is not None:
            self.known.append(base_name(func))
            assert told(mine) == told(theirs)
        return theirs


def told(result: Tensor | tuple) -> list[tuple]:
    """All that is known of maps; the statistics beside a normalisation that is not in training are not used."""
    maps = [one for one in tree_leaves(result) if one.dim() > 1]
    return [(one.shape, one.dtype, one.stride(), one.device) for one in maps]


def met(call, *sides: int) -> list[str]:
    """The operations of a call on three images of this size that were found."""
    with Beside() as beside, torch.no_grad():
        call(torch.empty(3, *(sides or (4, 9, 11)), device="meta"))
    return beside.known


ALONE = {
    "a convolution": (nn.Conv2d(4, 3, 3, stride=2, padding=1, device="meta"), "convolution"),
    "as many kernels as images": (nn.Conv2d(4, 3, 3, dilation=2, groups=1, device="meta"), "convolution"),
    "a transposed convolution": (nn.ConvTranspose2d(4, 6, 4, stride=2, groups=2, device="meta"), "convolution"),
    "normalisation": (nn.BatchNorm2d(4, device="meta").eval(), "native_batch_norm"),
    "a pool": (nn.MaxPool2d(3, 2, ceil_mode=True), "max_pool2d_with_indices"),
    "an average": (nn.AvgPool2d(2), "avg_pool2d"),
    "bins": (nn.AdaptiveAvgPool2d(3), "_adaptive_avg_pool2d"),
    "an unpooling": (lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2, output_size=(9, 11)),
                     "max_unpool2d"),
    "mirrored borders": (nn.ReflectionPad2d(2), "reflection_pad2d"),
    "an enlargement": (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), "upsample_bilinear2d"),
    "a cubic enlargement": (lambda x: F.interpolate(x, scale_factor=2, mode="bicubic"), "upsample_bicubic2d"),
    "a ReLU": (torch.relu, "relu"),
    "a ReLU in place": (torch.relu_, "relu"),
    "a hard swish": (F.hardswish, "hardswish"),
    "a comparison": (lambda x: x > 0, "gt"),
    "a sum with one channel": (lambda x: x + x[:, :1], "add"),
    "a sum with one vector": (lambda x: x + torch.empty(11, device="meta"), "add"),
    "a joined map": (lambda x: torch.cat([x, x], -3), "cat"),
    "joined crops": (lambda x: torch.cat([x[..., 1:5, 2:6], x[..., :4, :4]], 1), "cat"),
    "a mean of places": (lambda x: x.mean((2, 3), keepdim=True), "mean"),
    "a mean of places without axes": (lambda x: x.mean((-1, -2)), "mean"),
}  # fmt: skip
TOGETHER = {
    "normalisation in training": lambda x: F.batch_norm(x, None, None, training=True),
    "a mean of images": lambda x: x.mean((0, 2)),
    "a mean of all but the images": lambda x: x.mean((1, 2, 3)),
    "joined images": lambda x: torch.cat([x, x]),
    "a sum with one image": lambda x: torch.add(x, torch.empty(1, 4, 9, 11, device="meta")),
    "turned axes": lambda x: torch.relu(x.transpose(1, 3)),
    "channels last": lambda x: torch.relu(x.to(memory_format=torch.channels_last)),
    "copied as channels last": lambda x: x.contiguous(memory_format=torch.channels_last),
    "a vector": lambda x: torch.relu(torch.empty(5, device="meta")),
}


@pytest.mark.parametrize("what", ALONE)
def test_what_treats_each_image_alone_is_found(what):
    call, name = ALONE[what]
    assert name in met(call)


@pytest.mark.parametrize("what", TOGETHER)
def test_what_does_not_is_left_to_torch(what):
    assert met(TOGETHER[what]) == []


def test_what_has_values_is_left_to_torch():
    assert shapes.found(torch.ops.aten.relu.default, (torch.rand(2, 3),), {}) is None


@pytest.mark.newest  # torch 2.6 loads sympy for more than later ones do
def test_neither_field_loads_torchs_compiler():
    code = """
import sys, torch
from course_lib import models
from course_lib.receptive_field import effective, theoretical
for name in ("fcn32s", "unet", "segnet", "deeplab_v3plus"):
    print(theoretical(models.build(name, device="meta").eval(), image_size=(224, 224)).size())
net = models.build("unet", num_classes=2, width=0.1).eval()
effective(net, torch.rand(2, 3, 188, 188), (2, 2), progress=False)
print(*(name for name in ("torch._dynamo", "sympy") if name in sys.modules), sep="")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == ""
