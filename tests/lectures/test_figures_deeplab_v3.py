"""The figures of 07 say in words, with numbers, what they show."""

import pytest
import torch
from torch.nn import functional as F

from course_lib.evidence.cost import multiply_adds
from course_lib.lectures.l07_deeplab_v3_v3plus import figures as deeplab_v3
from course_lib.lectures.l07_deeplab_v3_v3plus import figures_xception
from course_lib.lectures.l07_deeplab_v3_v3plus.experiments import SmallV3Plus
from course_lib.metrics import Confusion
from course_lib.models.xception import xception65
from course_lib.scenes import Scenes

CLASSES, COLOURS = ("sky", "pole"), ((90, 180, 230), (0, 0, 0))
TRUTH = torch.zeros(8, 8, dtype=torch.int64)
TRUTH[:, 4:] = 1


@pytest.mark.parametrize("rate, all_nine", [(1, 31 * 31), (6, 21 * 21), (12, 9 * 9), (18, 0), (33, 0)])
def test_all_nine_weights_fall_on_the_map_only_inside_a_margin_of_the_rate(rate, all_nine):
    assert (deeplab_v3.on_the_map(33, rate) == 9).sum() == all_nine


@pytest.mark.parametrize("rate", [1, 6, 12, 18, 24, 33])
def test_the_mean_number_of_weights_is_the_formula(rate):
    """((3N - 2r) / 3N)^2 of nine: DeepLab v3's figure 4 as a formula, row R7 of the ledger."""
    assert deeplab_v3.on_the_map(33, rate).mean() == pytest.approx(9 * ((99 - 2 * rate) / 99) ** 2, rel=1e-5)


def test_weights_on_the_map_tells_each_rate():
    figure = deeplab_v3.weights_on_the_map(33, (6, 24))
    assert "rate 6 7.0 on average, all nine at 40% of the places" in figure.alt
    assert "rate 24 2.4 on average, all nine at 0%" in figure.alt
    assert len(figure.png()) > 1000


def test_a_rate_below_one_is_refused():
    with pytest.raises(ValueError, match="rate must be at least 1, got 33 and 0"):
        deeplab_v3.weights_on_the_map(33, (0,))


def test_separable_steps_counts_the_weights_of_both_ways():
    figure = deeplab_v3.separable_steps(torch.rand(3, 8, 8), torch.rand(3, 8, 8), torch.rand(16, 8, 8))
    assert "Weights: 27 + 48 = 75, where a plain 3x3 convolution has 432" in figure.alt


def test_a_depthwise_step_that_changes_the_channels_is_refused():
    with pytest.raises(ValueError, match="keeps the number of channels, got 3 before and 4"):
        deeplab_v3.separable_steps(torch.rand(3, 8, 8), torch.rand(4, 8, 8), torch.rand(16, 8, 8))


def test_tiles_stand_below_each_other_first():
    maps = torch.stack([torch.tensor([[0.0, value]]) for value in (1.0, 2.0, 3.0)])
    assert deeplab_v3.tiled(maps, rows=2).shape == (2 * 5, 2 * 6)  # a gap of 2 round maps of 1 x 2; the last is blank


def test_answers_are_scored_against_the_truth():
    shifted = TRUTH.roll(1, 1)  # one column of sky too many, one of poles at the left edge
    figure = deeplab_v3.answers(
        {"street": torch.rand(3, 8, 8)}, {"truth": TRUTH, "shifted": shifted}, CLASSES, COLOURS, truth=TRUTH
    )
    assert "Pictures: street." in figure.alt
    assert "truth (IoU 1.00, edges 1.00)" in figure.alt
    # 8 x 3 right of 5 columns for each class: 3 / 5; in the band of two columns only the poles' column is wrong
    assert "shifted (IoU 0.60, edges 0.25)" in figure.alt


def test_without_a_truth_answers_tell_their_shares():
    figure = deeplab_v3.answers({}, {"low level:\nits own": TRUTH}, CLASSES, COLOURS)
    assert "low level: its own (sky 50%, pole 50%)" in figure.alt


def test_scores_fitted_to_the_truth_keep_poles_at_stride_4_and_lose_most_at_16_as_the_text_says():
    streets = Scenes("street", size=128, count=4, seed=4)
    labels = streets.batch(range(4))[1]
    shares = F.one_hot(labels, streets.num_classes).permute(0, 3, 1, 2).float()
    poles = {}
    for stride in (4, 16):
        cells = (F.avg_pool2d(shares, stride) + 0.01).log().requires_grad_()
        optimiser = torch.optim.Adam([cells], lr=0.5)
        for _ in range(60):
            enlarged = F.interpolate(cells, size=(128, 128), mode="bilinear")
            optimiser.zero_grad()
            F.cross_entropy(enlarged, labels).backward()
            optimiser.step()
        poles[stride] = Confusion(streets.num_classes).update(enlarged.argmax(1), labels).iou[-1]
    assert poles[4] > 0.9
    assert poles[16] < 0.4


def test_an_encoder_that_keeps_stride_4_costs_almost_twice_as_much_as_the_decoder_as_the_text_says():
    with torch.device("meta"):
        dear, decoder = (multiply_adds(SmallV3Plus(way), 64) for way in ("plain 4x", "decoder"))
    assert 1.6 < dear / decoder < 2


def test_xceptions_flows_are_read_off_the_network():
    with torch.device("meta"):
        alt = figures_xception.flows(xception65()).alt
    assert "entry flow: shrink: plain 3x3, 32, stride 2; plain 3x3, 64; separable 3x3, 128, separable" in alt
    assert "middle flow: 16 such blocks: separable 3x3, 728, separable 3x3, 728, separable 3x3, 728." in alt
    assert alt.endswith("separable 3x3, 1536, separable 3x3, 1536, separable 3x3, 2048.")


def test_a_sticker_tells_its_share_and_refuses_an_empty_one():
    thing = torch.zeros(8, 8, dtype=torch.bool)
    thing[:4, :4] = True
    picture = torch.zeros(3, 8, 8, dtype=torch.uint8)
    assert "the 25% of it that a network labels cat" in deeplab_v3.sticker(picture, thing, "cat").alt
    with pytest.raises(ValueError, match="labels no pixel dog"):
        deeplab_v3.sticker(picture, thing & False, "dog")


def test_in_the_middle_of_the_map_rate_18_is_a_1x1_as_the_text_says():
    left = deeplab_v3.on_the_map(33, 18)
    assert left[16, 16] == left.min() == 1
    assert left[0, 0] == 4
    assert deeplab_v3.on_the_map(41, 24)[20, 20] == 1  # DeepLab v2's map for a crop of 321


def test_four_times_the_weight_draws_about_twice_the_poles_at_stride_16_as_the_text_says():
    streets = Scenes("street", size=128, count=4, seed=4)
    labels = streets.batch(range(4))[1]
    shares = F.one_hot(labels, streets.num_classes).permute(0, 3, 1, 2).float()
    poles = []
    for weight in (1.0, 4.0):
        cells = (F.avg_pool2d(shares, 16) + 0.01).log().requires_grad_()
        optimiser = torch.optim.Adam([cells], lr=0.5)
        weights = torch.ones(streets.num_classes)
        weights[-1] = weight
        for _ in range(60):
            enlarged = F.interpolate(cells, size=(128, 128), mode="bilinear")
            optimiser.zero_grad()
            F.cross_entropy(enlarged, labels, weight=weights).backward()
            optimiser.step()
        poles.append(Confusion(streets.num_classes).update(enlarged.argmax(1), labels).iou[-1])
    assert poles[1] > 1.5 * poles[0]
