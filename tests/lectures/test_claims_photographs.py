"""The rows on photographs: what they count, what they silence, and what happens where there are no photographs."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from course_lib.evidence import ledger, ledger_text, photograph_training, probe, real_photographs
from course_lib.evidence.claim import NeedsPhotographs
from course_lib.evidence.ledger import all_claims
from course_lib.evidence.photograph_training import STORED, Variant
from course_lib.evidence.real_photographs import Scores, beside_boundary, enlarged, network, of_fold, seen
from course_lib.lectures.l00_start_here import experiments_photographs as start
from course_lib.lectures.l01_fcn_limits import experiments_photographs as limits
from course_lib.lectures.l03_skip_connections import experiments_photographs as skips
from course_lib.lectures.l04_receptive_field_dilation import experiments_photographs as fields
from course_lib.lectures.l07_deeplab_v3_v3plus import experiments_photographs as deeplab
from course_lib.training import photographs as training

CLAIMS = {claim.id: claim for claim in all_claims() if claim.measure.__module__.endswith("experiments_photographs")}
COUNT = 23


@pytest.fixture
def painted(tmp_path, monkeypatch):
    """A folder like that of the pets: squares on grey, whose label is their list's number modulo 3."""
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    (tmp_path / "classes.txt").write_text("0 background\n1 cat\n2 dog\n255 void\n")
    names = [f"picture_{number}" for number in range(COUNT)]
    for split in ("val", "test"):
        (tmp_path / f"{split}.txt").write_text("\n".join(names))
    for number, name in enumerate(names):
        image, mask = np.full((40, 56, 3), 10 * number, np.uint8), np.zeros((40, 56), np.uint8)
        mask[10:30, 10:30], mask[12:28, 12:28] = 255, number % 3
        image[10:30, 10:30] = 255 - 10 * number
        Image.fromarray(image).save(tmp_path / "images" / f"{name}.jpg", quality=95)
        Image.fromarray(mask).save(tmp_path / "masks" / f"{name}.png")
    monkeypatch.setenv(real_photographs.VARIABLE, str(tmp_path))
    return tmp_path


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    monkeypatch.setenv(real_photographs.VARIABLE, str(tmp_path / "nowhere"))


def grey(fold: int, **options) -> list[int]:
    """Which pictures a fold holds, told from their background."""
    return [round(float(image[0, 0, :8].float().mean()) / 10) for image, _ in of_fold(fold, **options)]


def test_the_folds_share_the_list_out(painted):
    assert sorted(number for fold in range(5) for number in grey(fold)) == list(range(COUNT))
    assert grey(1) == [1, 6, 11, 16, 21]


def test_a_part_of_the_list_is_shared_out_too(painted):
    assert sorted(number for fold in range(5) for number in grey(fold, every=3)) == list(range(0, COUNT, 3))
    assert grey(0, limit=2) == [0, 5]


def test_more_folds_take_what_was_left_out_and_no_photograph_twice(painted):
    assert sorted(number for fold in range(10) for number in grey(fold, every=2)) == list(range(COUNT))
    with pytest.raises(ValueError, match="got fold 10, expected one below 10"):
        grey(10, every=2)


def test_a_probe_takes_few_and_notes_which_were_asked_for(painted):
    for name in ("test", "val"):
        names = (painted / f"{name}.txt").read_text()
        (painted / f"{name}.txt").write_text("\n".join([names] * 3))
    with probe.probing() as few:
        assert len(grey(0)) == real_photographs.PROBED
    with probe.probing() as others:
        grey(0, every=2)
    assert few.asked != others.asked


def test_without_photographs_it_says_where_they_were_sought_and_what_helps(nowhere):
    with pytest.raises(NeedsPhotographs, match=r"no photographs in .*nowhere; expected images.*BEYOND_FCN_PETS=FOLDER"):
        list(of_fold(0))


@pytest.mark.parametrize("id", sorted(CLAIMS))
def test_without_photographs_a_row_is_not_measured_and_not_called_stale(id, nowhere):
    with pytest.raises(NeedsPhotographs):
        CLAIMS[id].fingerprint()
    assert ledger.stale([CLAIMS[id]], ledger.read()) == {id: "needs the photographs"}


def test_the_command_names_them_and_measures_none(nowhere, root):
    told = subprocess.run(
        [sys.executable, "-m", "course_lib.claims", "--stale", "--list", "--only", "T5"],
        capture_output=True, text=True, cwd=root, check=True,
    ).stdout  # fmt: skip
    assert "T5   needs the photographs" in told
    assert CLAIMS["T5"].statement not in told, "it would be measured"


def test_a_row_that_names_one_on_painted_scenes_finds_it():
    rows = ledger.read()
    named = [claim.painted for claim in CLAIMS.values() if claim.painted]
    assert len(named) == 5
    for other, name in named:
        assert name in [found["name"] for found in ledger_text.differences(rows[other])]


def test_the_band_begins_beside_the_void_border():
    label = torch.zeros(1, 20, dtype=torch.long)
    label[:, 8:10], label[:, 10:] = 255, 1
    assert beside_boundary(label, 3).tolist() == [[255] * 5 + [0] * 3 + [255] * 2 + [1] * 3 + [255] * 7]


def test_scores_come_from_one_matrix_over_all_photographs():
    label = torch.zeros(1, 20, dtype=torch.long)
    label[:, 10:] = 1
    wrong = label.clone()
    wrong[:, 9] = 1
    scores = Scores(2)
    for prediction in (label, wrong):
        scores.add("net", prediction, label)
    assert scores.values() == pytest.approx(
        {"edge IoU, net": (5 / 6 + 6 / 7) / 2, "mIoU, net": (19 / 20 + 20 / 21) / 2}
    )


def test_a_photograph_is_asked_at_the_cards_working_size():
    image, label = torch.full((3, 100, 200), 127, dtype=torch.uint8), torch.zeros(100, 200)
    working = seen("unet_pets", image)
    assert working.shape == (1, 3, 97, 209)
    assert working.abs().max() < 1e-5, "the mean is taken off"
    assert enlarged(torch.zeros(1, 3, 25, 53), working, label).shape == (1, 3, 100, 200)


def test_calibration_by_hand():
    """Nine tenths sure and seven of ten right; then half sure and right half of the time."""
    found = start.Reliability()
    found.add(torch.tensor([[0.95], [0.05]]).expand(2, 10), torch.tensor([0] * 7 + [1] * 3))
    assert found.error() == pytest.approx(0.25)
    found.add(torch.tensor([[0.55], [0.45]]).expand(2, 30), torch.tensor([0] * 15 + [1] * 15))
    assert found.error() == pytest.approx((10 * 0.25 + 30 * 0.05) / 40)
    assert (found.right_in(9), found.right_in(5), found.right_in(7)) == pytest.approx((0.7, 0.5, 0.0))
    assert (found.share_of(9), found.share_of(5)) == (0.25, 0.75)
    assert (found.mean_score(), found.accuracy()) == pytest.approx(((9.5 + 16.5) / 40, 22 / 40))


def test_labels_drawn_from_the_scores_are_as_right_as_they_are_sure():
    scores = torch.tensor([0.2, 0.7, 0.1])[:, None].expand(3, 20_000)
    drawn = start.draw(scores, torch.Generator().manual_seed(0))
    assert (drawn.bincount(minlength=3) / 20_000).tolist() == pytest.approx([0.2, 0.7, 0.1], abs=0.02)
    found = start.Reliability()
    found.add(scores, drawn)
    assert found.error() < 0.02


@torch.no_grad()
def test_the_way_up_with_nothing_silenced_is_the_networks_own():
    net, image = network("unet_pets"), torch.rand(1, 3, 49, 65)
    maps = net.backbone.stages(image)
    assert torch.equal(skips.way_up(net, maps, (), torch.zeros_like), net.scores(image))


@torch.no_grad()
def test_a_silenced_skip_hands_over_nothing_and_the_others_do():
    net, image = network("unet_pets"), torch.rand(1, 3, 49, 65)
    maps = net.backbone.stages(image)
    before = skips.way_up(net, maps, (1,), torch.zeros_like)
    maps[0] = maps[0] + 1  # the map of stage 1 is copied and read by nothing else here
    assert torch.equal(skips.way_up(net, maps, (1,), torch.zeros_like), before)
    maps[1] = maps[1] + 1
    assert not torch.equal(skips.way_up(net, maps, (1,), torch.zeros_like), before)


def test_a_mean_keeps_the_brightness_and_loses_the_place():
    maps = torch.rand(1, 2, 4, 4)
    flat = skips.everywhere_its_mean(maps)
    assert flat.shape == maps.shape
    assert torch.allclose(flat.mean((2, 3)), maps.mean((2, 3)))
    assert flat.std((2, 3)).max() == 0


@torch.no_grad()
def test_the_decoder_with_all_details_is_the_networks_own():
    net, image = network(deeplab.NAME), torch.rand(1, 3, 49, 65)
    found = deeplab.with_details(net, image)
    assert torch.equal(found["all"], net.scores(image))
    assert not torch.allclose(found["zeros"], found["all"])
    assert not torch.allclose(found["means"], found["zeros"])


def test_another_output_stride_has_the_same_weights():
    one, *others = (
        network(deeplab.NAME, output_stride=stride, rates=rates).state_dict() for stride, rates in deeplab.RATES.items()
    )
    for other in others:
        assert all(torch.equal(one[key], other[key]) for key in one)


def test_a_random_start_takes_its_statistics_from_the_photographs():
    body = nn.Sequential(nn.Conv2d(3, 4, 1, bias=False), nn.BatchNorm2d(4))
    images = torch.rand(4, 3, 8, 8)
    settled = fields.settled(body, images)
    assert not settled.training
    with torch.no_grad():
        assert torch.allclose(settled(images).mean((0, 2, 3)), torch.zeros(4), atol=1e-5)
        assert torch.allclose(settled(images).std((0, 2, 3)), torch.ones(4), atol=1e-2)


def test_the_squares_are_the_middles_of_the_photographs(painted):
    found = fields.squares(0)
    assert found.shape == (5, 3, fields.SIDE, fields.SIDE)
    corner = [(10 * number - 127) / 128 for number in (0, 5, 10, 15, 20)]
    assert found[:, 0, 2, -2].tolist() == pytest.approx(corner, abs=0.06)


def test_the_animal_is_painted_flat_and_keeps_its_outline():
    image = torch.randint(0, 256, (3, 4, 6), dtype=torch.uint8)
    label = torch.tensor([[0, 0, 0, 255, 1, 1]] * 4)
    animal, background = label == 1, label == 0
    shown = start.shown_as(image, animal, background)
    assert torch.equal(shown[""], image)
    for word, kept in ((", painted flat", background), (", alone", ~background), (", gone", background)):
        assert torch.equal(shown[word][:, kept], image[:, kept])
        assert (shown[word][:, ~kept] == shown[word][:, ~kept][:, :1]).all(), "one colour"
    assert torch.equal(shown[", painted flat"][:, 0, 4], image[:, animal].float().mean(1).byte())
    assert torch.equal(shown[", gone"][:, 0, 4], image[:, background].float().mean(1).byte())


def test_the_truth_through_cells_of_one_pixel_is_the_truth():
    label = torch.randint(0, 3, (5, 7))
    assert torch.equal(limits.through_cells(label, 1, 3), label)


def test_the_truth_loses_what_is_narrower_than_half_a_cell():
    label = torch.zeros(16, 20, dtype=torch.long)
    label[:, 3], label[:, 16:] = 1, 2
    found = limits.through_cells(label, 8, 3)
    assert found.shape == label.shape
    assert set(found.unique().tolist()) == {0, 2}, "the pole is gone; the last cell, cut short, is all of class 2"


def test_void_has_no_share_in_a_cell():
    label = torch.full((8, 8), 255)
    label[:, 0] = 1
    assert (limits.through_cells(label, 8, 3) == 1).all()


def test_a_start_is_as_fast_as_its_first_look_that_is_good_enough():
    looks = [[10, 0.2], [20, 0.5], [30, 0.4], [40, 0.6]]
    assert [limits.first_at(looks, goal) for goal in (0.1, 0.45, 0.6)] == [10, 20, 40]
    assert np.isnan(limits.first_at(looks, 0.7))


def test_without_pooling_the_branch_sees_each_place_alone_with_the_same_weights():
    with_pooling, without = (training.NETWORKS[STORED].build(3).eval() for _ in range(2))
    deeplab.unpooled(without)
    assert with_pooling.state_dict().keys() == without.state_dict().keys()
    assert all(torch.equal(value, without.state_dict()[key]) for key, value in with_pooling.state_dict().items())
    maps = torch.rand(1, 320, 3, 3)
    with torch.no_grad():
        assert with_pooling.aspp.image_pooling(maps).shape[-2:] == (1, 1)
        assert without.aspp.image_pooling(maps).shape[-2:] == (3, 3)


def test_a_run_is_kept_once_it_is_scored_and_told_apart_by_its_beginning(tmp_path, monkeypatch):
    monkeypatch.setattr(photograph_training.paths, "cache", lambda: tmp_path)
    monkeypatch.setattr(photograph_training, "beginning", lambda variant, seed: f"{variant.learning_rate}")
    ran = []
    monkeypatch.setattr(Variant, "run", lambda self, seed, place: ran.append((self.name, seed)) or {"test": 0.5})
    for variant in (Variant("one"), Variant("one"), Variant("one", learning_rate=1.0)):
        assert photograph_training.kept(variant, 3) == {"test": 0.5}
    assert ran == [("one", 3), ("one", 3)]


def test_a_look_on_the_way_sees_picture_and_mask_at_one_size(painted):
    image, mask = photograph_training.some("val", photograph_training.small)[0]
    assert image.shape[1:] == mask.shape == (97, 145)
    assert mask.unique().tolist() == [0, 255]


@torch.no_grad()
def test_the_selfie_network_with_a_skip_silenced_ignores_that_copy():
    net, image = network(skips.SELFIE), torch.rand(1, 3, 64, 64)
    before = net.scores(image)
    hook = net.up1.register_forward_pre_hook(lambda _, given: (given[0], torch.zeros_like(given[1])))
    muted = net.scores(image)
    hook.remove()
    assert torch.equal(net.scores(image), before)
    assert not torch.allclose(muted, before)
