"""The design of the claims on FCN's limits and on decoders: controls are what they say, scores mean what they say."""

from functools import partial

import pytest
import torch
from torch import nn

from course_lib.evidence.small_training import held_out, started
from course_lib.evidence.verdict import UNDECIDED
from course_lib.lectures.l01_fcn_limits import experiments as limits
from course_lib.lectures.l02_deconvnet_segnet import claims
from course_lib.lectures.l02_deconvnet_segnet import experiments_costs as costs
from course_lib.lectures.l02_deconvnet_segnet import experiments_stages as stages
from course_lib.lectures.l07_deeplab_v3_v3plus import experiments as v3
from course_lib.scenes import Scenes


def size(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def changed(net: nn.Module, part: nn.Module, image: torch.Tensor) -> bool:
    """Whether the answer depends on this part's weights."""
    with torch.no_grad():
        before = net.eval()(image)
        for parameter in part.parameters():
            parameter += 1
        return not torch.equal(net(image), before)


def test_rivals_have_the_same_parameters():
    groups = [
        [limits.SmallFCN(finest) for finest in limits.STRIDES],
        [limits.local_net(rates) for rates in (limits.NEAR, limits.FAR)],
        [stages.MirroredStages(way) for way in stages.WAYS],
        [v3.SmallV3Plus(way) for way in ("decoder", "zeroed decoder")],
        [v3.SmallV3Plus(way) for way in ("plain 16x", "plain 4x")],
    ]
    assert [len({size(net) for net in group}) for group in groups] == [1] * len(groups)


def test_the_three_fcns_begin_with_the_same_weights():
    first, second, third = (started(partial(limits.SmallFCN, finest), 7).state_dict() for finest in limits.STRIDES)
    assert all(torch.equal(first[name], second[name]) and torch.equal(first[name], third[name]) for name in first)


def test_an_fcn_hears_no_score_finer_than_it_says():
    image = torch.rand(1, 3, 64, 64)
    for finest, heard in ((32, [True, False, False]), (16, [True, True, False]), (8, [True, True, True])):
        found = []
        for number in range(3):
            net = limits.SmallFCN(finest)
            found.append(changed(net, net.scores[number], image))
        assert found == heard


def test_cells_of_the_stride_keep_what_fills_them_and_lose_what_does_not():
    label = torch.zeros(1, 96, 96, dtype=torch.long)
    label[0, 0:64, 0:64] = 1
    label[0, 74:86, 74:86] = 2
    coarse, fine = (limits.through_stride(label, stride) for stride in (32, 4))
    assert not (coarse == 2).any()
    assert (fine == 2).any()
    assert (coarse == label)[0, :56, :56].all()


def test_a_bus_is_torn_when_its_pane_is_taken_for_the_street():
    scenes = Scenes("reflections", count=64, seed=3, **limits.BUSES)
    _, label, maps = scenes.batch(range(64))
    right = limits.inside_buses((label, label, maps), field=29)
    assert {value for name, value in right.items() if name.startswith("torn")} == {0.0}
    deceived = label.where(maps["distance"] < 0, 0).masked_fill(maps["reflection"], 2)
    torn = limits.inside_buses((deceived, label, maps), field=29)
    assert torn["torn, large buses"] == 1.0
    assert torn["bicycles"] == 1.0 > right["bicycles"] == 0.0


def test_the_fields_lie_on_either_side_of_the_large_panes():
    near, far = (limits.field_of(limits.local_net(rates)) for rates in (limits.NEAR, limits.FAR))
    assert (near, far) == (limits.NEAR_FIELD, limits.FAR_FIELD)
    assert near + 6 < Scenes("reflections").knobs["pane"] < far


def test_switches_fill_a_quarter_and_bilinear_enlargement_fills_everything():
    image = held_out("street", 4).batch(range(4))[0]
    switches, bilinear = (stages.stages_of(stages.MirroredStages(way), image) for way in stages.WAYS)
    assert [stage["filled"].float().mean().item() for stage in switches] == [0.25] * 3
    assert all(stage["enlarged"][~stage["filled"]].abs().max() == 0 for stage in switches)
    assert (bilinear[0]["enlarged"] != 0).float().mean() > 0.5
    assert [stage["deconvolved"].shape[-1] for stage in switches] == [16, 32, 64]


def test_the_class_explains_maps_of_the_class_and_no_noise():
    label = held_out("street", 8).batch(range(8))[1]
    by_class = torch.stack([label.float(), label.float().square()], 1)
    noise = torch.randn(8, 2, 64, 64, generator=torch.Generator().manual_seed(0))
    assert stages.explained(by_class, label) == pytest.approx(1)
    assert stages.explained(noise, label) < 0.01
    seen = torch.rand(8, 2, 64, 64, generator=torch.Generator().manual_seed(1)) < 0.25
    assert stages.explained(by_class * seen, label) < 0.5, "zeros alone hide the class"
    assert stages.explained(by_class * seen, label, seen) == pytest.approx(1), "and leaving them out shows it again"


def test_a_probe_reads_what_a_map_holds_and_nothing_else():
    label = held_out("street", 8).batch(range(8))[1]
    holds = nn.functional.one_hot(label, stages.CLASSES).permute(0, 3, 1, 2).float()
    assert (stages.probed(holds[:4], label[:4], holds[4:], 64) == label[4:]).float().mean() > 0.99
    blank = torch.ones(8, 2, 64, 64)
    assert len(stages.probed(blank[:4], label[:4], blank[4:], 64).unique()) == 1


def test_without_fc6_and_fc7_a_deconvnet_is_as_large_as_a_segnet():
    net, segnet = (costs.small(name).eval() for name in ("deconvnet", "segnet"))
    image = torch.rand(1, 3, 64, 64)
    before = size(net)
    costs.without_fully_connected(net)
    assert net(image).shape == (1, 6, 64, 64)
    assert before > 2 * size(segnet)
    assert size(net) == pytest.approx(size(segnet), rel=0.1)


def test_memory_to_train_counts_weights_twice_and_maps_for_each_picture():
    exact = {"parameters": 1000, "bytes kept to learn": 10}
    assert [costs.bytes_to_train(exact, pictures) for pictures in (1, 16)] == [8010, 8160]


def test_the_zeroed_decoder_borrows_nothing():
    image = torch.rand(1, 3, 64, 64)
    for way, borrows in (("decoder", True), ("zeroed decoder", False)):
        net = v3.SmallV3Plus(way)
        assert changed(net, net.fewer, image) is borrows


def test_plain_enlargement_begins_at_the_stride_that_it_says():
    image = torch.rand(1, 3, 64, 64)
    sides = {way: v3.SmallV3Plus(way).eval() for way in v3.WAYS}
    assert {way: 64 // net.encoder(net.low(image)).shape[-1] for way, net in sides.items()} == {
        "plain 16x": 16, "plain 4x": 4, "zeroed decoder": 16, "decoder": 16,
    }  # fmt: skip


@pytest.mark.parametrize(
    "module, measured",
    [
        (limits, "small_things_vanish"),
        (limits, "torn_buses"),
        (stages, "example_and_class"),
        (stages, "coarse_then_fine"),
        (v3, "decoder_at_the_edges"),
    ],
)
def test_every_comparison_names_what_was_measured(module, measured, monkeypatch):
    """Without training."""
    monkeypatch.setattr(module, "train", lambda net, *_, **__: net.eval())
    claim = getattr(module, measured)
    evidence = claim.measure([900])
    assert {len(values) for values in evidence.values.values()} == {1}
    assert claim.judgement(evidence.values)["verdict"] == UNDECIDED, "one seed proves nothing"


def test_slips_in_a_listing_of_deconvnet_run_unnoticed():
    with torch.device("meta"):
        sizes = [size(claims.VGGStage(name_used_twice=twice)) for twice in (True, False)]
    assert sizes == [2 * (512 * 512 * 9 + 512), 3 * (512 * 512 * 9 + 512)]
    plain, transposed = nn.Conv2d(4, 4, 3, padding=1), nn.ConvTranspose2d(4, 4, 3, padding=1)
    plain.load_state_dict(transposed.state_dict())
    image = torch.rand(1, 4, 9, 9)
    assert not torch.allclose(plain(image), transposed(image), atol=1e-3)
    other, own = claims.indices_of_another_image()
    assert other < 0.5 < own == 1
