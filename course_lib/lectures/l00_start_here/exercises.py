"""The exercises of 00: confusion, IoU with void, the mean that misleads, and from pictures to a data set."""

import torch
from torch import Tensor

from course_lib.checking import expect
from course_lib.checking.attempt import Raised, describe
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise
from course_lib.checking.outcome import NotYet
from course_lib.lectures.l00_start_here.exercises_scores import cross_entropy as cross_entropy
from course_lib.lectures.l00_start_here.exercises_scores import mean_iou as mean_iou
from course_lib.lectures.l00_start_here.exercises_scores import paint as paint
from course_lib.metrics import Confusion


def _confusion(prediction: Tensor, target: Tensor, num_classes: int) -> Tensor:
    valid = target != 255
    pairs = num_classes * target[valid] + prediction[valid]
    return torch.bincount(pairs, minlength=num_classes**2).view(num_classes, num_classes)


def _pairs(draw: Draw) -> list[tuple[Tensor, Tensor, int]]:
    """Several pictures with void and without the last class; and a count above 32767, the most that 16 bits hold."""
    found = []
    for classes in (draw.whole(2, 4), draw.whole(5, 9)):
        shape = draw.whole(2, 3), draw.whole(4, 9), draw.whole(5, 11)
        prediction, target = (torch.randint(classes, shape, generator=draw.generator) for _ in range(2))
        target = target.masked_fill(draw.uniform(*shape) < 0.2, 255)
        found.append((prediction, target, classes + draw.whole(1, 3)))  # nobody has the last class: its cells are 0
    large = torch.zeros(1, 182, 190, dtype=torch.long)
    large[0, 0, : draw.whole(3, 90)] = 1
    return [*found, (large, large, 2)]


@exercise(
    "0.1",
    hints=(
        "Each valid pixel adds one to the cell (its true class, its predicted class).",
        "First throw away the pixels whose target is 255: target != 255 is a mask.",
        "num_classes * target + prediction numbers the cells; torch.bincount counts them, .view makes the square.",
    ),
    solution=_confusion,
)
def confusion(answer, *, draw: Draw) -> None:
    """Count the confusion matrix: row = truth, column = prediction, void left out."""
    plain = torch.tensor([[0, 1, 1]]), torch.tensor([[0, 0, 1]]), 2
    void = torch.tensor([[1, 1]]), torch.tensor([[0, 255]]), 2
    slips = {
        "It looks transposed: rows are the truth, columns the prediction.": lambda *a: _confusion(*a).T,
        "Void pixels (255) seem to be counted as class 0.": lambda p, t, n: _confusion(p, t.where(t != 255, 0), n),
        "It looks divided by the number of pixels: leave the counts as they are.": lambda *a: (
            _confusion(*a) / _confusion(*a).sum()
        ),
        "Each row looks divided by its sum: leave the counts as they are.": lambda *a: (
            _confusion(*a) / _confusion(*a).sum(1, keepdim=True)
        ),
        "The counts lie in one row: .view(num_classes, num_classes) makes the square.": lambda *a: _confusion(
            *a
        ).flatten(),
        "The counts overflow: 16 bits hold numbers up to 32767. Count in int64.": lambda *a: _confusion(*a).short(),
        "The counts overflow: uint8 holds numbers up to 255. Count in int64.": lambda *a: _confusion(*a).byte(),
        "Each pair is marked once: count how often it occurs.": lambda *a: (_confusion(*a) > 0).long(),
    }
    news = {  # for code that ran until then
        "": lambda: [plain],
        "New here: a void pixel, 255, and a class that is missing.": lambda: [void],
        "New here: maps of three axes, several pictures at once.": lambda: _pairs(draw),
    }
    for words, cases in news.items():
        chosen = {"drawn": cases()} if "three axes" in words else {}
        try:
            expect.function(
                answer, _confusion, [] if chosen else cases(), **chosen, what="the matrix", slips=slips, tolerance=1e-9
            )
        except Raised as error:
            error.lines = (*error.lines, *filter(None, [words]))
            raise


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
def iou(answer, *, draw: Draw) -> None:
    """The IoU of each class, from a confusion matrix."""

    def over(union) -> object:
        return lambda m: m.diagonal().float() / union(m)

    expect.function(
        answer,
        _iou,
        [(torch.tensor([[50, 3, 2], [4, 20, 1], [6, 0, 14]]),)],
        drawn=((torch.randint(1, 90, (n, n), generator=draw.generator),) for n in draw.apart(2, 9, 2)),
        what="the IoU",
        slips={
            "That is the accuracy of each class: the union also has the pixels wrongly given to it.": over(
                lambda m: m.sum(1)
            ),
            "That is the precision of each class: the union also has the pixels it missed.": over(lambda m: m.sum(0)),
            "The intersection is counted twice in the union: subtract it once.": over(lambda m: m.sum(0) + m.sum(1)),
            "That is the Dice score, 2 I / (A + B): IoU is I / (A + B - I).": lambda m: (
                2 * m.diagonal() / (m.sum(0) + m.sum(1))
            ),
            "That divides by all pixels: the union is only what is the class in truth or answer.": over(
                lambda m: m.sum()
            ),
            "The intersection is gone from the union: subtract it once, not twice.": over(
                lambda m: m.sum(0) + m.sum(1) - 2 * m.diagonal()
            ),
            "All are 0: what comes after the point is lost, by // or by a type for whole numbers.": lambda m: (
                0 * m.diagonal()
            ),
            "That is the mean over the classes: give one number for each class.": lambda m: _iou(m).mean(),
            "Those are percent: IoU lies between 0 and 1.": lambda m: 100 * _iou(m),
        },
    )


def _classes(value: object, what: str) -> Tensor:
    """The class of each pixel; lists, arrays and numbers of any whole type will do."""
    labels = expect.as_tensor(value)
    if not isinstance(labels, Tensor) or labels.layout != torch.strided or labels.is_meta or labels.numel() == 0:
        raise NotYet(f"{what} should be a tensor of whole numbers, one class for each pixel; found {describe(value)}")
    if labels.numel() > expect.MOST or labels.is_complex() or bool((labels != labels.double().round()).any()):
        found = f"a tensor of {labels.dtype} with {labels.numel():,} values"
        raise NotYet(f"{what} should be a tensor of whole numbers, one class for each pixel; found {found}")
    if not labels.isfinite().all() or labels.min() < 0 or labels.max() > 99:
        raise NotYet(f"classes should be whole numbers from 0 to 99, without void; {what} has others")
    return labels.long()


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
    prediction, target = _classes(prediction, "the prediction"), _classes(target, "the target")
    if prediction.shape != target.shape:
        raise NotYet(
            f"the prediction has shape {tuple(prediction.shape)}, the target {tuple(target.shape)}: make them equal"
        )
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
