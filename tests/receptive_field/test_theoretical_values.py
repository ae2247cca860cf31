"""Known values: of papers, of closed forms, of the reference list; and what a field can be asked."""

import math

import numpy as np
import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional as F
from twin_check import agree

from course_lib.receptive_field import theoretical


def stack(*layers: nn.Module) -> nn.Sequential:
    return nn.Sequential(*layers)


def context(*dilations: int) -> nn.Sequential:
    return stack(*(nn.Conv2d(1, 1, 3, dilation=d, padding=d) for d in dilations))


@pytest.mark.parametrize(
    "name, layer, size",
    [
        ("vgg16", "features", 212),  # Araujo et al. 2019
        ("alexnet", "features", 195),  # Zhou et al. 2015, pool5
        ("inception_v3", "Mixed_7c", 1311),  # Araujo et al. 2019
        ("resnet50", "layer4", 427),  # stride on the 3x3, as torchvision has it
        ("resnet101", "layer4", 971),
    ],
)
def test_published_size(name, layer, size):
    net = getattr(torchvision.models, name)(weights=None, **({"init_weights": False} if "inc" in name else {}))
    assert theoretical(net, (224, 224)).size(layer) == (size, size)


@pytest.mark.parametrize("name, size", [("resnet50", 483), ("resnet101", 1027)])
def test_published_size_with_the_stride_on_the_1x1(name, size):
    net = getattr(torchvision.models, name)(weights=None)
    for stage in (net.layer2, net.layer3, net.layer4):
        stage[0].conv1.stride, stage[0].conv2.stride = (2, 2), (1, 1)
    assert theoretical(net, (224, 224)).size("layer4") == (size, size)


def test_pools_of_alexnet_have_the_sizes_of_zhou():
    """Zhou et al. 2015, Table 1: pool1 19, pool2 67, conv3 99, conv4 131, pool5 195 (conv5 163)."""
    field = theoretical(torchvision.models.alexnet(weights=None), (224, 224))
    sizes = [field.size(f"features.{i}")[0] for i in (2, 5, 6, 8, 10, 12)]
    assert sizes == [19, 67, 99, 131, 163, 195]


def test_context_module_grows_as_its_paper_says():
    """Yu and Koltun 2016, Table 1: 3, 5, 9, 17, 33, 65, 67."""
    field = theoretical(context(1, 1, 2, 4, 8, 16, 1), (64, 64), channels=1)
    assert [field.size(str(i))[0] for i in range(7)] == [3, 5, 9, 17, 33, 65, 67]


def test_two_dilated_layers_leave_holes():
    """Span 13, of which (7 / 13)^2 = 29 % are read."""
    field = theoretical(context(2, 4), (31, 31), channels=1)
    assert field.size() == (13, 13)
    assert field.coverage((15, 15)) == pytest.approx(49 / 169)
    assert list(field.sets((15, 15))[0]) == [9, 11, 13, 15, 17, 19, 21]


def test_a_stride_larger_than_the_kernel_leaves_holes():
    """A 1x1 with stride 3, then a 3x3: span 7, of which 9 / 49 are read by the two together; one axis: 3 of 7."""
    field = theoretical(stack(nn.Conv1d(1, 1, 1, stride=3), nn.Conv1d(1, 1, 3)), (40,), channels=1)
    assert field.size() == (7,)
    assert list(field.sets((4,))[0]) == [12, 15, 18]


def test_aspp_fills_two_percent_of_its_box():
    class ASPP(nn.Module):
        def __init__(self):
            super().__init__()
            rates = (6, 12, 18)
            ways = [nn.Conv2d(1, 1, 3, padding=r, dilation=r) for r in rates]
            self.ways = nn.ModuleList([nn.Conv2d(1, 1, 1), *ways])

        def forward(self, x):
            return torch.cat([way(x) for way in self.ways], 1)

    field = theoretical(ASPP(), (61, 61), channels=1)
    assert field.box((30, 30)) == (12, 12, 49, 49)
    assert field.coverage((30, 30)) == pytest.approx(25 / 37**2)  # 3 x 8 and the shared centre
    agree(ASPP(), (61, 61), channels=1)


def test_transposed_layers_have_phases():
    net = stack(nn.Conv2d(1, 1, 3), nn.ConvTranspose2d(1, 1, 4, 2, 1), nn.ConvTranspose2d(1, 1, 4, 2, 1))
    field = theoretical(net, (20, 20), channels=1)
    heights = {field.box((y, 40))[2] - field.box((y, 40))[0] for y in range(36, 44)}
    assert heights == {4, 5}
    assert field.size() == (5, 5)
    assert field.stride() == (0.25, 0.25)


def sides(field, pixel) -> tuple[int, int]:
    """Height and width of the box of a pixel."""
    top, left, bottom, right = field.box(pixel)
    return bottom - top, right - left


# the values of receptive_field.md, "Values to test against", from here on


def test_two_transposed_k4_s2_are_14_by_18_by_phase():
    up = nn.ConvTranspose2d(1, 1, 4, 2, 1)
    down = [nn.Conv2d(1, 1, 3, padding=1), nn.MaxPool2d(2), nn.Conv2d(1, 1, 3, padding=1), nn.MaxPool2d(2)]
    field = theoretical(stack(*down, up, up), (64, 64), channels=1)
    assert sides(field, (32, 33)) == (14, 18)
    assert {sides(field, (y, x)) for y in range(30, 38) for x in range(30, 38)} == {
        (14, 14), (14, 18), (18, 14), (18, 18)
    }  # fmt: skip
    assert field.size() == (18, 18)


def test_a_transposed_k3_s2_d2_with_output_padding_reads_9_and_7_or_nothing():
    """All three taps fall on one parity; the other reads nothing. 9 after a 3x3 before the stride, 7 without."""
    up = nn.ConvTranspose2d(1, 1, 3, 2, 2, output_padding=1, dilation=2)
    first, down = nn.Conv2d(1, 1, (3, 1), padding=(1, 0)), nn.Conv2d(1, 1, 3, 2, 1)
    field = theoretical(stack(first, down, up), (32, 32), channels=1)
    assert field.size() == sides(field, (16, 16)) == (9, 7)
    assert field.box((16, 17)) == (0, 0, 0, 0)
    agree(stack(first, down, up), (32, 32), channels=1)


def test_bilinear_twice_after_convolutions_depends_on_the_phase():
    up = nn.Upsample(scale_factor=2, mode="bilinear")
    field = theoretical(stack(nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3), up, up), (32, 32), channels=1)
    assert [sides(field, (y, 40))[0] for y in range(40, 48)] == [6, 7, 7, 6, 6, 7, 7, 6]
    assert field.size() == (7, 7)


def test_a_kernel_of_2_with_stride_5_spans_7_and_fills_33_percent():
    """The 2x2 after it reads 0, 1, 5 and 6 along each axis: (4 / 7)^2."""
    field = theoretical(stack(nn.Conv2d(1, 1, 2, stride=5), nn.Conv2d(1, 1, 2)), (40, 40), channels=1)
    assert field.size() == (7, 7)
    assert field.coverage((4, 4)) == pytest.approx(16 / 49)


def test_pool_and_unpool_with_a_convolution_in_each_place_are_10():
    class PoolUnpool(nn.Module):
        def __init__(self):
            super().__init__()
            self.before, self.inside, self.after = (nn.Conv2d(1, 1, 3, padding=1) for _ in range(3))

        def forward(self, x):
            y, places = F.max_pool2d(self.before(x), 2, return_indices=True)
            return self.after(F.max_unpool2d(self.inside(y), places, 2))

    assert theoretical(PoolUnpool(), (32, 32), channels=1).size() == (10, 10)
    agree(PoolUnpool(), (32, 32), channels=1)


def test_pool_and_unpool_read_the_windows_through_the_indices():
    class PoolUnpool(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, 3, padding=1)

        def forward(self, x):
            y, places = F.max_pool2d(self.first(x), 2, return_indices=True)
            return self.last(F.max_unpool2d(y, places, 2))

    field = theoretical(PoolUnpool(), (24, 24), channels=1)
    assert field.box((11, 12)) == (9, 9, 15, 15)  # windows 10..13 and their 3x3
    assert field.size() == (6, 6)
    agree(PoolUnpool(), (24, 24), channels=1)


def test_squeeze_and_excitation_can_be_left_out():
    net = torchvision.models.mobilenet_v3_small(weights=None)
    assert theoretical(net, (97, 97)).size("features") == (math.inf, math.inf)
    local = theoretical(net, (97, 97), stop_at_global=True)
    assert local.size("features.1") == (7, 7)  # the stem's 3, then a 3x3 on stride 2


def test_strips_are_endless_along_one_axis_only():
    class Strip(nn.Module):
        def forward(self, x):
            return F.avg_pool2d(x, 3, 1, 1) + x.mean(3, keepdim=True)

    field = theoretical(Strip(), (20, 30), channels=1)
    assert field.size() == (3, math.inf)
    assert field.box((10, 10)) == (9, 0, 12, 30)
    assert field.coverage((10, 10)) == pytest.approx((30 + 6) / 90)


def test_stride_and_offset_place_the_centres():
    field = theoretical(stack(nn.Conv2d(3, 2, 7, 2, 3), nn.MaxPool2d(3, 2, 1), nn.Conv2d(2, 2, 2, 2)), (224, 224))
    assert field.size() == (15, 15)
    assert field.stride() == (8, 8)
    assert field.offset() == (2, 2)


def test_dictionaries_and_tuples_name_their_parts():
    class Two(nn.Module):
        def __init__(self, kind):
            super().__init__()
            self.kind, self.near, self.far = kind, nn.Conv2d(1, 1, 3, padding=1), nn.Conv2d(1, 1, 7, padding=3)

        def forward(self, x):
            near, far = self.near(x), self.far(x)
            return {"aux": far, "out": near} if self.kind == "dict" else (near, [far])

    field = theoretical(Two("dict"), (16, 16), channels=1)
    assert field.size() == (3, 3)
    assert field.size("output['aux']") == (7, 7)
    field = theoretical(Two("tuple"), (16, 16), channels=1)
    assert field.layers == ["near", "far", "output", "output[1][0]"]
    assert field.size("output[1][0]") == (7, 7)


def test_several_inputs_are_asked_one_at_a_time():
    class Siamese(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Conv2d(3, 1, 3, padding=1), nn.Conv2d(1, 1, 5, stride=2, padding=2)

        def forward(self, a, b):
            return self.left(a) + self.right(b)

    field = theoretical(Siamese(), inputs=((1, 3, 16, 16), torch.zeros(1, 1, 32, 32)))
    assert field.box((8, 8), input=0) == (7, 7, 10, 10)
    assert field.box((8, 8), input=1) == (14, 14, 19, 19)
    assert field.mask((8, 8), input=1).shape == (32, 32)
    assert field.size(input=1) == (5, 5)
    with pytest.raises(ValueError, match="input must be between 0 and 1, got 2"):
        field.box((0, 0), input=2)


def test_a_module_called_twice_has_two_names():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 1, 3, padding=1)

        def forward(self, x):
            return self.conv(self.conv(x))

    field = theoretical(Twice(), (16, 16), channels=1)
    assert field.layers == ["conv", "conv#2", "output"]
    assert [field.size(name)[0] for name in field.layers] == [3, 5, 5]


def test_the_table_has_a_row_per_layer_and_prints():
    field = theoretical(stack(nn.Conv2d(3, 2, 3), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1)).train(), (21, 21))
    table = field.table()
    assert [row.name for row in table] == ["0", "1", "2", "output"]
    assert [row.size for row in table] == [(3, 3), (4, 4), (math.inf, math.inf), (math.inf, math.inf)]
    assert table[1].stride == (2, 2)
    assert table[1].output_size == (9, 9)
    assert "whole" in str(table)
    assert "evaluation mode" in str(table)


def test_no_pixel_is_too_far_away():
    """4097 x 4097, the last corner."""
    net = torchvision.models.segmentation.fcn_resnet50(weights=None, weights_backbone=None)
    field = theoretical(net, (4097, 4097))
    top, left, bottom, right = field.box((4096, 4096))
    assert (bottom, right) == (4097, 4097)
    assert top == left > 3500
    assert field.mask((0, 0)).shape == (4097, 4097)


def test_one_axis_and_three():
    assert theoretical(nn.Conv1d(2, 2, 5, dilation=3), (40,), channels=2).box((3,)) == (3, 16)
    field = theoretical(nn.Conv3d(2, 2, (1, 2, 3)), (6, 7, 8), channels=2)
    assert field.box((1, 2, 3)) == (1, 2, 3, 2, 4, 6)
    assert field.size() == (1, 2, 3)
    assert np.count_nonzero(field.mask((1, 2, 3))) == 6


@pytest.mark.parametrize("dtype", [torch.float64, torch.float16, torch.bfloat16])
def test_a_network_of_another_precision_is_traced_as_it_is(dtype):
    net = stack(nn.Conv2d(3, 4, 3, stride=2), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 2, 3, dilation=2)).to(dtype)
    assert theoretical(net, 31).size() == (11, 11)
    with pytest.raises(ValueError, match="float"):
        theoretical(net, 31, dtype=torch.float32)
