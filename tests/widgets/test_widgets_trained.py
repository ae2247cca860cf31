"""Explorers of trained networks: skips that can be silenced, and scenes that can be edited."""

from importlib import import_module

import pytest
import torch

from course_lib.models import activations
from course_lib.training import checkpoints
from course_lib.widgets import explorers
from course_lib.widgets.panels import Map, Readout

ALL = (True,) * 4


@pytest.fixture(scope="module")
def skips():
    return import_module("course_lib.widgets.explorers.skips")


@pytest.fixture(scope="module")
def breaking():
    return import_module("course_lib.widgets.explorers.break_the_network")


def rows(panels) -> dict[str, str]:
    return dict(row for panel in panels if isinstance(panel, Readout) for row in panel.rows)


@pytest.mark.parametrize("network", ["FCN-8s", "U-Net"])
def test_with_all_skips_it_is_the_network_itself(skips, network):
    name = skips.NETWORKS[network]
    image, _, _ = checkpoints.unseen(name)[0]
    with torch.no_grad():
        expected = checkpoints.load(name)(image[None])[0].argmax(0)
    assert torch.equal(skips.compute(network, 0, ALL[: 2 if network == "FCN-8s" else 4]).prediction, expected)


def test_without_its_skips_fcn_answers_with_its_deepest_scores_alone(skips):
    image, _, _ = checkpoints.unseen("fcn8s_street")[1]
    net = checkpoints.load("fcn8s_street")
    with torch.no_grad():
        with activations(net, "score_fr") as maps:
            net(image[None])
        x = net.upscore_pool4(net.upscore2(maps["score_fr"]))
        expected = net.upscore8(x)[0, :, 31 : 31 + 64, 31 : 31 + 64].argmax(0)
    assert torch.equal(skips.compute("FCN-8s", 1, (False, False)).prediction, expected)


def test_each_switch_of_unet_silences_its_own_copy(skips):
    answers = [skips.compute("U-Net", 0, tuple(place != off for place in range(4))).prediction for off in range(4)]
    answers.append(skips.compute("U-Net", 0, ALL).prediction)
    assert len({tuple(answer.flatten().tolist()) for answer in answers}) == 5


def test_silencing_leaves_the_network_as_it_was(skips):
    net = skips.trained("U-Net")
    with skips.silenced(net, (False,) * 4):
        assert any(module._forward_pre_hooks for module in net.modules())
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in net.modules())


def test_every_pixel_is_at_one_place_and_errors_add_up(skips):
    answer = skips.compute("U-Net", 2, ALL)
    assert int((answer.places != skips.RIGHT).sum()) == int((answer.prediction != answer.truth).sum())
    told = rows(explorers.skips().render(network="U-Net", scene=2))
    parts = [told[f"Wrong, {place}"] for place in ("boundary", "small thing", "inside")]
    wrong = sum(int(part.split(" of ")[0].replace(",", "")) for part in parts)
    here = sum(int(part.split(" of ")[1].split(" ")[0].replace(",", "")) for part in parts)
    assert (wrong, here) == (int((answer.prediction != answer.truth).sum()), 64 * 64)


def test_a_small_thing_is_small_up_to_its_edge_and_the_ground_around_it_is_boundary(skips):
    truth, size = torch.zeros(20, 20, dtype=torch.int64), torch.zeros(20, 20)
    truth[4:14, 4:14], size[4:14, 4:14] = 1, 10
    kinds = skips.where(truth, size)
    assert kinds[9, 9] == kinds[4, 4] == skips.SMALL_THING
    assert kinds[3, 3] == kinds[2, 2] == skips.BOUNDARY
    assert kinds[1, 1] == skips.INSIDE
    assert kinds[18, 18] == skips.INSIDE
    assert skips.where(truth, 10 * size)[9, 9] == skips.INSIDE  # the same thing, were it large


def test_fcn_has_no_third_and_fourth_skip():
    explorer = explorers.skips()
    assert explorer.settings(network="FCN-8s", third=False)["third"] is True


def test_networks_answer_the_edited_scene_side_by_side(breaking):
    explorer = explorers.break_the_network()
    panels = explorer.render(bus=56, pole=1)
    shown = breaking.edited("street", 0, 56, 16, 1, "water", 18)
    told = {panel.title: panel for panel in panels if isinstance(panel, Map)}
    for name in breaking.NETWORKS["street"]:
        with torch.no_grad():
            expected = checkpoints.load(name)(shown.image[None])[0].argmax(0)
        assert torch.equal(torch.as_tensor(told[checkpoints.describe(name)["model"]].values), expected)
    right = [(torch.as_tensor(told[net].values) == shown.truth).float().mean() for net in ("segnet", "unet", "fcn8s")]
    assert rows(panels)["pixels right"] == " / ".join(f"{share:.1%}" for share in right)


def test_exchanging_water_and_road_leaves_the_hull_where_it_was(breaking):
    water, road = (breaking.edited("harbour", 1, 36, 16, 2, surface, 18) for surface in ("water", "road"))
    boat, car = (shown.truth == index for shown, index in ((water, 3), (road, 4)))
    assert boat.any()
    assert torch.equal(boat, car)


def test_knobs_of_the_other_world_do_not_count():
    assert explorers.break_the_network().settings(world="harbour", bus=56)["bus"] == 36


@pytest.mark.parametrize("name", ["skips", "break_the_network"])
def test_the_static_figure_says_all_its_numbers(name):
    explorer = getattr(explorers, name)()
    alt = explorer.figure().alt
    for panel in explorer.render():
        assert panel.describe() in alt
