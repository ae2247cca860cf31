"""FC-DenseNet against an independent implementation, and the maps of its table."""

import pytest
import torch
from unfilled import unfilled

from course_lib.models.fc_densenet import FCDenseNet, fc_densenet56, fc_densenet67, fc_densenet103

SIZES = {56: fc_densenet56, 67: fc_densenet67, 103: fc_densenet103}


@pytest.mark.parametrize("size", SIZES)
def test_equals_an_independent_network(golden, size):
    report = golden(f"fcdensenet{size}", unfilled(SIZES[size], 11))
    assert report, report


@pytest.mark.parametrize("size, expected", [(56, 1_376_795), (67, 3_463_243), (103, 9_322_091)])  # networks.md 2.1
def test_parameters_are_counted_to_the_digit(parameters_of, size, expected):
    assert parameters_of(SIZES[size], 11) == expected


@pytest.mark.parametrize("size", SIZES)
def test_the_name_counts_the_convolutions(size):
    with torch.device("meta"):
        layers = [m for m in SIZES[size](11).modules() if isinstance(m, torch.nn.Conv2d | torch.nn.ConvTranspose2d)]
    assert len(layers) == size


def test_maps_are_those_of_the_corrected_table():
    # networks.md 1.5: m after each stage of the 103
    with torch.device("meta"):
        net = fc_densenet103(11)
    down = [stage.transition[2].in_channels for stage in net.down]
    bottleneck = net.bottleneck.layers[0][2].in_channels + 15 * 16
    up = [stage.block.layers[-1][2].in_channels + 16 for stage in net.up]
    assert [net.first.out_channels, *down, bottleneck, *up] == [
        48, 112, 192, 304, 464, 656, 896, 1088, 816, 576, 384, 256,
    ]  # fmt: skip
    assert net.score.in_channels == 256


def test_sizes_halve_rounding_down():
    # networks.md 1.5: 360x480 has 45 rows before the fourth transition, 22 after it, 11 after the fifth
    rows = []
    with torch.device("meta"):
        net = fc_densenet56(11)
        for stage in net.down:
            stage.register_forward_hook(lambda layer, inputs, output: rows.append(output[0].shape[-2]))
        assert net(torch.zeros(1, 3, 360, 480)).shape == (1, 11, 360, 480)
    assert rows == [180, 90, 45, 22, 11]


def test_any_number_of_levels():
    net = FCDenseNet(3, down=(2, 3), bottleneck=2, up=(3, 2), growth=4, width=0.5)
    assert net(torch.rand(2, 3, 33, 46)).shape == (2, 3, 33, 46)


def test_many_levels_need_a_larger_image():
    net = FCDenseNet(3, down=(1,) * 6, bottleneck=1, up=(1,) * 6, growth=4, width=0.5)
    with pytest.raises(ValueError, match="at least 64 x 64 pixels, got 63 x 64"):
        net(torch.rand(1, 3, 63, 64))
    assert net(torch.rand(1, 3, 64, 64)).shape == (1, 3, 64, 64)


@pytest.mark.parametrize("down, up", [((2, 3), (3,)), ((2, 0), (1, 1))])
def test_blocks_that_do_not_mirror_are_refused(down, up):
    with pytest.raises(ValueError, match="equally many blocks of one layer or more"):
        FCDenseNet(3, down=down, up=up)


def test_dropout_is_of_single_values():
    drops = [m for m in fc_densenet56(3, width=0.25).modules() if "Drop" in type(m).__name__]
    assert {type(m) for m in drops} == {torch.nn.Dropout}
    assert {m.p for m in drops} == {0.2}
    assert len(drops) == 4 * 11 + 5  # each dense layer and each transition down
