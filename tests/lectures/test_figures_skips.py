"""The pictures of 03 say in words, with numbers, what is forgotten, joined, passed back and printed wrongly."""

import pytest
import torch

from course_lib.lectures.l03_skip_connections import figures as skips
from course_lib.lectures.l03_skip_connections.claims import PRINTED, TABLE

NAMES = ("road", "pole")
COLOURS = ((140, 140, 140), (0, 0, 0))


def test_a_coarse_cell_says_its_most_frequent_class():
    label = torch.tensor([[0, 1, 1, 1], [0, 0, 1, 0]])[None]
    assert skips.coarse(label, 2, 2).tolist() == [[[0, 0, 1, 1], [0, 0, 1, 1]]]
    assert torch.equal(skips.coarse(label, 1, 2), label)


def test_a_coarse_cell_must_fit():
    with pytest.raises(ValueError, match="must divide both sides, got 6 x 8 and stride 4"):
        skips.coarse(torch.zeros(1, 6, 8, dtype=torch.long), 4, 2)


def test_what_is_forgotten_is_scored_over_all_pictures():
    truth = torch.zeros(2, 8, 8, dtype=torch.long)
    truth[0, :, 0] = 1  # a pole of one column: kept at stride 1, half of each cell at stride 2 and a tie goes to road
    figure = skips.forgotten(truth, (1, 2), NAMES, COLOURS)
    # at stride 2 no pole is left: IoU 120 of 128 for road and 0 for pole
    assert "Mean IoU over 2 pictures: stride 1 1.00, stride 2 0.47" in figure.alt


def test_joins_count_what_each_layer_reads():
    figure = skips.joins(maps=4, layers=4, growth=2)
    assert "chain: 4, 4, 4, 4, 4; residual: 4, 4, 4, 4, 4; dense: 4, 6, 8, 10, 12." in figure.alt
    assert len(figure.axes[2].patches) == 4 + 6 + 8 + 10 + 12
    sources = [text.get_text() for text in figure.legends[0].texts]
    assert sources == ["the picture's maps", "from layer 1", "from layer 2", "from layer 3", "from layer 4"]


def test_added_maps_hold_a_part_of_every_layer_before():
    last = skips.columns("residual", maps=2, layers=3, growth=1)[-1]
    assert [list(parts) for parts in last] == [[0, 1, 2, 3]] * 2
    last = skips.columns("dense", maps=2, layers=3, growth=1)[-1]
    assert [list(parts) for parts in last] == [[0], [0], [1], [2], [3]]


def test_gradients_tell_both_ends():
    alt = skips.gradients({"plain": [0.02, 1e-17], "residual": [0.9, 280.0]}, (2, 32)).alt
    assert "from 2 to 32 layers: plain from 0.02 to 1e-17; residual from 0.9 to 2.8e+02" in alt


def test_losses_are_averaged():
    alt = skips.losses({"plain": [2.0, 1.0, 1.0, 0.0]}, window=2).alt
    assert "plain 1.50 at first, 0.50 in the end" in alt


def test_stages_name_what_is_printed_otherwise():
    names = [f"stage {n}" for n in range(12)]
    figure = skips.stages(TABLE, PRINTED, names)
    assert "stage 0 48, stage 1 112" in figure.alt
    assert "The printed table has stage 6 880, stage 7 1072, stage 8 800, stage 10 368 instead" in figure.alt
    assert "instead" not in skips.stages(TABLE, TABLE, names).alt
    with pytest.raises(ValueError, match="one name and one printed number for each stage, got 12, 12, 2"):
        skips.stages(TABLE, PRINTED, names[:2])
