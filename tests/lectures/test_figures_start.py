"""The figures of 00 say in words, with numbers, what they show, and refuse what they cannot draw."""

import pytest
import torch

from course_lib import palette
from course_lib.lectures.l00_start_here import figures as start
from course_lib.segment import Segmented

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
    assert "4 pixels are right, 2 missed, 2 claimed" in figure.alt
    assert "The intersection, 4 pixels, over the union, 8: IoU 0.50" in figure.alt
    assert [axes.get_xlabel() for axes in figure.axes[3:]] == ["intersection: 4", "union: 8"]


def test_an_overlap_of_nothing_is_refused():
    label = torch.zeros(4, 6, dtype=torch.int64)
    with pytest.raises(ValueError, match="bus is neither in the truth nor in the answer"):
        start.overlap(label, label, 2, CLASSES)
    with pytest.raises(ValueError, match=r"the answer has shape \(4, 5\), the truth \(4, 6\)"):
        start.overlap(label, label[:, 1:], 0, CLASSES)


def test_three_shares_tell_why_iou_is_no_accuracy():
    label = torch.zeros(4, 6, dtype=torch.int64)
    label[1:3, 1:4] = 2  # six of 24 pixels
    answers = {"nowhere": torch.zeros_like(label), "everywhere": torch.full_like(label, 2)}
    figure = start.three_shares(label, answers, 2, CLASSES)
    assert "nowhere: pixels right 0.75, bus found 0.00, IoU 0.00" in figure.alt
    assert "everywhere: pixels right 0.25, bus found 1.00, IoU 0.25" in figure.alt


def test_learning_tells_the_loss_and_the_answers_on_the_way():
    label = torch.zeros(4, 6, dtype=torch.int64)
    label[:, 3:] = 1
    figure = start.learning(
        [2.0, 1.0, 0.5], torch.rand(3, 4, 6), label, {1: 0 * label, 3: label}, CLASSES, palette.ORDER
    )
    assert "falls from 2.00 to 0.50 in 3 steps" in figure.alt
    assert "Right pixels: 50% after 1, 100% after 3 steps" in figure.alt


@pytest.mark.parametrize(("paint", "painted"), [(lambda image, *rest: image / 2, 4), (lambda *all_of_it: None, 0)])
def test_a_poster_shows_what_the_students_function_paints(paint, painted):
    scores = torch.rand(3, 4, 6, generator=torch.Generator().manual_seed(0))
    answer = Segmented(torch.zeros(3, 4, 6, dtype=torch.uint8), scores, scores.argmax(0), CLASSES, "some network")
    figure = start.poster(answer, paint)
    assert f"four times, {painted} of them painted" in figure.alt
    assert sum(axes.get_title(loc="left").startswith("share") for axes in figure.axes) == painted


def test_bars_tell_every_number():
    figure = start.iou_bars(torch.tensor([1.0, 0.85, float("nan")]), CLASSES, 0.92, 0.97)
    assert "sky 1.00, road 0.85, bus 0.00. Pixel accuracy 0.97, mean IoU 0.92" in figure.alt
    assert [text.get_text() for text in figure.axes[0].texts][:3] == ["1.00", "0.85", "0.00"]
