"""The pictures of 06 say in words, with numbers, what they show, and refuse what does not fit."""

from importlib import import_module
from itertools import pairwise

import pytest
import torch
from torch.nn import functional as F

from course_lib import explorers
from course_lib.evidence import ledger
from course_lib.evidence.context_heads import far_net, pooling_net
from course_lib.lectures.l06_pspnet import figures as pspnet
from course_lib.lectures.l06_pspnet.claims import crosses
from course_lib.receptive_field import effective
from course_lib.scenes import Scenes

HARBOUR = Scenes("harbour", size=64, count=2, seed=5, surface="water")
IMAGES, TRUTH, _ = HARBOUR.batch(range(2))


def test_twins_tell_the_classes_of_each():
    figure = pspnet.twins(IMAGES, TRUTH, ["first", "second"], HARBOUR.classes, HARBOUR.colours)
    boats = (TRUTH[0] == 3).float().mean()
    assert f"first: water 12%, fog 79%, boat {boats:.0%}; second:" in figure.alt
    with pytest.raises(ValueError, match="got 2 pictures, 2 label maps and 1 names"):
        pspnet.twins(IMAGES, TRUTH, ["first"], HARBOUR.classes, HARBOUR.colours)


def test_a_cut_out_keeps_the_things_and_a_margin():
    things = torch.zeros(1, 64, 64, dtype=torch.bool)
    things[0, 10:20, 30:50] = True
    assert "1 pieces of pictures, of 14 x 24 pixels" in pspnet.cut_out(IMAGES[:1], things).alt
    with pytest.raises(ValueError, match="the mask is empty in one picture"):
        pspnet.cut_out(IMAGES[:1], torch.zeros_like(things))
    with pytest.raises(ValueError, match=r"the mask has shape \(1, 64, 64\), expected \(2, 64, 64\)"):
        pspnet.cut_out(IMAGES, things)


def test_hulls_cut_out_of_twins_are_equal_to_the_last_bit():
    """What the lecture says of its first picture: what is near a hull does not tell boat from car."""
    road = Scenes("harbour", size=64, count=2, seed=5, surface="road").batch(range(2))
    for first, second, label, other in zip(IMAGES, road[0], TRUTH, road[1]):
        near = F.max_pool2d((label >= 3).float()[None], 5, stride=1, padding=2)[0].bool()
        assert torch.equal(first[:, near], second[:, near])
        assert torch.equal(label == 3, other == 4)


def test_worlds_have_a_row_each():
    figure = pspnet.worlds({"harbour": HARBOUR, "skyline": Scenes("skyline", size=64, count=2, seed=5)}, pictures=2)
    assert "2 pictures of each of 2 worlds" in figure.alt
    assert "skyline: sky" in figure.alt
    assert len(figure.axes) == 8


def test_what_a_pixel_hears_is_a_share_of_the_picture():
    net = torch.nn.Conv2d(3, 1, 3, padding=1)
    torch.nn.init.ones_(net.weight)
    spread = effective(net, IMAGES[:1], (30, 30), progress=False)
    assert f"one layer {9 / 64**2:.1%}." in pspnet.hears(IMAGES[0], {"one layer": spread}, (30, 30)).alt


def test_amounts_are_sums_and_shapes_are_maxima():
    maps = {"one": crosses((4, 4)), "two": crosses((4, 4), (10, 10))}
    found = [torch.zeros(1, 1, 16, 16) for _ in maps]
    found[0][..., 4, 4] = found[1][..., 4, 4] = found[1][..., 10, 10] = 1
    figure = pspnet.shape_and_amount(maps, found)
    assert "one: largest 1, average times size 1; two: largest 1, average times size 2" in figure.alt


def test_the_pyramid_has_fifty_averages():
    figure = pspnet.pyramid(torch.rand(3, 24, 24), (1, 2, 3, 6))
    assert "averaged over 1 x 1, 2 x 2, 3 x 3, 6 x 6 bins, 50 averages in all" in figure.alt
    with pytest.raises(ValueError, match="cannot be parted into 30 x 30 bins"):
        pspnet.pyramid(torch.rand(3, 24, 24), (30,))


def test_the_printed_gains_are_those_of_the_text():
    scores = list(pspnet.POOLINGS.values())
    assert [round(b - a, 2) for a, b in pairwise(scores)] == [2.84, 1.0, 0.61]


def test_the_far_head_has_two_and_a_half_times_the_parameters_as_the_text_says():
    far, none, pyramid = (
        sum(parameter.numel() for parameter in net.parameters())
        for net in (far_net(5), pooling_net(5, (0,)), pooling_net(5, (1, 2, 3, 6)))
    )
    assert none == pyramid
    assert far / none == pytest.approx(2.5, abs=0.05)


def test_steps_tell_each_score():
    assert "x: a 10.00, b 12.50." in pspnet.steps({"a": 10, "b": 12.5}, what="x", low=5).alt


def test_only_the_whole_picture_tells_the_face_of_the_helmet_as_the_text_says():
    shown = explorers.pyramids().render(cell=(6, 15), module="pyramid pooling (PSPNet)")[-1]
    told = {name[:5]: words for name, words in shown.rows}
    assert "helmet 12%" in told["1 x 1"]
    room = import_module("course_lib.explorers.pyramids")
    finer = room.compute((6, 15), room.POOLING)[2:]
    assert len(finer) == 3
    assert not any(branch.shares[room.world().classes.index("helmet")] for branch in finer)


def test_between_two_edges_pspnet_names_the_hull_after_the_farther_one_as_the_text_says():
    breaking = explorers.break_the_network()
    for place, farther in ((5, "car"), (27, "boat")):  # water lies to the left, road to the right
        *_, answer, _ = breaking.render(world="harbour", hull=(16, place))
        name = {word: index for index, word in answer.names.items()}
        hull = torch.as_tensor(answer.values)[26:40, 2 * place - 6 : 2 * place + 6]
        nearer = {"car": "boat", "boat": "car"}[farther]
        assert answer.title == "PSPNet-50"
        assert (hull == name[farther]).float().mean() > 0.3  # the box round the hull holds fog, too
        assert not (hull == name[nearer]).any()


def test_with_road_alone_pspnet_takes_the_hull_at_the_left_for_a_boat_as_the_text_says():
    breaking = explorers.break_the_network()
    counts = {}
    for place in (5, 14, 21):  # the road lies to the right
        *_, answer, _ = breaking.render(world="harbour", surface="road", hull=(16, place))
        name = {word: index for index, word in answer.names.items()}
        values = torch.as_tensor(answer.values)
        counts[place] = [int((values == name[word]).sum()) for word in ("boat", "car")]
    assert counts[5][0] > counts[5][1]
    assert all(cars > 10 * boats for boats, cars in (counts[14], counts[21]))


def test_pieces_tell_what_is_labelled_inside_the_whole_and_alone():
    whole = torch.ones(8, 8, dtype=torch.int64)
    alone = torch.zeros(4, 4, dtype=torch.int64)
    figure = pspnet.pieces(torch.rand(3, 8, 8), [(2, 3)], [alone], whole, "cat")
    assert figure.alt == "A photograph of a cat and pieces of it. Share labelled cat: " + (
        "piece 1 100% in the whole and 0% alone."
    )


def test_the_table_of_the_heads_is_the_ledgers(root):
    """The lecture writes the means of P8 into a table, and reads four differences off the rows."""
    text = (root / "notebooks" / "source" / "06_pspnet.py").read_text(encoding="utf-8").replace("**0.87**", "0.87")
    p8, p2 = (ledger.read()[id] for id in ("P8", "P2"))
    heads = ("none", "1", "2", "3", "6", "pyramid", "far, without pooling")
    rows = {"harbour": "harbour: what is the whole picture?", "skyline": "skyline: how tall is this building?"}
    for what, words in {**rows, "both": "mean of both"}.items():
        cells = " | ".join(f"{p8['mean'][f'{what}, {head}']:.2f}" for head in heads)
        assert f"# | {words} | {cells} |" in text
    gains = {one["name"]: one["mean"] for one in p8["differences"]}
    assert f"{p8['core']['mean']:+.3f} over the best single level" in text
    assert f"gain {gains['one question: pyramid over bins of 6']:.3f} over 6 x 6" in text
    assert gains["one question: pyramid over global"] < 0
    assert f"they lose {-gains['one question: pyramid over global']:.3f} against one average" in text
    far = next(one for one in p2["differences"] if one["name"] == "far field over pyramid")
    assert f"in P2 by {far['mean']:.3f}" in text


def test_the_lecture_tells_how_uneven_the_gain_on_the_pillow_is(root):
    text = (root / "notebooks" / "source" / "06_pspnet.py").read_text(encoding="utf-8").replace("\n#   ", " ")
    core = ledger.read()["P3"]["core"]
    least, lower = min(core["per_seed"]), core["interval"][0]
    assert f"gains {core['mean']:.2f} on average, and {least:.2f} at one seed of six" in text
    assert core["verdict"] == "holds"
    assert f"the lower end of its interval, {lower:.2f}, lies above the bound of {core['bound']}" in text
