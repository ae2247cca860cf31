"""Explorers of trained networks: skips that can be silenced, and scenes that can be edited."""

from importlib import import_module

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_lib import explorers, paths
from course_lib.datasets import photos
from course_lib.explorers.machinery.panels import Map, Readout
from course_lib.models import activations
from course_lib.models.working_size import AtWorkingSize
from course_lib.receptive_field import effective
from course_lib.segment import segment
from course_lib.training import checkpoints

ALL = (True,) * 4


@pytest.fixture(scope="module")
def skips():
    return import_module("course_lib.explorers.skips")


@pytest.fixture(scope="module")
def breaking():
    return import_module("course_lib.explorers.break_the_network")


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


def test_on_the_photograph_it_says_what_segment_says_and_void_is_no_error(skips):
    answer = skips.compute(skips.PHOTO, 0, ALL)
    found = segment(paths.data() / "photos" / "cat.jpg", network="unet_pets").labels
    labels = F.interpolate(found[None, None].float(), size=answer.truth.shape, mode="nearest")[0, 0]
    assert (labels == answer.prediction).float().mean() > 0.95  # the picture was made smaller in another way
    assert (answer.places[answer.truth == 255] == skips.RIGHT).all()
    without = skips.compute(skips.PHOTO, 0, (False,) * 4)
    assert not torch.equal(without.prediction, answer.prediction)


def test_the_maps_along_the_u_are_those_of_the_network(skips):
    """The copy of stride 8, and what the level there makes of it with and without that copy."""
    shown, _, _ = skips._photograph()
    told = skips.shipped.card("unet_pets")
    net = checkpoints.load("unet_pets")
    with torch.no_grad():
        maps = net.backbone.stages((shown[None] - told["mean"]) / told["std"])
        below = net.up4(maps[-1], maps[4])
        up = {kept: net.up3(below, maps[2] * kept) for kept in (True, False)}
    for kept in (True, False):
        found = skips.compute(skips.PHOTO, 0, (True, kept, True, True)).maps
        torch.testing.assert_close(found["backbone.blocks.2"], maps[2][0])
        torch.testing.assert_close(found["up3"], up[kept][0])


@pytest.mark.parametrize("kept", [True, False])
def test_a_map_comes_from_the_one_before_and_a_copy_from_across_unless_it_is_cut(skips, kept):
    u = import_module("course_lib.explorers.along_the_u")
    for at, stage in enumerate(u.STAGES):
        way = explorers.skips().render(network=skips.PHOTO, stage=stage, second=kept)[1]
        assert [piece.place for piece in way.pieces] == [u.place(number, (139, 209)) for number in range(at + 1)]
        expected = [at - 1] * (at > 0) + [u.LAST - at] * (
            u.BOTTOM < at < u.LAST and (kept or stage != "up to stride 8")
        )
        assert [piece.comes for piece in way.moving] == [way.pieces[number].place for number in expected]
        assert all(piece.place == way.pieces[at].place for piece in way.moving)
        assert [word.text for word in way.words].count("cut") == (not kept and at >= u.STAGES.index("up to stride 8"))
    places = [u.place(number, (139, 209)) for number in range(len(u.STAGES))]
    for top, left, height, width in places:
        assert 0 <= left < left + width <= way.size[1]
        assert 0 <= top < top + height <= way.size[0]


def test_only_on_the_photograph_a_map_is_followed():
    explorer = explorers.skips()
    assert explorer.settings(network="U-Net", stage="the picture")["stage"] == "labels"


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


EDITS = {
    "street": {"bus": 56, "pole": 1},
    "long vehicles": {"slid": 16, "length": 46, "cabs": "tram"},
    "harbour": {"hull": (20, 25), "surface": "road"},
}


@pytest.mark.parametrize("world", EDITS)
def test_networks_answer_the_edited_scene_side_by_side(breaking, world):
    panels = explorers.break_the_network().render(world=world, scene=3, **EDITS[world])
    shown = breaking.edited(world, 3, **EDITS[world])
    told = {panel.title: torch.as_tensor(panel.values) for panel in panels if isinstance(panel, Map)}
    right = []
    for title, name in breaking.NETWORKS[world].items():
        with torch.no_grad():
            expected = checkpoints.load(name)(shown.image[None])[0].argmax(0)
        assert torch.equal(told[title], expected)
        right.append((expected == shown.truth).float().mean())
    assert len(right) >= 2
    assert rows(panels)["pixels right"] == " / ".join(f"{share:.1%}" for share in right)


def test_a_hull_is_what_the_nearer_edge_makes_of_it_and_keeps_its_look(breaking):
    boat, car = (breaking.edited("harbour", 1, hull=(16, column)) for column in (8, 24))
    assert set(boat.truth.unique().tolist()) == {0, 1, 2, 3}  # water, road, fog, boat
    assert set(car.truth.unique().tolist()) == {0, 1, 2, 4}
    there = [(shown.truth >= 3).nonzero() for shown in (boat, car)]
    assert torch.equal(there[0] + torch.tensor([0, 2 * (24 - 8)]), there[1])
    middle = [place.float().mean(0) for place in there]
    assert (middle[0] - torch.tensor([33.0, 17.0])).abs().max() < 3  # place (16, 8), two pixels each


def test_exchanging_water_and_road_leaves_the_hull_where_it_was(breaking):
    water, road = (breaking.edited("harbour", 1, surface=surface) for surface in ("water", "road"))
    boat, car = (shown.truth == index for shown, index in ((water, 3), (road, 4)))
    assert boat.any()
    assert torch.equal(boat, car)


@pytest.mark.parametrize("place", [(0, 0), (31, 31), (0, 31)])
def test_a_hull_never_leaves_the_picture(breaking, place):
    whole, moved = (int((breaking.edited("harbour", 2, hull=hull).truth >= 3).sum()) for hull in ((16, 16), place))
    assert whole == moved


def changed(breaking, **knobs) -> torch.Tensor:
    """Where sliding the cabs by so many pixels changes the parts of a picture."""
    before = breaking.edited("long vehicles", 1, length=62, cabs="bus")
    return (before.image - breaking.edited("long vehicles", 1, length=62, cabs="bus", **knobs).image).abs().sum(0) > 0


def test_a_slid_cab_changes_the_picture_only_where_it_was_and_where_it_is(breaking):
    """A cab of 6 pixels, the lens carries light by one; at its old place and at its new one."""
    assert not changed(breaking, slid=0).any()
    for row in changed(breaking, slid=24):
        assert row.sum() <= 2 * (6 + 2)
    assert changed(breaking, slid=24).any(0).sum() > 12


def test_the_body_closes_behind_a_cab_as_if_there_had_never_been_one(breaking):
    """The cab at the other end: the scene whose dice put it there, but for the cab itself."""
    slide = import_module("course_lib.explorers.edited_scenes").slide
    body = torch.tensor([1, 1, 1, 1, 2, 1]).repeat(5)  # windows (2) at steps of 6
    row = torch.cat([torch.tensor([0, 0]), body, torch.tensor([0])]).to(torch.uint8)
    left, right = row.clone(), row.clone()
    left[2:8] = right[26:32] = 3
    plane = left.repeat(4, 1)
    slide(plane, parts=[1, 2, 3], cab=[3], by=100)
    assert torch.equal(plane, right.repeat(4, 1))
    slide(plane, parts=[1, 2, 3], cab=[3], by=24)
    assert torch.equal(plane, left.repeat(4, 1))


def test_far_from_the_cab_only_the_network_that_sees_far_is_right(breaking):
    """Means over the twelve scenes, with the cabs at their end."""
    shares = torch.zeros(2)
    for scene in range(12):
        shown = breaking.edited("long vehicles", scene)
        away = shown.scenes[scene][2]["distance"] >= 20
        for place, name in enumerate(("near_vehicles", "far_vehicles")):
            shares[place] += (breaking.compute(shown, name) == shown.truth)[away].float().mean() / 12
    near, far = shares.tolist()
    assert near < 0.7  # chance is one half
    assert far > 0.9


def test_knobs_of_the_other_world_do_not_count():
    assert explorers.break_the_network().settings(world="harbour", bus=56)["bus"] == 36


@pytest.mark.parametrize("name", ["skips", "break_the_network"])
def test_the_static_figure_says_all_its_numbers(name):
    explorer = getattr(explorers, name)()
    alt = explorer.figure().alt
    for panel in explorer.render():
        assert panel.describe() in alt


def test_each_skip_of_the_unet_carries_what_the_lecture_says(skips):
    def wrong(*on):
        answers = [skips.compute(skips.UNET, scene, on) for scene in range(8)]
        kinds, places = (torch.stack([getattr(one, name) for one in answers]) for name in ("kinds", "places"))
        return {kind: float((places[kinds == kind] != skips.RIGHT).float().mean()) for kind in (1, 2, 3)}

    full, none = wrong(True, True, True, True), wrong(False, False, False, False)
    without = {skip: wrong(*(other != skip for other in range(1, 5))) for skip in range(1, 5)}
    assert abs(without[1][skips.BOUNDARY] - full[skips.BOUNDARY]) < 0.02  # the deepest is hardly missed
    assert without[4][skips.SMALL_THING] > 0.95 > 0.5 > full[skips.SMALL_THING]
    assert without[3][skips.INSIDE] == max(one[skips.INSIDE] for one in without.values()) > 20 * full[skips.INSIDE]
    assert none[skips.INSIDE] > 0.4


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("segnet", "as built, not trained"),
        (checkpoints.load("segnet_street"), "trained"),
        (torch.nn.Conv2d(3, 1, 3), "as the network was given"),
    ],
    ids=["by name", "a checkpoint", "a module"],
)
def test_the_explorer_of_fields_says_whose_weights_it_differentiates(network, words):
    assert explorers.receptive_field(network)._render.__self__.weights() == words


def test_the_field_of_a_trained_network_is_that_of_the_photograph_as_it_was_trained_to_read_it():
    explorer = explorers.receptive_field("deeplab_v3plus_pets", photo="cat", layers=["backbone.blocks.3.2", "output"])
    picture, shown, told = explorer.render(place=(18, 28), layer="backbone.blocks.3.2", gradient=True)
    size = picture.pixels.shape[:2]
    small, net = photos.resized("cat", size).image / 255, checkpoints.load("deeplab_v3plus_pets")
    assert size == AtWorkingSize(net, 209).resized(photos.load("cat").image[None].float()).shape[-2:]
    read = (small[None] - 127 / 255) / (128 / 255)
    unit = explorer._render.__self__.unit((18, 28), "backbone.blocks.3.2")
    expected = effective(net, read, unit, layer="backbone.blocks.3.2", progress=False).map
    assert np.abs(shown.values - (expected / expected.max()).numpy()).max() < 1e-4
    assert dict(told.rows)["These weights"] == "trained"
