"""The exact claims of 00, each asserted here by another way than the claim measures it."""

import math

import torch
from torch.nn import functional as F

from course_lib.lectures.l00_start_here import claims as on_start
from course_lib.metrics import Confusion


def test_void_pixels_do_not_move_the_loss():
    logits, target = torch.randn(1, 3, 4, 4, requires_grad=True), torch.zeros(1, 4, 4, dtype=torch.long)
    target[0, 0] = 255
    F.cross_entropy(logits, target, ignore_index=255).backward()
    assert logits.grad[0, :, 0].abs().max() == 0
    assert logits.grad[0, :, 1:].abs().min() > 0


def test_a_loss_that_counts_void_changes_the_fact(monkeypatch):
    """Void as class 0: the third fact of T1 must say so."""
    right = F.cross_entropy
    monkeypatch.setattr(F, "cross_entropy", lambda scores, labels, **_: right(scores, labels.where(labels != 255, 0)))
    change = on_start.the_task.measure([0]).facts[2]
    assert change.found < -0.1
    assert not change.holds


def test_the_four_numbers_of_a_matrix():
    score = on_start.scored([[50, 3, 2], [4, 20, 1], [6, 0, 14]], classes=3)
    ious = (50 / 65, 20 / 28, 14 / 23)
    assert math.isclose(score.pixel_accuracy, 84 / 100, rel_tol=1e-6)
    assert math.isclose(score.mean_accuracy, (50 / 55 + 20 / 25 + 14 / 20) / 3, rel_tol=1e-6)
    assert math.isclose(score.mean_iou, sum(ious) / 3, rel_tol=1e-6)
    assert math.isclose(score.frequency_weighted_iou, (55 * ious[0] + 25 * ious[1] + 20 * ious[2]) / 100, rel_tol=1e-6)


def test_the_mean_over_images_ranks_the_other_way():
    truth = torch.tensor([[1, 0, 0, 0], [1, 1, 1, 0]])
    a, b = torch.tensor([[1, 0, 0, 0], [1, 0, 0, 0]]), torch.tensor([[0, 0, 0, 0], [1, 1, 1, 0]])

    def over_all(prediction):
        confusion = Confusion(2)
        confusion.update(prediction, truth)
        return confusion.iou[1]

    def by_image(prediction):
        return sum(on_start.thing_iou(prediction[i], truth[i]) for i in range(2)) / 2

    assert by_image(a) > by_image(b)
    assert over_all(a) < over_all(b)
