"""torchinfo's table with a column for the receptive field."""

import pytest
import torch
from torch import nn

from course_lib import models


def cells(table: str, layer: str) -> list[str]:
    """The cells of the first row that names this layer."""
    row = next(line for line in table.splitlines() if f"({layer})" in line)
    return [cell.strip() for cell in row.split("  ") if cell.strip()]


@pytest.fixture(scope="module")
def segnet() -> str:
    return str(models.summary("segnet", num_classes=11, image_size=(360, 480)))


def test_every_layer_says_how_much_it_sees(segnet: str) -> None:
    assert segnet.splitlines()[1].endswith("Receptive field")
    assert cells(segnet, "conv1_1")[-1] == "3"
    assert cells(segnet, "conv5_3")[-1] == "196"  # networks.md, 1.1: the trunk of VGG16


def test_torchinfos_own_columns_stay(segnet: str) -> None:
    assert cells(segnet, "conv")[-3:] == ["[1, 64, 360, 480]", "1,792", "3"]  # conv1_1: 3 * 9 * 64 weights + 64
    assert "Total params: 29,449,355" in segnet  # networks.md, 2.1


def test_a_layer_that_averages_the_whole_map_sees_all() -> None:
    table = str(models.summary("deeplab_v3_resnet50", image_size=(129, 129)))
    assert cells(table, "conv5")[-1] == "715"  # networks.md, 2.2
    assert cells(table, "image_pooling")[-1] == "all"


def test_fields_that_are_not_square_have_two_numbers() -> None:
    table = str(models.summary(nn.Sequential(nn.Conv2d(3, 4, (1, 5))), image_size=(40, 40)))
    assert cells(table, "0")[-1] == "1 x 5"


def test_a_network_comes_back_as_it_was() -> None:
    net = models.build("deeplab_v1", width=0.05).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    summary = models.summary(net, image_size=(65, 65))
    assert net.training
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert summary.receptive_fields["fc6"] == (435, 435)  # networks.md, 1.6
    assert summary.statistics.total_params == sum(p.numel() for p in net.parameters())


def test_depth_folds_the_table() -> None:
    shallow = str(models.summary("segnet", width=0.05, depth=1, image_size=(65, 65)))
    deep = str(models.summary("segnet", width=0.05, depth=3, image_size=(65, 65)))
    assert len(shallow.splitlines()) < len(deep.splitlines())


def test_unknown_names_are_answered_as_build_does() -> None:
    with pytest.raises(ValueError, match="did you mean 'segnet'"):
        models.summary("segnett")


def test_every_convolution_is_counted_whatever_its_class_is_called() -> None:
    statistics = models.summary("deeplab_v3_resnet50", width=0.1, image_size=(65, 65)).statistics
    leaves = [info for info in statistics.summary_list if info.is_leaf_layer]
    plain = [info for info in leaves if isinstance(info.module, nn.Conv2d) and info.module.bias is None]
    assert {"Pointwise", "Convolution"} <= {info.class_name for info in plain}
    for info in plain:
        height, width = info.output_size[2:]
        assert info.macs == info.module.weight.numel() * height * width, info.var_name
    assert statistics.total_mult_adds == sum(info.macs for info in leaves)
