"""The bench of all families and the claims beside it: what is equal is equal, and the counts count."""

from functools import partial

import pytest
import torch
from torch import nn

from course_lib.datasets import photos
from course_lib.evidence import cost as full_size
from course_lib.evidence.counting import parameters
from course_lib.evidence.small_training import started
from course_lib.lectures.l05_deeplab_v1_v2 import experiments as deeplab
from course_lib.lectures.l05_deeplab_v1_v2 import experiments_aspp as aspp
from course_lib.lectures.l05_deeplab_v1_v2 import networks as deeplab_networks
from course_lib.lectures.l07_deeplab_v3_v3plus import experiments_separable as separable
from course_lib.lectures.l08_the_whole_picture import bench as bench
from course_lib.lectures.l08_the_whole_picture import experiments as picture


def test_all_families_come_with_about_as_many_parameters():
    sizes = {name: family.parameters() for name, family in bench.FAMILIES.items()}
    assert min(sizes.values()) > 0.88 * max(sizes.values()), sizes


def test_the_control_is_as_wide_as_segnet():
    wide, segnet = (family.build(device="meta") for family in (bench.CONTROLS[bench.WIDE], bench.FAMILIES["segnet"]))
    assert first_maps(wide) == first_maps(segnet) == 5
    assert first_maps(bench.FAMILIES["fcn8s"].build(device="meta")) == 2


def first_maps(net: nn.Module) -> int:
    return next(layer for layer in net.modules() if isinstance(layer, nn.Conv2d)).out_channels


def test_each_family_is_in_one_group():
    groups = (*picture.FINE_SKIPS, *picture.INDICES, *picture.ONE_ENLARGEMENT)
    assert sorted(groups) == sorted(bench.FAMILIES)


def test_a_short_training_is_scored_and_repeats_itself():
    first, second = (bench.score(bench.FAMILIES["segnet"], 3, steps=2) for _ in range(2))
    assert set(first) == {*picture.SCORES, "CPU s"}
    assert {what: first[what] for what in picture.SCORES} == {what: second[what] for what in picture.SCORES}


def test_a_run_is_kept_until_it_would_begin_otherwise(tmp_path, monkeypatch):
    monkeypatch.setattr(bench.paths, "cache", lambda: tmp_path)
    monkeypatch.setattr(bench, "score", lambda family, seed: {"mIoU": 0.5})
    monkeypatch.setattr(bench, "begun", lambda name, seed: {"asked": [name], "numbers": [1.79]})
    assert bench.kept("segnet", 0) == {"mIoU": 0.5}
    (file,) = tmp_path.rglob("*.json")
    file.write_text(file.read_text().replace("0.5", "0.25"))
    assert bench.kept("segnet", 0) == {"mIoU": 0.25}
    monkeypatch.setattr(bench, "begun", lambda name, seed: {"asked": [name], "numbers": [1.8]})
    assert bench.kept("segnet", 0) == {"mIoU": 0.5}


def test_a_run_begins_the_same_way_each_time():
    first = bench.begun("segnet", 3)
    bench.begun.cache_clear()
    assert first == bench.begun("segnet", 3)
    assert first["numbers"] != bench.begun("segnet", 4)["numbers"]


def test_multiply_adds_are_those_of_the_convolutions():
    net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.ConvTranspose2d(8, 2, 2, 2)).to("meta")
    assert full_size.multiply_adds(net, 10) == 10 * 10 * (3 * 8 * 9 + 8 * 2 * 4)


def test_learning_keeps_what_the_backward_pass_needs_and_each_map_once():
    net = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(inplace=True), nn.Conv2d(8, 2, 1)).to("meta")
    image, maps = 3 * 10 * 10, 8 * 10 * 10
    assert full_size.kept_to_learn(net, 10) == 4 * (image + maps)


def test_costs_are_those_of_the_full_size_network():
    costs = full_size.costs("segnet", 64)
    assert costs["parameters"] == 29_455_125  # 21 classes; 29,449,355 with 11 (claim D8)
    assert costs["receptive field"] == 404


def test_time_is_told_beside_another_network():
    times = full_size.forward_times(["fc_densenet56"], beside="fc_densenet56", side=64, rounds=1)
    assert 0.1 < times["fc_densenet56"] < 10


def test_the_controls_of_separable_layers_have_the_parameters_they_stand_for():
    sizes = {word: parameters(build()) for word, build in separable.NETS.items()}
    assert sizes["plain and narrow"] == pytest.approx(sizes["separable"], rel=0.02)
    assert sizes["separable and wide"] == pytest.approx(sizes["plain"], rel=0.02)


def test_what_takes_longer_has_the_larger_ratio():
    maps = torch.rand(1, 16, 64, 64)
    assert separable.ratio(nn.Conv2d(16, 64, 7, padding=3), nn.Conv2d(16, 16, 1), maps, rounds=3) > 1


def test_only_learned_enlargements_have_parameters():
    sizes = [parameters(deeplab.Enlarged(way)) for way in deeplab.WAYS]
    assert [one - sizes[0] for one in sizes] == [0, 9216, 9216]


def test_at_full_size_parameters_multiply_adds_and_memory_put_the_families_in_other_orders():
    full = {name: full_size.costs(name) for name in ("fcn8s", "segnet", "fc_densenet56", "deeplab_v3plus")}
    orders = {what: sorted(full, key=lambda name: full[name][what])
              for what in ("parameters", "multiply-adds", "bytes kept to learn")}  # fmt: skip
    assert len(set(map(tuple, orders.values()))) == 3
    assert orders["parameters"][0] == orders["bytes kept to learn"][-1] == "fc_densenet56"


def test_a_learned_enlargement_starts_as_the_bilinear_one():
    fixed, learned = (started(partial(deeplab.Enlarged, way), 0).eval() for way in deeplab.WAYS[::2])
    image = torch.rand(1, 3, 64, 64)
    inside = slice(8, -8)  # beyond the border one repeats the last score, the other has none
    with torch.no_grad():
        torch.testing.assert_close(fixed(image)[..., inside, inside], learned(image)[..., inside, inside])


def test_bilinear_enlargement_has_no_board_and_a_random_start_has():
    fixed, random = (deeplab.checkerboard(started(partial(deeplab.Enlarged, way), 0).eval(), 0)
                     for way in deeplab.WAYS[:2])  # fmt: skip
    assert fixed[0] < 0.01 < 0.9 < random[0] <= 1
    assert fixed[1] < random[1]


def test_the_control_of_the_crf_sees_no_picture():
    net = started(lambda: deeplab.Enlarged("bilinear"), 0).eval()
    scores, image = net(torch.rand(1, 3, 32, 32)), torch.rand(1, 3, 32, 32)
    first, second = (deeplab.stages(lambda _: scores, one) for one in (image, 1 - image.flip(3)))
    assert torch.equal(first["without colours"], second["without colours"])
    assert not torch.equal(first["after"], second["after"])


def test_the_thin_things_are_in_the_photographs():
    assert all(set(things) <= set(photos.load(name).classes) for name, things in deeplab.THIN.items())


def test_the_heads_of_all_rates_have_the_same_parameters():
    assert len({parameters(deeplab_networks.aspp(rates)) for rates in aspp.HEADS.values()}) == 1
    assert len({rate for rates in aspp.HEADS.values() for rate in rates}) == len(aspp.RATES)
