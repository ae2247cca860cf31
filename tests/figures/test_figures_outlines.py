"""A photograph under several answers tells whose they are and how good, and refuses another size."""

import pytest
import torch

from course_lib.datasets.photos import Photo
from course_lib.figures.outlines import outlines

MASK = torch.zeros(20, 30, dtype=torch.int64)
MASK[5:15, 10:20] = 1
PHOTO = Photo(torch.full((3, 20, 30), 90, dtype=torch.uint8), MASK, ("background", "cat"))
CLASSES, ALL = ("background", "dog", "cat"), (slice(0, 20), slice(0, 30))


def test_each_answer_has_its_iou_and_an_empty_place_stays_empty():
    right = MASK * 2  # the cat is class 2 of the network
    half = right.clone()
    half[5:10] = 1  # of the cat's 100 pixels 50 are left
    figure = outlines(PHOTO, {"right": right, "half": half, "again": right}, CLASSES, window=ALL, columns=2)
    assert "IoU of cat, on the whole photograph: right 1.000, half 0.500, again 1.000" in figure.alt
    assert [axes.get_title(loc="left") for axes in figure.axes][:2] == ["right\nIoU 1.000", "half\nIoU 0.500"]
    assert [axes.axison for axes in figure.axes] == [True, True, True, False]


def test_a_window_cuts_the_picture_and_not_the_score():
    figure = outlines(PHOTO, {"right": MASK * 2}, CLASSES, window=(slice(0, 10), slice(0, 15)), columns=1)
    assert figure.axes[0].images[0].get_array().shape[:2] == (10, 15)
    assert "right 1.000" in figure.alt


def test_an_answer_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"small has shape \(10, 30\), the mask \(20, 30\)"):
        outlines(PHOTO, {"small": MASK[:10]}, CLASSES, window=ALL, columns=1)
