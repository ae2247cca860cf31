"""The CRF's figure says in words, with numbers, what it shows."""

import pytest
import torch

from course_lib.lectures.l05_deeplab_v1_v2 import figures_crf as crf

IMAGE = torch.randint(0, 256, (3, 20, 30), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
MASK = torch.zeros(20, 30, dtype=torch.int64)
MASK[:, 15:] = 1
MASK[:2] = 255
RIGHT = torch.nn.functional.one_hot(MASK.clamp(max=1), 2).permute(2, 0, 1).float() * 0.8 + 0.1


def test_what_hurts_is_scored_on_the_whole_photograph():
    half = RIGHT.clone()
    half[:, :11] = half[:, :11].flip(0)  # of 18 counted rows the first 9 are wrong: 135 of 270 + 135 pixels
    figure = crf.hurts(IMAGE, {"coarse": RIGHT, "refined": half}, MASK, ("sky", "mast"), thin=1)
    assert "IoU of mast: coarse 1.00, refined 0.33" in figure.alt
    assert len(figure.axes) == 4


def test_a_tinted_photograph_keeps_its_size_and_draws_borders_white():
    label = MASK.clamp(max=1)
    tinted = crf.tinted(IMAGE, label)
    assert tinted.shape == IMAGE.shape
    assert (tinted[:, 5, 15] == 255).all()
    assert tinted.float().mean() != pytest.approx(IMAGE.float().mean())
