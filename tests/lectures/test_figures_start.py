"""The figures of 00 say in words, with numbers, what they show, and refuse what they cannot draw."""

import pytest
import torch

from course_lib import palette
from course_lib.lectures.l00_start_here import figures as start

CLASSES = ("sky", "road", "bus")
MATRIX = torch.tensor([[50, 3, 2], [4, 20, 1], [6, 0, 14]])  # the matrix of the lecture, row T2 of the ledger


def test_a_picture_tells_the_share_of_each_class():
    label = torch.zeros(4, 5, dtype=torch.int64)
    label[0] = 2
    label[1, 0] = 255  # void: 14 of 20 pixels are sky, 5 bus
    figure = start.picture_and_label(torch.rand(3, 4, 5), label, CLASSES, palette.ORDER)
    assert "sky 70%, road 0%, bus 25%" in figure.alt


def test_a_matrix_tells_what_became_of_one_class():
    figure = start.counted(MATRIX, chosen=0)  # 3 + 2 of its pixels missed, 4 + 6 of others claimed
    assert "Of class 0, 50 pixels are right and 5 missed; 10 more are claimed" in figure.alt
    assert [text.get_text() for text in figure.axes[0].texts] == ["50", "3", "2", "4", "20", "1", "6", "0", "14"]


@pytest.mark.parametrize(
    ("matrix", "chosen", "words"),
    [(MATRIX[:2], 0, r"square, classes x classes, got \(2, 3\)"), (MATRIX, 3, "a class from 0 to 2, got 3")],
)
def test_no_matrix_and_no_class_are_refused(matrix, chosen, words):
    with pytest.raises(ValueError, match=words):
        start.counted(matrix, chosen)


def test_an_overlap_tells_intersection_and_union():
    label = torch.zeros(4, 6, dtype=torch.int64)
    label[1:3, 1:4] = 2  # six pixels; moved by one, four of them stay, two are lost, two are claimed
    figure = start.overlap(label, label.roll(1, dims=1), 2, CLASSES)
    assert "4 pixels are right, 2 missed, 2 claimed. IoU 0.50" in figure.alt
    assert figure.axes[2].get_title(loc="left") == "IoU 4 / 8 = 0.50"


def test_an_overlap_of_nothing_is_refused():
    label = torch.zeros(4, 6, dtype=torch.int64)
    with pytest.raises(ValueError, match="bus is neither in the truth nor in the answer"):
        start.overlap(label, label, 2, CLASSES)
    with pytest.raises(ValueError, match=r"the answer has shape \(4, 5\), the truth \(4, 6\)"):
        start.overlap(label, label[:, 1:], 0, CLASSES)


def test_bars_tell_every_number():
    figure = start.iou_bars(torch.tensor([1.0, 0.85, float("nan")]), CLASSES, 0.92, 0.97)
    assert "sky 1.00, road 0.85, bus 0.00. Pixel accuracy 0.97, mean IoU 0.92" in figure.alt
    assert [text.get_text() for text in figure.axes[0].texts][:3] == ["1.00", "0.85", "0.00"]
