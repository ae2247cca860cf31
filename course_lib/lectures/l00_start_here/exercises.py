"""The exercises of 00: confusion, IoU with void, the blind network, and the mean that misleads."""

import torch
from torch import Tensor

from course_lib.checking import expect
from course_lib.checking.attempt import Raised, call, describe
from course_lib.checking.exercise import exercise
from course_lib.checking.outcome import NotYet
from course_lib.metrics import Confusion


def _confusion(prediction: Tensor, target: Tensor, num_classes: int) -> Tensor:
    valid = target != 255
    pairs = num_classes * target[valid] + prediction[valid]
    return torch.bincount(pairs, minlength=num_classes**2).view(num_classes, num_classes)


@exercise(
    "0.1",
    hints=(
        "Each valid pixel adds one to the cell (its true class, its predicted class).",
        "First throw away the pixels whose target is 255: target != 255 is a mask.",
        "num_classes * target + prediction numbers the cells; torch.bincount counts them, .view makes the square.",
    ),
    solution=_confusion,
)
def confusion(answer) -> None:
    """Count the confusion matrix: row = truth, column = prediction, void left out."""
    cases = [  # the last entry: what is new, for code that ran until then
        (torch.tensor([[0, 1, 1]]), torch.tensor([[0, 0, 1]]), 2, ()),
        (
            torch.tensor([[1, 1]]),
            torch.tensor([[0, 255]]),
            2,
            ("New here: a void pixel, 255, and a class that is missing.",),
        ),
    ]
    generator = torch.Generator().manual_seed(7)
    for classes in (3, 5):
        prediction = torch.randint(classes, (2, 9, 11), generator=generator)
        target = torch.randint(classes, (2, 9, 11), generator=generator)
        target = target.masked_fill(torch.rand(2, 9, 11, generator=generator) < 0.2, 255)
        cases.append((prediction, target, classes, ("New here: maps of shape (2, 9, 11), two pictures at once.",)))
    for prediction, target, classes, news in cases:
        right = _confusion(prediction, target, classes)
        slips = {
            "It looks transposed: rows are the truth, columns the prediction.": right.T,
            "Void pixels (255) seem to be counted as class 0.": _confusion(
                prediction, target.where(target != 255, 0), classes
            ),
            "It looks divided by the number of pixels: leave the counts as they are.": right / right.sum(),
            "Each row looks divided by its sum: leave the counts as they are.": right / right.sum(1, keepdim=True),
            "The counts lie in one row: .view(num_classes, num_classes) makes the square.": right.flatten(),
        }
        try:
            found = call(answer, prediction, target, classes)
        except Raised as error:
            raise Raised(*error.lines, *news) from None
        expect.tensor(found, right, what="the matrix", slips=slips)


def _iou(matrix: Tensor) -> Tensor:
    right = matrix.diagonal().float()
    return right / (matrix.sum(0) + matrix.sum(1) - right)


@exercise(
    "0.2",
    hints=(
        "The intersection of a class is its entry on the diagonal.",
        "The union: all pixels that are the class in truth (a row sum) or in the prediction (a column sum) ...",
        "... and the intersection was counted twice: row sum + column sum - diagonal.",
    ),
    solution=_iou,
)
def iou(answer) -> None:
    """The IoU of each class, from a confusion matrix."""
    generator = torch.Generator().manual_seed(3)
    for matrix in (
        torch.tensor([[50, 3, 2], [4, 20, 1], [6, 0, 14]]),
        torch.randint(1, 90, (5, 5), generator=generator),
    ):
        right, diagonal = _iou(matrix), matrix.diagonal().float()
        slips = {
            "That is the accuracy of each class: the union also has the pixels wrongly given to it.": diagonal
            / matrix.sum(1),
            "That is the precision of each class: the union also has the pixels it missed.": diagonal / matrix.sum(0),
            "The intersection is counted twice in the union: subtract it once.": diagonal
            / (matrix.sum(0) + matrix.sum(1)),
            "That is the Dice score, 2 I / (A + B): IoU is I / (A + B - I).": 2
            * diagonal
            / (matrix.sum(0) + matrix.sum(1)),
            "That divides by all pixels: the union is only what is the class in truth or answer.": diagonal
            / matrix.sum(),
            "The intersection is gone from the union: subtract it once, not twice.": diagonal
            / (matrix.sum(0) + matrix.sum(1) - 2 * diagonal),
            "All are 0: // drops what comes after the point; divide with /.": 0 * diagonal,
        }
        expect.tensor(call(answer, matrix), right, what="the IoU", slips=slips)


@exercise(
    "0.3",
    hints=(
        "Pixel accuracy only asks how many pixels are right; mean IoU asks each class.",
        "Take one huge class and one tiny one, and a prediction that never says the tiny one.",
        "99 pixels of class 0 and one of class 1, all predicted as 0: accuracy 0.99, mean IoU (0.99 + 0) / 2.",
    ),
    solution=(
        torch.zeros(100, dtype=torch.long),
        torch.cat([torch.zeros(99, dtype=torch.long), torch.ones(1, dtype=torch.long)]),
    ),
)
def flattered(prediction, target) -> None:
    """A prediction and a target with pixel accuracy over 0.95 and mean IoU under 0.55."""
    for value, what in ((prediction, "the prediction"), (target, "the target")):
        whole = isinstance(value, Tensor) and value.dtype in (torch.int64, torch.int32, torch.uint8)
        if not whole or value.layout != torch.strided or value.is_meta or value.numel() == 0:
            found = f"a tensor of {value.dtype}" if isinstance(value, Tensor) and value.numel() else describe(value)
            raise NotYet(f"{what} should be a tensor of whole numbers, one class for each pixel; found {found}")
    if prediction.shape != target.shape:
        raise NotYet(
            f"the prediction has shape {tuple(prediction.shape)}, the target {tuple(target.shape)}: make them equal"
        )
    if int(min(prediction.min(), target.min())) < 0 or int(max(prediction.max(), target.max())) > 99:
        raise NotYet("classes should be whole numbers from 0 to 99, without void")
    if torch.cat([prediction.flatten(), target.flatten()]).unique().numel() < 2:
        raise NotYet("the target has a single class, and so has the prediction; with two the averages can part ways")
    score = Confusion(int(max(prediction.max(), target.max())) + 1)
    score.update(prediction, target)
    values = f"pixel accuracy {score.pixel_accuracy:.3f}, mean IoU {score.mean_iou:.3f}"
    if score.pixel_accuracy <= 0.95:
        raise NotYet(values, "Too many pixels are wrong: make the class that is missed smaller.")
    if score.mean_iou >= 0.55:
        raise NotYet(
            values, "Every class is still found too well: which class could the prediction leave out entirely?"
        )
