"""SegNet and SegNet-Basic against the authors' networks."""

import pytest
import torch
from torch.nn import functional as F
from unfilled import unfilled

from course_lib.models.segnet import SegNet, SegNetBasic, local_response_norm


@pytest.mark.parametrize("name, network", [("segnet", SegNet), ("segnet_basic", SegNetBasic)])
def test_equals_the_authors_network(golden, name, network):
    report = golden(name, unfilled(network, 11), dtype=torch.float64)
    assert report, report


@pytest.mark.parametrize(
    "network, classes, expected",  # networks.md 2.1
    [(SegNet, 11, 29_449_355), (SegNet, 21, 29_455_125), (SegNetBasic, 11, 1_416_587)],
)
def test_parameters_are_counted_to_the_digit(parameters_of, network, classes, expected):
    assert parameters_of(network, classes) == expected


def test_pools_round_up():
    # networks.md 1.3: 360x480 becomes 180x240, 90x120, 45x60, 23x30, 12x15
    sizes = []
    with torch.device("meta"):
        net = SegNet(11, width=0.125)
        for number in range(1, 6):
            pool = getattr(net, f"pool{number}")
            pool.register_forward_hook(lambda layer, inputs, output: sizes.append(tuple(output[0].shape[-2:])))
        assert net(torch.zeros(1, 3, 360, 480)).shape == (1, 11, 360, 480)
    assert sizes == [(180, 240), (90, 120), (45, 60), (23, 30), (12, 15)]


def test_scores_may_be_negative():
    torch.manual_seed(0)
    assert SegNet(5, width=0.125)(torch.rand(2, 3, 64, 64)).min() < 0


def test_the_decoder_of_basic_has_no_relu():
    net = SegNetBasic(5, width=0.125)
    maps = []
    net.conv_decode2.register_forward_hook(lambda layer, inputs, output: maps.append(output))
    net(torch.rand(2, 3, 40, 40))
    assert maps[0].min() < 0


@pytest.mark.parametrize("channels", [1, 3, 8])
def test_response_norm_is_torchs(channels):
    x = 50 * torch.randn(2, channels, 4, 5)
    torch.testing.assert_close(local_response_norm(x), F.local_response_norm(x, 5, 1e-4, 0.75, 1.0))
