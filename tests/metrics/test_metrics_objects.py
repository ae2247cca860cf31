"""Scores of things: by size, and whether a thing bears one label."""

import math

import pytest
import torch

from course_lib.metrics import Confusion, consistency, iou_by_size


def street() -> tuple[torch.Tensor, torch.Tensor]:
    """Two pictures: a thing of 4x4 (class 1) and one of 12x12 (class 2) in the first, one of 4x4 in the second."""
    target, instance = torch.zeros(2, 30, 30, dtype=torch.long), torch.zeros(2, 30, 30, dtype=torch.long)
    for picture, number, label, top, size in ((0, 1, 1, 2, 4), (0, 2, 2, 14, 12), (1, 1, 2, 20, 4)):
        place = (picture, slice(top, top + size), slice(top, top + size))
        target[place], instance[place] = label, number
    return target, instance


BINS = (0, 8, 16, math.inf)


def test_a_perfect_prediction_scores_one_in_each_bin_with_things():
    target, instance = street()
    scores = iou_by_size(target, target, instance, BINS, 3)
    assert list(scores) == [(0, 8), (8, 16), (16, math.inf)]
    assert scores[0, 8] == 1
    assert scores[8, 16] == 1
    assert math.isnan(scores[16, math.inf])


def test_missing_the_small_things_lowers_their_bin_alone():
    target, instance = street()
    prediction = target.clone()
    prediction[0, 2:6, 2:6] = 0
    scores = iou_by_size(prediction, target, instance, BINS, 3)
    assert scores[0, 8] == pytest.approx(0.5)  # class 1 lost, class 2 found
    assert scores[8, 16] == 1


def test_a_false_alarm_costs_within_the_margin_only():
    target, instance = street()
    beside, far = target.clone(), target.clone()
    beside[0, 2:6, 6:8] = 1  # 8 pixels touching the small thing of 16
    far[0, 2:6, 20:22] = 1
    only = instance * (instance == 1)
    only[1] = 0
    assert iou_by_size(beside, target, only, (0, 8), 3)[0, 8] == pytest.approx(16 / 24)
    assert iou_by_size(far, target, only, (0, 8), 3)[0, 8] == 1
    assert iou_by_size(beside, target, only, (0, 8), 3, margin=1)[0, 8] == pytest.approx(16 / 20)


def test_void_pixels_of_a_thing_do_not_count():
    target, instance = street()
    prediction = target.clone()
    prediction[0, 14:20] = 0
    target[0, 14:20, 14:26] = 255
    assert iou_by_size(prediction, target, instance, (8, 16), 3)[8, 16] == 1


def test_with_one_bin_and_a_wide_margin_it_is_the_iou_of_the_classes_of_things():
    target, instance = street()
    prediction = target.roll(1, 2)
    whole = Confusion(3).update(prediction, target).iou[1:].mean()
    for margin in (30, 10**9):
        scores = iou_by_size(prediction, target, instance, (0, math.inf), 3, margin=margin)
        assert scores[0, math.inf] == pytest.approx(whole)


def test_consistency_is_the_share_of_the_commonest_label():
    target, instance = street()
    prediction = target.clone()
    prediction[0, 14:17, 14:26] = 1  # a quarter of the large thing
    result = consistency(prediction, instance)
    assert result["picture"].tolist() == [0, 0, 1]
    assert result["instance"].tolist() == [1, 2, 1]
    assert result["pixels"].tolist() == [16, 144, 16]
    assert result["share"].tolist() == [1.0, 0.75, 1.0]
    assert result["label"].tolist() == [1, 2, 2]


def test_a_thing_with_one_wrong_label_is_consistent():
    target, instance = street()
    assert consistency(torch.full_like(target, 7), instance)["share"].tolist() == [1.0, 1.0, 1.0]


def test_consistency_leaves_void_out():
    target, instance = street()
    prediction = target.clone()
    prediction[0, 14:17, 14:26] = 1
    target[0, 14:17, 14:26] = 255
    result = consistency(prediction, instance, target)
    assert result["share"].tolist() == [1.0, 1.0, 1.0]
    assert result["pixels"].tolist() == [16, 108, 16]


def test_without_things_there_is_nothing_to_say():
    empty = torch.zeros(5, 5, dtype=torch.long)
    assert consistency(empty, empty)["share"].tolist() == []
    assert math.isnan(iou_by_size(empty, empty, empty, (0, 9), 2)[0, 9])


def test_one_picture_needs_no_batch():
    target, instance = street()
    assert consistency(target[0], instance[0])["instance"].tolist() == [1, 2]
    assert iou_by_size(target[0], target[0], instance[0], (0, 8), 3)[0, 8] == 1


def test_wrong_arguments_are_refused():
    target, instance = street()
    with pytest.raises(ValueError, match="edges that rise"):
        iou_by_size(target, target, instance, (8, 8), 3)
    with pytest.raises(ValueError, match="edges that rise"):
        iou_by_size(target, target, instance, (8,), 3)
    for margin in (-1, 1.5):
        with pytest.raises(ValueError, match=f"margin must be a whole number of at least 0, got {margin}"):
            iou_by_size(target, target, instance, BINS, 3, margin=margin)
    with pytest.raises(ValueError, match="instance must have the labels' shape"):
        iou_by_size(target, target, instance[:1], BINS, 3)
    with pytest.raises(ValueError, match="instance must hold whole numbers"):
        consistency(target, -instance)
    with pytest.raises(ValueError, match="argmax"):
        consistency(target.float(), instance)
    with pytest.raises(ValueError, match="differ in shape"):
        consistency(target[0], instance)
