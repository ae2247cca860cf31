"""The structure of a network is what it computed: break the network and the structure breaks with it."""

import pytest
import torch
from torch import nn

from course_lib import models
from course_lib.models.structure import JOINS, structure

NARROW = 0.25


def named(net, name):
    return next(stage for stage in net.stages if stage.name == name)


def ends(net, links):
    return [(net.stages[link.source].name, net.stages[link.target].name) for link in links]


@pytest.fixture(scope="module")
def told():
    return {name: structure(name, image_size=(321, 321)) for name in models.names()}


def test_every_network_begins_with_the_image_and_ends_with_scores_of_its_size(told):
    for net in told.values():
        assert net.stages[0].kind == "image"
        assert net.stages[0].size == net.stages[-1].size == (321, 321)
        assert net.stages[-1].channels == 21


def test_every_stage_is_reached_from_the_image(told):
    for net in told.values():
        assert all(net.longest(0, number) > 0 for number in range(1, len(net.stages)))


def test_parameters_are_counted_on_the_network(told):
    for name, net in told.items():
        assert net.parameters == sum(p.numel() for p in models.build(name, device="meta").parameters())


def test_the_papers_sizes_stand_in_the_boxes():
    # Ronneberger et al. (2015), figure 1: 572 in; 568, 280, 136, 64, 28 after the convolutions; 388 out
    unet = structure("unet", image_size=(388, 388))
    assert [named(unet, name).size[0] for name in ("mirror", "down1", "down2", "down3", "down4", "bottom", "up1")] == [
        572, 568, 280, 136, 64, 28, 388,
    ]  # fmt: skip
    # Long et al. (2015): 500 pixels end at 16 cells of fc7 because conv1_1 pads by 100
    assert named(structure("fcn8s", image_size=(500, 500)), "fc7").size == (16, 16)


def test_unet_copies_four_maps_across(told):
    assert ends(told["unet"], told["unet"].skips()) == [(f"down{n}", "concatenation") for n in (4, 3, 2, 1)]


def test_fcn8s_adds_the_scores_of_pool4_and_pool3(told):
    assert ends(told["fcn8s"], told["fcn8s"].skips()) == [("pool4", "score_pool4"), ("pool3", "score_pool3")]
    assert told["fcn32s"].skips() == []


def test_tiramisu_has_a_skip_a_level(told):
    for name in ("fc_densenet56", "fc_densenet67", "fc_densenet103"):
        assert ends(told[name], told[name].skips()) == [(f"down {n}", "concatenation") for n in (5, 4, 3, 2, 1)]


def test_deeplab_v3plus_takes_its_details_from_inside_entry2(told):
    (skip,) = told["deeplab_v3plus"].skips()
    assert ends(told["deeplab_v3plus"], [skip]) == [("entry2", "decoder, reduce")]
    assert (skip.channels, skip.size) == (256, (81, 81))  # stride 4, before the block's own stride


def test_branches_that_read_one_map_are_no_skips(told):
    assert told["deeplab_v2"].skips() == told["deeplab_v3_resnet50"].skips() == []


def test_pspnet_keeps_its_features_beside_four_pools(told):
    assert ends(told["pspnet50"], told["pspnet50"].skips()) == [("conv5", "concatenation")]
    assert [stage.kernel for stage in told["pspnet50"].stages if stage.kind == "bins"] == [1, 2, 3, 6]


@pytest.mark.parametrize("name, pools", [("segnet", 5), ("segnet_basic", 4), ("deconvnet", 5)])
def test_each_unpool_reads_the_places_of_its_own_pool(told, name, pools):
    links = told[name].places()
    assert len(links) == pools
    for link in links:
        assert told[name].stages[link.source].name[-1] == told[name].stages[link.target].name[-1]
    assert all(not net.places() for other, net in told.items() if other not in ("segnet", "segnet_basic", "deconvnet"))


def test_rates_are_those_of_the_papers(told):
    rates = [
        stage.rates[0] for stage in told["dilatednet_large"].stages if stage.name.startswith("context") and stage.rates
    ]
    assert rates == [1, 1, 2, 4, 8, 16, 1]
    assert [s.rates for s in told["deeplab_v3_resnet50"].stages if s.name.startswith("conv5")] == [(2,), (4,), (8,)]


def test_strides_of_a_network_never_pass_its_output_stride():
    for stride in (8, 16):
        net = structure("deeplab_v3_resnet50", image_size=(321, 321), output_stride=stride)
        assert max(stage.stride for stage in net.stages) == stride


# mutants: the network is broken, and the structure must say so


def test_a_removed_skip_is_gone(monkeypatch):
    net = models.build("unet", width=NARROW, device="meta")
    up = net.up2

    def alone(x, copy):
        x = up.enlarge(x)
        return up.convolutions(torch.cat([torch.zeros_like(x, device="meta"), x], 1))

    monkeypatch.setattr(up, "forward", alone)
    told = structure(net)
    assert ends(told, told.skips()) == [(f"down{n}", "concatenation") for n in (4, 3, 1)]


def test_another_rate_is_seen():
    net = models.build("deeplab_v1", width=NARROW, device="meta")
    net.fc6.conv.dilation, net.fc6.conv.padding = (6, 6), (6, 6)
    assert named(structure(net), "fc6").rates == (6,)


def test_places_that_come_from_nowhere_are_no_link(monkeypatch):
    net = models.build("segnet", width=NARROW, device="meta")
    honest, unpool = structure(net), net.upsample3.forward

    def forgetful(x, memory):
        places = torch.empty(memory[0].shape, dtype=torch.int64, device="meta")
        return unpool(x, (places, memory[1]))

    monkeypatch.setattr(net.upsample3, "forward", forgetful)
    broken = structure(net)
    assert ends(broken, broken.places()) == [each for each in ends(honest, honest.places()) if each[1] != "upsample3"]


def test_places_of_another_pool_are_seen(monkeypatch):
    net = models.build("segnet_basic", width=NARROW, device="meta")
    kept, pool, unpool = [], net.pool2.forward, net.upsample3.forward

    def remember(x):
        out, memory = pool(x)
        kept.append(memory)
        return out, memory

    def mistaken(x, memory):
        places, (height, width) = kept[-1][0], x.shape[-2:]
        return unpool(x, (places[..., :height, :width], memory[1]))

    monkeypatch.setattr(net.pool2, "forward", remember)
    monkeypatch.setattr(net.upsample3, "forward", mistaken)
    told = structure(net)
    assert ("pool2", "upsample3") in ends(told, told.places())
    assert ("pool3", "upsample3") not in ends(told, told.places())


def test_a_sum_in_place_of_a_concatenation_is_seen():
    class Small(nn.Module):
        def __init__(self, join):
            super().__init__()
            self.join, self.a, self.b = join, nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)

        def forward(self, x):
            x = self.a(x)
            return torch.cat([x, self.b(x)], 1) if self.join == "concatenation" else x + self.b(x)

    for join in JOINS:
        net = structure(Small(join), image_size=(33, 33))
        assert [stage.kind for stage in net.stages if stage.kind in JOINS] == [join]
        assert len(net.skips()) == 1
