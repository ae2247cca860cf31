"""The exercises of 00: right answers pass, and each wrong one gets the sentence that helps."""

import pytest
import torch

from course_lib.lectures.l00_start_here import exercises as start


def loop_confusion(prediction, target, num_classes):
    matrix = torch.zeros(num_classes, num_classes, dtype=torch.long)
    for p, t in zip(prediction.flatten().tolist(), target.flatten().tolist()):
        if t != 255:
            matrix[t, p] += 1
    return matrix


def counts_void(prediction, target, num_classes):
    return loop_confusion(prediction, target.where(target != 255, 0), num_classes)


WRONG_CONFUSION = {
    (lambda p, t, n: loop_confusion(p, t, n).T): "It looks transposed",
    counts_void: "Void pixels (255) seem to be counted as class 0",
    (lambda p, t, n: loop_confusion(p, t, n) / loop_confusion(p, t, n).sum()): "It looks divided",
    (lambda p, t, n: loop_confusion(p, t, n) / loop_confusion(p, t, n).sum(1, keepdim=True)): "Each row looks divided",
    (lambda p, t, n: loop_confusion(p, t, n).flatten()): ".view(num_classes, num_classes) makes the square",
    (lambda p, t, n: loop_confusion(p, t, n).diagonal()): "has shape (2,), expected (2, 2)",
    (lambda p, t, n: loop_confusion(p, t, n).short()): "The counts overflow: 16 bits",
    (lambda p, t, n: loop_confusion(p, t, n).tolist()[0]): "has shape (2,), expected (2, 2)",
    (lambda p, t, n: torch.tensor([[1, 1], [0, 1]])): "differ",
}
WRONG_IOU = {
    (lambda m: m.diagonal() / m.sum(1)): "That is the accuracy of each class",
    (lambda m: m.diagonal() / m.sum(0)): "That is the precision of each class",
    (lambda m: m.diagonal() / (m.sum(0) + m.sum(1))): "counted twice in the union",
    (lambda m: 2 * m.diagonal() / (m.sum(0) + m.sum(1))): "That is the Dice score",
    (lambda m: m.diagonal() / m.sum()): "That divides by all pixels",
    (lambda m: m.diagonal() / (m.sum(0) + m.sum(1) - 2 * m.diagonal())): "subtract it once, not twice",
    (lambda m: m.diagonal() // (m.sum(0) + m.sum(1) - m.diagonal())): "what comes after the point is lost, by //",
    (lambda m: (m.diagonal() / (m.sum(0) + m.sum(1) - m.diagonal())).mean()): "has shape (), expected (3,)",
    (lambda m: torch.tensor([0.7692308, 0.7142857, 0.6086957])): "Drawn with seed 0",
}


@pytest.mark.parametrize(
    "right",
    [start.confusion.answer, loop_confusion, lambda *a: loop_confusion(*a).tolist()],
    ids=["ours", "a loop", "lists"],
)
def test_right_confusion_matrices_pass(right):
    assert start.confusion.check(right).correct


@pytest.mark.parametrize("wrong", WRONG_CONFUSION, ids=WRONG_CONFUSION.values())
def test_wrong_confusion_matrices_are_explained(wrong):
    outcome = start.confusion.check(wrong)
    assert outcome.kind == "not yet"
    assert WRONG_CONFUSION[wrong] in repr(outcome)


def without_a_mask(prediction, target, num_classes):
    pairs = (num_classes * target + prediction).flatten()
    return torch.bincount(pairs, minlength=num_classes**2).view(num_classes, num_classes)


def one_picture_only(prediction, target, num_classes):
    height, width = target.shape
    return loop_confusion(prediction.view(height, width), target, num_classes)


@pytest.mark.parametrize(
    ("stops", "news"),
    [(without_a_mask, "New here: a void pixel, 255"), (one_picture_only, "New here: maps of three axes")],
)
def test_code_that_stops_at_a_later_pair_is_told_what_is_new_there(stops, news):
    outcome = start.confusion.check(stops)
    assert outcome.kind == "your code raised"
    assert news in repr(outcome)


def masks_iou(matrix):
    return torch.stack(
        [m.diagonal()[i] / (m[i].sum() + m[:, i].sum() - m[i, i]) for i, m in enumerate([matrix] * len(matrix))]
    )


@pytest.mark.parametrize("right", [start.iou.answer, masks_iou], ids=["ours", "class by class"])
def test_right_ious_pass(right):
    assert start.iou.check(right).correct


@pytest.mark.parametrize("wrong", WRONG_IOU, ids=WRONG_IOU.values())
def test_wrong_ious_are_explained(wrong):
    outcome = start.iou.check(wrong)
    assert outcome.kind == "not yet"
    assert WRONG_IOU[wrong] in repr(outcome)


def pair(prediction, target):
    return torch.tensor(prediction), torch.tensor(target)


@pytest.mark.parametrize(
    "right",
    [
        start.flattered.answer,
        pair([1] * 60, [1] * 59 + [3]),
        pair([1] + [0] * 99, [0] * 100),
        ([0] * 99 + [0], [0] * 99 + [1]),
    ],
    ids=["ours", "another", "an invented class", "lists"],
)
def test_right_examples_of_flattery_pass(right):
    assert start.flattered.check(*right).correct


WRONG_FLATTERY = {
    "Too many pixels are wrong": pair([0] * 10, [0] * 9 + [1]),
    "still found too well": pair([0] * 99 + [1], [0] * 98 + [1, 1]),
    "has a single class": pair([0] * 10, [0] * 10),
    "make them equal": pair([0] * 10, [0] * 9),
    "one class for each pixel; found a tensor of torch.float32": (torch.rand(4), torch.zeros(4)),
    "one class for each pixel; found str": ("road", "bus"),
    "whole numbers from 0 to 99": pair([0] * 9 + [-1], [0] * 10),
}


@pytest.mark.parametrize("words", WRONG_FLATTERY)
def test_wrong_examples_of_flattery_are_explained(words):
    outcome = start.flattered.check(*WRONG_FLATTERY[words])
    assert outcome.kind == "not yet"
    assert words in repr(outcome)


@pytest.mark.parametrize("exercise", [start.confusion, start.iou, start.flattered], ids=lambda e: e.number)
def test_nothing_a_student_returns_crashes_a_check(exercise):
    for value in (None, 3, "x", [], torch.tensor(float("nan")), lambda: 1, object()):
        answer = [lambda *_, value=value: value] if exercise is not start.flattered else [value, value]
        assert exercise.check(*answer).kind in {"not yet", "your code raised", "not attempted"}


def shares(logits, target):
    return logits.softmax(1).gather(1, target.where(target != 255, 0)[:, None])[:, 0][target != 255]


def pooled(matrices, absent=None):
    total = sum(matrices).tolist()
    found = []
    for c, row in enumerate(total):
        union = sum(row) + sum(other[c] for other in total) - row[c]
        found += [row[c] / union] if union else [] if absent is None else [absent]
    return sum(found) / len(found)


def painted(image, labels, colours, share, *, void=False):
    out = image.clone()
    for y, x in [(y, x) for y in range(len(labels)) for x in range(labels.shape[1])]:
        if labels[y, x] != 255 or void:
            out[:, y, x] = (1 - share) * image[:, y, x] + share * colours[labels[y, x] % 255]
    return out


SCORES = {
    start.cross_entropy: lambda z, t: -shares(z, t).log().mean(),
    start.mean_iou: pooled,
    start.paint: painted,
}
WRONG_SCORES = [
    (start.cross_entropy, "It is summed", lambda z, t: -shares(z, t).log().sum()),
    (start.cross_entropy, "The minus is missing", lambda z, t: shares(z, t).log().mean()),
    (start.cross_entropy, "divided by all pixels", lambda z, t: -shares(z, t).log().sum() / t.numel()),
    (start.cross_entropy, "take -log(p)", lambda z, t: 1 - shares(z, t).mean()),
    (start.mean_iou, "the mean of the pictures' values", lambda ms: sum(pooled([m]) for m in ms) / len(ms)),
    (start.mean_iou, "A class that never occurs counts 0", lambda ms: pooled(ms, 0)),
    (start.mean_iou, "A class that never occurs counts 1", lambda ms: pooled(ms, 1)),
    (start.mean_iou, "That is the first picture alone", lambda ms: pooled(ms[:1])),
    (start.paint, "The shares are exchanged", lambda i, x, c, s: painted(i, x, c, 1 - s)),
    (start.paint, "Void was painted", lambda i, x, c, s: painted(i, x, c, s, void=True)),
    (start.paint, "Only the colours are there", lambda i, x, c, s: painted(i, x, c, 1)),
    (start.paint, "It is H x W x 3", lambda i, x, c, s: painted(i, x, c, s).permute(1, 2, 0)),
]


@pytest.mark.parametrize("exercise", SCORES, ids=lambda e: e.number)
def test_right_losses_scores_and_pictures_pass(exercise):
    assert exercise.check(SCORES[exercise]).correct


@pytest.mark.parametrize("exercise, words, wrong", WRONG_SCORES, ids=[str(words)[:30] for _, words, _ in WRONG_SCORES])
def test_wrong_losses_scores_and_pictures_are_explained(exercise, words, wrong):
    outcome = exercise.check(wrong)
    assert outcome.kind == "not yet"
    assert words in repr(outcome)
