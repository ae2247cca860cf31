"""The names that a reader meets: each network as its paper writes it, each layer in words, no two alike."""

import pytest
from torch import nn

from course_lib import models
from course_lib.models import registry, shipped, written
from course_lib.models.families import FAMILIES


def test_every_network_that_can_be_built_is_written_in_one_way_of_its_own():
    assert written.NETWORKS.keys() == registry.NETWORKS.keys() | registry.OTHERS.keys() | {"stack"}
    assert len(set(written.NETWORKS.values())) == len(written.NETWORKS)
    assert not written.NETWORKS.keys() & set(written.NETWORKS.values())


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_begins_the_name_of_its_network(family):
    assert written.network(FAMILIES[family].network).startswith(family)


def test_a_stored_network_goes_by_its_papers_name():
    assert written.network("unet_pets") == written.network("unet_street") == "U-Net"
    assert all(written.network(name) in written.NETWORKS.values() for name in shipped.names())


@pytest.mark.parametrize(
    "name, said",
    [
        ("segnet", "SegNet"),
        ("unet", "U-Net"),
        ("fcn8s_at_once", "FCN-8s at once"),
        ("deeplab_v2", "DeepLab v2"),
        ("deeplab_v3plus", "DeepLab v3+"),
        ("pspnet50", "PSPNet"),
        ("dilatednet_large", "DilatedNet"),
        ("fc_densenet56", "FC-DenseNet"),
    ],
)
def test_a_network_that_was_built_is_known_by_its_class(name, said):
    assert written.network(models.build(name, device="meta")) == said


def test_what_is_no_papers_keeps_the_name_that_its_maker_gave_it():
    class MyUNet(nn.Module):
        pass

    assert written.network(MyUNet()) == "MyUNet"
    assert written.network("all skips") == "all skips"


@pytest.mark.parametrize(
    "name, said",
    [
        ("pool5", "pool5"),
        ("conv4.conv4_3.relu", "conv4_3, ReLU"),
        ("conv5_D.conv5_1_D.conv", "conv5_1_D, convolution"),
        ("score_pool4", "score_pool4"),
        ("backbone.conv5.0", "conv5 1"),
        ("backbone.blocks.4.1.expand", "stage 5, block 2, expand"),
        ("decoder.reduce", "decoder, reduce"),
        ("encoder.3.1", "encoder 4, block 2"),
        ("2", "layer 3"),
    ],
)
def test_a_layer_is_said_in_words(name, said):
    assert written.layer(name) == said


@pytest.mark.parametrize("name", models.names())
def test_no_two_layers_of_a_network_read_alike_and_none_is_code(name):
    net = models.build(name, device="meta")
    layers = [name for name, part in net.named_modules() if not any(part.children())]
    said = [written.layer(name) for name in layers]
    assert len(set(said)) == len(said)
    assert not any("." in words for words in said)
