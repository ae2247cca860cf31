"""The CRF's figures say in words, with numbers, what they show."""

import pytest
import torch

from course_lib.lectures.l05_deeplab_v1_v2 import figures_crf as crf

IMAGE = torch.randint(0, 256, (3, 20, 30), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
MASK = torch.zeros(20, 30, dtype=torch.int64)
MASK[:, 15:] = 1
MASK[:2] = 255
RIGHT = torch.nn.functional.one_hot(MASK.clamp(max=1), 2).permute(2, 0, 1).float() * 0.8 + 0.1
WRONG = torch.full((2, 20, 30), 0.5)
WRONG[0] += 0.1
WRONG[1] -= 0.1


def test_before_and_after_tells_scores_and_how_much_moved():
    figure = crf.before_and_after(IMAGE, WRONG, RIGHT, ("sky", "mast"), MASK)
    # all sky: IoU 270 of 540 pixels and 0; half of the counted pixels and of the two rows of void change class
    assert "coarse map of sky, mast, mean IoU 0.25" in figure.alt
    assert "after the CRF, mean IoU 1.00" in figure.alt
    changed = (WRONG.argmax(0) != RIGHT.argmax(0)).float().mean()
    assert f"with {changed:.1%} of the pixels changing class" in figure.alt
    assert len(figure.png()) > 1000


def test_without_a_mask_no_score_is_claimed():
    assert "IoU" not in crf.before_and_after(IMAGE, WRONG, RIGHT, ("sky", "mast")).alt


def test_knobs_have_a_panel_for_each_value():
    rows = {"weight": {"1": WRONG, "4": RIGHT}, "theta": {"3": RIGHT}}
    figure = crf.knobs(IMAGE, rows, ("sky", "mast"), MASK)
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.axison]
    assert titles == ["weight = 1, mean IoU 0.25", "weight = 4, mean IoU 1.00", "theta = 3, mean IoU 1.00"]
    assert "3 settings: weight 1, mean IoU 0.25; weight 4" in figure.alt


def test_what_hurts_is_scored_inside_the_window():
    window = (slice(5, 15), slice(10, 20))
    maps = {"coarse": RIGHT, "refined": WRONG}
    figure = crf.hurts(IMAGE, maps, MASK, ("sky", "mast"), thin=1, window=window)
    assert "IoU of mast: coarse 1.00, refined 0.00" in figure.alt
    assert len(figure.axes) == 4


def test_a_tinted_photograph_keeps_its_size_and_draws_borders_white():
    label = MASK.clamp(max=1)
    tinted = crf.tinted(IMAGE, label)
    assert tinted.shape == IMAGE.shape
    assert (tinted[:, 5, 15] == 255).all()
    assert tinted.float().mean() != pytest.approx(IMAGE.float().mean())
