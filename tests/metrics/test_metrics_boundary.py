"""Trimap IoU and boundary F-score, checked against slow definitions written out pixel by pixel."""

import math
import time

import pytest
import torch
from test_metrics_confusion import data

from course_lib.metrics import Confusion, boundary_f_score, trimap, trimap_iou
from course_lib.metrics.boundary import near


def slow_trimap(target: torch.Tensor, width: int, void_edges: bool) -> torch.Tensor:
    band = torch.zeros_like(target, dtype=torch.bool)
    for y in range(target.shape[0]):
        for x in range(target.shape[1]):
            near = target[max(0, y - width) : y + width + 1, max(0, x - width) : x + width + 1]
            other = (near != target[y, x]) & ((near != 255) | void_edges)
            band[y, x] = bool(other.any()) and target[y, x] != 255
    return band


def slow_f_score(prediction: torch.Tensor, target: torch.Tensor, classes: int, tolerance: float) -> float:
    scores = []
    for label in range(classes):
        if not bool((target == label).any()):
            continue
        true, found = (slow_outline(labels, target, label) for labels in (target, prediction))
        if not true and not found:
            continue
        precision, recall = (
            sum(any(math.dist(a, b) <= tolerance for b in others) for a in ours) / max(1, len(ours))
            for ours, others in ((found, true), (true, found))
        )
        scores.append(2 * precision * recall / max(1e-12, precision + recall))
    return sum(scores) / len(scores)


def slow_outline(labels: torch.Tensor, target: torch.Tensor, label: int) -> list[tuple[int, int]]:
    height, width = labels.shape
    points = []
    for y in range(height):
        for x in range(width):
            if target[y, x] == 255 or labels[y, x] != label:
                continue
            for v, u in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                if 0 <= v < height and 0 <= u < width and target[v, u] != 255 and labels[v, u] != label:
                    points.append((y, x))
                    break
    return points


def blobs(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """A coarse label map of 4 classes with a void corner, and the same one shifted."""
    generator = torch.Generator().manual_seed(seed)
    target = torch.randint(0, 4, (3, 5), generator=generator).repeat_interleave(7, 0).repeat_interleave(6, 1)
    prediction = target.roll((1, 2), (0, 1))
    target[:4, :5] = 255
    return prediction, target


@pytest.mark.parametrize("width", [1, 2, 4])
@pytest.mark.parametrize("void_edges", [False, True])
def test_the_band_is_what_its_definition_says(width, void_edges):
    _, target = blobs()
    assert torch.equal(trimap(target, width, void_edges=void_edges), slow_trimap(target, width, void_edges))


def test_a_straight_boundary_has_width_pixels_on_either_side():
    target = torch.zeros(9, 20, dtype=torch.long)
    target[:, 10:] = 3
    assert trimap(target, 3).nonzero()[:, 1].unique().tolist() == [7, 8, 9, 10, 11, 12]


@pytest.mark.parametrize("void_edges", [False, True])
def test_trimap_iou_is_the_mean_iou_inside_the_band(void_edges):
    prediction, target = blobs()
    band = slow_trimap(target, 2, void_edges=void_edges)
    expected = Confusion(4).update(prediction[band], target[band]).mean_iou
    assert trimap_iou(prediction, target, 4, 2, void_edges=void_edges) == pytest.approx(expected)


def test_for_a_data_set_the_bands_are_counted_batch_by_batch():
    prediction, target = blobs()
    expected = trimap_iou(prediction, target, 4, 2)
    streamed = Confusion(4).update(prediction, target.where(trimap(target, 2), 255))
    assert streamed.mean_iou == pytest.approx(expected)


@pytest.mark.parametrize("labels", [(0, 200), (0, 254), (-(2**40), 2**40)])
def test_the_band_lies_between_any_two_labels(labels):
    target = torch.tensor(labels).repeat_interleave(5).expand(3, -1)
    assert trimap(target, 2)[0].nonzero().flatten().tolist() == [3, 4, 5, 6]


def test_errors_far_from_boundaries_do_not_touch_the_trimap():
    target = torch.zeros(1, 40, 40, dtype=torch.long)
    target[..., 20:] = 1
    prediction = target.clone()
    prediction[..., :10] = 1
    assert trimap_iou(prediction, target, 2, 5) == 1
    assert trimap_iou(prediction, target, 2, 15) < 1


def test_pictures_of_a_batch_do_not_touch():
    _, target = blobs()
    flat = torch.zeros_like(target)
    batch = trimap(torch.stack([target, flat]), 2)
    assert torch.equal(batch[0], trimap(target, 2))
    assert not batch[1].any()


def test_void_outlines_hide_the_boundary_unless_they_are_asked_for():
    target = torch.tensor([[0] * 6 + [255] * 5 + [1] * 6]).expand(4, -1)
    assert not trimap(target, 2).any()
    assert math.isnan(trimap_iou(target.clamp(max=1), target, 2, 2))
    assert trimap(target, 2, void_edges=True)[0].nonzero().flatten().tolist() == [4, 5, 11, 12]


@pytest.mark.parametrize("tolerance", [0, 1, 1.5, 3])
@pytest.mark.parametrize("seed", [0, 1])
def test_boundary_f_score_is_what_its_definition_says(tolerance, seed):
    prediction, target = blobs(seed)
    expected = slow_f_score(prediction, target, 4, tolerance)
    assert boundary_f_score(prediction, target, 4, tolerance) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("tolerance", [math.sqrt(13), 5, 6.9, 60])
def test_near_is_what_euclid_says(tolerance):
    points = torch.rand(2, 19, 23, generator=torch.Generator().manual_seed(1)) < 0.01
    found = near(points, tolerance)
    for picture in range(2):
        there = points[picture].nonzero().tolist()
        for y in range(19):
            for x in range(23):
                assert bool(found[picture, y, x]) == any(math.dist((y, x), point) <= tolerance for point in there)


def test_no_width_is_too_wide():
    prediction, target = blobs()
    started = time.process_time()
    assert torch.equal(trimap(target, 10**9), target != 255)
    expected = Confusion(4).update(prediction, target).mean_iou
    assert trimap_iou(prediction, target, 4, 10**9) == pytest.approx(expected)
    assert boundary_f_score(prediction, target, 4, 1e9) == boundary_f_score(prediction, target, 4, math.inf) == 1
    assert time.process_time() - started < 5  # seconds of the processor; a square of that width took over 15


def test_boundary_f_score_averages_over_pictures():
    pairs = [blobs(0), blobs(3)]
    expected = sum(boundary_f_score(*pair, 4, 1) for pair in pairs) / 2
    batch = [torch.stack(maps) for maps in zip(*pairs)]
    assert boundary_f_score(*batch, 4, 1) == pytest.approx(expected)


def test_an_outline_shifted_by_two_is_found_within_two_and_missed_within_one():
    target = torch.zeros(30, 30, dtype=torch.long)
    target[:, 15:] = 1
    prediction = target.roll(2, 1)
    prediction[:, :2] = 0
    assert boundary_f_score(target, target, 2, 0) == 1
    assert boundary_f_score(prediction, target, 2, 1) == 0
    assert boundary_f_score(prediction, target, 2, 2) == 1


def test_the_usual_tolerance_is_three_quarters_of_a_percent_of_the_diagonal():
    target = torch.zeros(300, 400, dtype=torch.long)  # diagonal 500: 3.75 pixels
    target[:, 200:] = 1
    assert boundary_f_score(target.roll(3, 1).where(torch.arange(400) > 9, 0), target, 2) == 1
    assert boundary_f_score(target.roll(4, 1).where(torch.arange(400) > 9, 0), target, 2) == 0


def test_without_any_outline_there_is_no_score():
    flat = torch.zeros(8, 8, dtype=torch.long)
    assert math.isnan(boundary_f_score(flat, flat, 2, 1))
    split = flat.clone()
    split[:, 4:] = 1
    assert boundary_f_score(split, flat, 2, 1) == 0  # an outline where there is none


def test_wrong_arguments_are_refused():
    prediction, target = data(shape=(2, 9, 9))
    with pytest.raises(ValueError, match="width must be a whole number of at least 1, got 0"):
        trimap_iou(prediction, target, 5, 0)
    with pytest.raises(ValueError, match="tolerance must be at least 0"):
        boundary_f_score(prediction, target, 5, -1)
    with pytest.raises(ValueError, match="argmax"):
        trimap_iou(torch.rand(2, 5, 9, 9), target, 5, 2)
    with pytest.raises(ValueError, match="H x W or N x H x W"):
        trimap_iou(prediction[None], target[None], 5, 2)
    with pytest.raises(ValueError, match="class labels"):
        trimap(torch.rand(4, 4), 1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_the_same_scores_on_a_gpu():
    prediction, target = blobs()
    assert trimap_iou(prediction.cuda(), target.cuda(), 4, 2) == pytest.approx(trimap_iou(prediction, target, 4, 2))
    expected = boundary_f_score(prediction, target, 4, 1)
    assert boundary_f_score(prediction.cuda(), target.cuda(), 4, 1) == pytest.approx(expected)
