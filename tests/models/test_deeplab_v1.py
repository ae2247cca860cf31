"""DeepLab v1 against the authors' network."""

import pytest
import torch
from unfilled import unfilled

from course_lib.models.deeplab_v1 import DeepLabV1


@pytest.mark.parametrize("scores", [True, False])
def test_equals_the_authors_network(golden, scores):
    report = golden("deeplabv1_largefov", unfilled(DeepLabV1), scores=scores)
    assert report, report
    assert report.output == ("logits_stride8" if scores else "upsampled_x8_align_corners")


@pytest.mark.parametrize(
    "kernel, rate, channels, expected",  # networks.md 2.1; 2.4: 134.3 M, 65.1 M, 65.1 M and 20.5 M
    [(3, 12, 1024, 20_505_429), (4, 4, 4096, 65_140_565), (4, 8, 4096, 65_140_565), (7, 4, 4096, 134_346_581)],
)
def test_parameters_are_counted_to_the_digit(parameters_of, kernel, rate, channels, expected):
    assert parameters_of(DeepLabV1, fc6_kernel=kernel, fc6_rate=rate, fc6_channels=channels) == expected


@pytest.mark.parametrize("kernel, rate", [(3, 12), (7, 4), (4, 4), (4, 8), (3, 1)])
def test_every_field_of_view_keeps_the_size(kernel, rate):
    with torch.device("meta"):
        net = DeepLabV1(width=0.0625, fc6_kernel=kernel, fc6_rate=rate)
        assert net.scores(torch.zeros(1, 3, 321, 513)).shape == (1, 21, 41, 65)  # networks.md 2.3


@pytest.mark.parametrize("side, cells", [(100, 14), (101, 14), (97, 13), (96, 13), (33, 5)])
def test_pools_round_up(side, cells):
    # Caffe: ceil((n - 1) / 2) + 1 cells from n, three times; 100, 51, 26, 14
    with torch.device("meta"):
        assert DeepLabV1(width=0.0625).scores(torch.zeros(1, 3, side, side)).shape[-1] == cells


def test_only_the_last_layer_starts_small():
    torch.manual_seed(0)
    net = DeepLabV1(width=0.25)
    assert net.fc8.weight.std().item() == pytest.approx(0.01, rel=0.05)  # networks.md 1.6
    assert not net.fc8.bias.any()


@pytest.mark.parametrize(
    "options, words",
    [
        ({"fc6_rate": 0}, "fc6_rate must be at least 1, got 0"),
        ({"fc6_kernel": 4, "fc6_rate": 3}, "fc6_kernel 4 needs an even fc6_rate to stay centred, got 3"),
        ({"num_classes": 0}, "num_classes must be at least 1, got 0"),
    ],
)
def test_options_that_cannot_work_are_explained(options, words):
    with pytest.raises(ValueError, match=words):
        DeepLabV1(**options)
