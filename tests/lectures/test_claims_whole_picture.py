"""The bench of all families and the claims beside it: what is equal is equal, and the counts count."""

from dataclasses import replace
from functools import partial
from itertools import repeat

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
from course_lib.lectures.l08_the_whole_picture import bench, bench_painted, bench_photographs, networks, plateau
from course_lib.lectures.l08_the_whole_picture.bench_photographs import LITE, SMALL
from course_lib.lectures.l08_the_whole_picture.plateau import Plateau
from course_lib.models.efficientnet_lite import EfficientNetLite0
from course_lib.models.resnet import ResNet

CORNER_VOID = torch.zeros(2, 65, 65, dtype=torch.int64).index_fill_(1, torch.tensor(0), 255)


@pytest.mark.parametrize("body", (LITE, SMALL), ids=lambda body: body.name)
def test_on_photographs_the_networks_of_a_body_take_about_as_many_multiply_adds(body):
    work = [net.costs()["multiply-adds"] for net in body.students().values()]
    assert len(work) >= 4
    assert max(work) <= (1 + bench.WITHIN) * min(work), work
    assert min(work) <= body.work <= max(work)


def test_the_search_finds_the_width_that_comes_nearest():
    def layer(maps: int) -> int:
        return parameters(nn.Conv2d(3, maps, 1, bias=False))

    assert bench.maps_for(layer, 70 * 3) == 70
    assert bench.maps_for(layer, 70.7 * 3) == 71
    assert bench.maps_for(layer, 70.3 * 3) == 70


@pytest.mark.parametrize("equal", bench_painted.EQUAL)
def test_on_painted_scenes_the_networks_have_about_as_much_of_what_is_equal(equal):
    costs = [net.costs()[equal] for net in bench_painted.networks(equal).values()]
    assert len(costs) == 5
    assert max(costs) <= (1 + bench.WITHIN) * min(costs), costs
    assert min(costs) <= bench_painted.EQUAL[equal] <= max(costs)


def test_what_equal_multiply_adds_leave_open_are_the_parameters():
    """The target of equal parameters lies between those of the same families at equal multiply-adds."""
    free = [net.costs()["parameters"] for net in bench_painted.networks("multiply-adds").values()]
    assert max(free) > (1 + bench.WITHIN) * min(free)
    assert min(free) < bench_painted.EQUAL["parameters"] < max(free)


def test_a_plateau_is_reached_when_the_last_looks_bring_the_best_no_further():
    rule = Plateau(every=4, patience=3, rise=0.03, most=6, last=5)
    rising, flat = [0.0, 0.1, 0.2, 0.3], [0.5] * 3
    assert not rule.settled(rising)
    assert not rule.settled(flat), "nothing to compare with"
    assert rule.settled([0.5, *flat])
    assert rule.settled([0.5, *flat[1:], 0.5 + rule.rise])
    assert not rule.settled([0.5, *flat[1:], 0.501 + rule.rise])
    assert rule.settled([0.6, *rising]), "the best counts, not the last"


def test_the_settings_tell_the_warm_steps_where_there_are_any():
    rule = Plateau(every=4, patience=3, rise=0.03, most=6, last=5)
    assert rule.told("val").endswith("the learning rate falls to nothing in 5 steps")
    assert replace(rule, warm=2).told("val") == rule.told("val") + "; in the first 2 it rises from nothing"


@pytest.mark.parametrize(("scores", "looks"), [([0.5] * 9, 4), ([0.1 * n for n in range(9)], 6)])
def test_training_ends_at_the_plateau_or_at_the_cap_and_the_rate_falls_at_the_end(monkeypatch, scores, looks):
    rule = Plateau(every=4, patience=3, rise=0.03, most=6, last=50, warm=2)
    rates, answers = [], iter(scores)
    monkeypatch.setattr(
        plateau, "one_step", lambda net, optimiser, *_: rates.append([group["lr"] for group in optimiser.param_groups])
    )
    net = nn.Conv2d(3, 9, 1)
    optimiser = torch.optim.SGD([{"params": [net.weight], "lr": 0.2}, {"params": [net.bias], "lr": 1.0}])
    found = rule.reach(net, optimiser, repeat((None, None)), lambda: next(answers), seed=0)
    assert found == scores[:looks]
    assert len(rates) == rule.steps(found) == looks * rule.every + rule.last
    assert all(slow == pytest.approx(0.2 * fast) for slow, fast in rates), "each group at its own rate"
    whole = [fast for _, fast in rates]
    assert whole[0] == 0.5, "the rate rises in the first steps"
    assert set(whole[1 : -rule.last]) == {1.0}
    last = whole[-rule.last :]
    assert last == sorted(last, reverse=True)
    assert last[-1] < 0.01


def test_training_on_photographs_takes_the_looks_from_val_and_the_score_from_test(monkeypatch, tmp_path):
    """The lists are exchanged for painted scenes; what is asked of them is written down."""
    monkeypatch.setattr(bench_photographs, "folder", lambda: tmp_path)
    asked = []
    monkeypatch.setattr(bench_photographs, "looked_at", lambda net: asked.append("val") or 0.5)
    monkeypatch.setattr(bench_photographs, "scored", lambda net: asked.append("test") or {"mIoU": 0.5})
    monkeypatch.setattr(bench_photographs, "drawn", lambda *_: repeat((torch.rand(2, 3, 65, 65), CORNER_VOID)))
    monkeypatch.setattr(type(bench_photographs.NETWORKS[bench_photographs.STORED]), "training_data", lambda *_: None)
    body = replace(SMALL, plateau=Plateau(every=1, patience=2, rise=0, most=5, last=1))
    run = bench_photographs.Student(bench.FAMILIES["FCN-8s"], body).run(0)
    assert asked == ["val"] * 3 + ["test"]
    assert run["settled"]
    assert run["steps"] == 4


def test_every_decoder_answers_at_the_pictures_size_on_all_bodies():
    image = torch.rand(2, 3, 65, 65)
    for family in bench.FAMILIES.values():
        assert family.build(8, EfficientNetLite0, 3)(image).shape == (2, 3, 65, 65)
        assert family.build(8, networks.SmallBody, 9)(image).shape == (2, 9, 65, 65)
    resnet = networks.OnBody(ResNet(50, output_stride=16, width=0.1), partial(networks.FCN8sDecoder, classes=3, maps=8))
    assert resnet(image).shape == (2, 3, 65, 65)


def test_the_small_body_gives_up_its_last_stride_for_a_rate():
    whole, dilated = (networks.SmallBody(output_stride) for output_stride in (32, 16))
    image = torch.rand(1, 3, 64, 64)
    assert [maps.shape[1] for maps in dilated.stages(image)] == list(networks.SMALL)
    assert [maps.shape[-1] for maps in whole.stages(image)] == [32, 16, 8, 4, 2]
    assert [maps.shape[-1] for maps in dilated.stages(image)] == [32, 16, 8, 4, 4]
    assert parameters(whole) == parameters(dilated)


def test_the_body_begins_as_imagenet_left_it_and_the_decoder_with_the_seed():
    unet = LITE.students()["U-Net"]
    one, other = (unet.started(seed) for seed in (0, 1))
    assert torch.equal(one.backbone.stem[0].weight, other.backbone.stem[0].weight)
    assert not torch.equal(one.decoder.levels[0].enlarge.weight, other.decoder.levels[0].enlarge.weight)


def test_multiply_adds_are_those_of_the_convolutions():
    grouped = nn.Conv2d(8, 8, 3, padding=1, groups=4)
    net = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), grouped, nn.ConvTranspose2d(8, 2, 2, 2)).to("meta")
    assert full_size.multiply_adds(net, 10) == 10 * 10 * (3 * 8 * 9 + 8 * 2 * 9 + 8 * 2 * 4)


def test_learning_keeps_what_the_backward_pass_needs_and_each_map_once():
    net = nn.Sequential(nn.Conv2d(3, 8, 1), nn.ReLU(inplace=True), nn.Conv2d(8, 2, 1)).to("meta")
    image, maps = 3 * 10 * 10, 8 * 10 * 10
    assert full_size.kept_to_learn(net, 10) == 4 * (image + maps)


def test_costs_are_those_of_the_full_size_network():
    costs = full_size.costs("segnet", 64)
    assert costs["parameters"] == 29_455_125  # 21 classes; 29,449,355 with 11 (claim D8)
    assert costs["receptive field"] == 404


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
    assert len({parameters(deeplab_networks.aspp(rates, 5)) for rates in aspp.HEADS.values()}) == 1
    assert len({rate for rates in aspp.HEADS.values() for rate in rates}) == len(aspp.RATES)
