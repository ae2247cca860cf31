"""The exercises of 00 about what is trained and what is reported: the loss of a pixel, mean IoU, a painted answer."""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise


def _cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    logarithms = logits - logits.exp().sum(dim=1, keepdim=True).log()
    valid = target != 255
    picked = logarithms.gather(1, target.where(valid, 0)[:, None])[:, 0]
    return -picked[valid].mean()


@exercise(
    "0.4",
    hints=(
        "Softmax first: the probability of a class is exp(its score) over the sum of all exp(scores) of that pixel.",
        "The loss of a pixel is -log of the probability of its true class. Void pixels have none: leave them out.",
        "logits.log_softmax(1).gather(1, target[:, None]) picks it where target is no void; then minus, and the mean.",
    ),
    solution=_cross_entropy,
)
def cross_entropy(answer, *, draw: Draw) -> None:
    """The loss that trains all these networks: my_cross_entropy(logits, target), the mean over all pixels but void.

    `logits` are N x C x H x W scores, `target` N x H x W true classes, 255 is void. Without F.cross_entropy.
    """

    def case(scale: float, classes: int, *size: int) -> tuple[Tensor, Tensor]:
        target = torch.randint(classes, size, generator=draw.generator)
        target[0, 0, : draw.whole(1, 2)] = 255  # another number in each picture, or a mean of means would do
        return draw.normal(size[0], classes, *size[1:], scale=scale), target

    def loss(logits: Tensor, target: Tensor, **how) -> Tensor:
        return F.cross_entropy(logits, target, ignore_index=255, **how)

    example = torch.tensor([[[[2.0, 0.0, 1.0]], [[0.0, 1.0, 1.0]]]]), torch.tensor([[[0, 0, 255]]])
    expect.function(
        answer,
        lambda logits, target: loss(logits, target).item(),
        [example],
        # scores of 20 and more are often wrong by far: such a loss has no ceiling
        drawn=(case(*size) for size in [(2, draw.whole(3, 5), 2, 3, 4), (12, draw.whole(6, 9), 3, 2, 5)]),
        what="the loss",
        slips={
            "It is summed over the pixels: take the mean.": lambda z, t: loss(z, t, reduction="sum").item(),
            "It is divided by all pixels: divide by those that are not void.": lambda z, t: (
                loss(z, t, reduction="sum").item() / t.numel()
            ),
            "Void is counted as class 0: leave it out.": lambda z, t: loss(z, t.where(t != 255, 0)).item(),
            "The minus is missing: the logarithm of a probability is negative.": lambda z, t: -loss(z, t).item(),
            "That is the mean of the pictures' means: all pixels of the batch count the same.": lambda z, t: (
                torch.stack([loss(z[i : i + 1], t[i : i + 1]) for i in range(len(t))]).mean().item()
            ),
            "The softmax is done twice: the loss wants its logarithm once.": lambda z, t: loss(z.softmax(1), t).item(),
            "The softmax runs over another axis: dim=1 holds the classes.": lambda z, t: F.nll_loss(
                z.log_softmax(2), t, ignore_index=255
            ).item(),
            "That is the mean probability that is missing, 1 - p: take -log(p).": lambda z, t: (
                1 + F.nll_loss(z.softmax(1), t, ignore_index=255).item()
            ),
        },
    )


def _mean_iou(matrices: list[Tensor]) -> Tensor:
    total = torch.stack(matrices).sum(0).double()
    right = total.diagonal()
    union = total.sum(0) + total.sum(1) - right
    return (right[union > 0] / union[union > 0]).mean()


def _of(matrix: Tensor, absent: float) -> Tensor:
    right = matrix.diagonal().double()
    union = matrix.sum(0) + matrix.sum(1) - right
    return torch.where(union > 0, right / union.clamp(min=1), absent)


@exercise(
    "0.5",
    hints=(
        "A data set is one big picture: every pixel counts once. What do you add up before you divide?",
        "Add up the matrices first; then IoU for each class; then the mean, over the classes that occur.",
        "A class whose row and column are 0 has union 0 and is left out: right[union > 0] / union[union > 0].",
    ),
    solution=_mean_iou,
)
def mean_iou(answer, *, draw: Draw) -> None:
    """The mean IoU of a data set: my_mean_iou(matrices), one confusion matrix for each picture.

    A class that is in neither the truth nor the prediction of any picture is left out of the mean.
    """

    def case(count: int, classes: int) -> tuple[list[Tensor]]:
        matrices = torch.randint(1, 60, (count, classes, classes), generator=draw.generator)
        matrices[:, absent := draw.whole(0, classes - 1)] = 0
        matrices[:, :, absent] = 0
        once, missed, invented = ((absent + step) % classes for step in (1, 2, 3))
        matrices[:, :, once] = matrices[:, once] = 0
        matrices[0, once, once] = 1  # a class of one pixel counts like any other
        matrices[:, :, missed] = matrices[:, invented] = 0  # and so do those that are only true or only predicted
        return (list(matrices),)

    def classes(matrices: list[Tensor], absent: float = float("nan")) -> Tensor:
        return _of(torch.stack(matrices).sum(0), absent)

    expect.function(
        answer,
        lambda matrices: _mean_iou(matrices).item(),
        [([torch.tensor([[6, 2], [1, 3]]), torch.tensor([[10, 0], [2, 0]])],)],
        drawn=(case(draw.whole(2, 4), count) for count in draw.apart(4, 8, 2)),
        what="the mean IoU",
        slips={
            "That is the mean of the pictures' values: add up the matrices first, divide once.": lambda ms: (
                torch.stack([_of(m, float("nan")).nanmean() for m in ms]).mean().item()
            ),
            "A class that never occurs counts 0: leave it out of the mean.": lambda ms: classes(ms, 0).mean().item(),
            "A class that never occurs counts 1: leave it out of the mean.": lambda ms: classes(ms, 1).mean().item(),
            "A class that is predicted and never true occurs, too: its IoU is 0, and counts.": lambda ms: (
                classes(ms)[sum(ms).sum(1) > 0].mean().item()
            ),
            "A class without a right pixel occurs, too: its IoU is 0, and counts.": lambda ms: (
                classes(ms)[sum(ms).diagonal() > 0].mean().item()
            ),
            "That is pixel accuracy: IoU is asked, class by class.": lambda ms: (
                sum(ms).diagonal().sum() / sum(ms).sum()
            ).item(),
            "That is the median over the classes: take the mean.": lambda ms: classes(ms).nanmedian().item(),
            "That is mean accuracy, the mean over the rows: the union has the wrong claims, too.": lambda ms: (
                (sum(ms).diagonal() / sum(ms).sum(1)).nanmean().item()
            ),
            "That is the first picture alone: does `return` stand inside the loop?": lambda ms: _mean_iou(ms[:1]),
        },
    )


def _paint(image: Tensor, labels: Tensor, colours: Tensor, share: float) -> Tensor:
    known = labels != 255
    colour = colours[labels.where(known, 0)].permute(2, 0, 1)
    return torch.where(known, (1 - share) * image + share * colour, image)


@exercise(
    "0.6",
    hints=(
        "colours[labels] gives a colour for every pixel at once: H x W x 3. A picture is 3 x H x W.",
        "Mix: (1 - share) * image + share * colour. Where labels is 255 there is no colour: put a 0 there first.",
        "colours[labels.where(labels != 255, 0)].permute(2, 0, 1); then torch.where(labels != 255, mixed, image).",
    ),
    solution=_paint,
)
def paint(answer, *, draw: Draw) -> None:
    """Lay the labels over the picture: my_paint(image, labels, colours, share); void shows the picture alone.

    `image` is 3 x H x W, `labels` H x W, `colours` one row of red, green, blue for each class. A pixel keeps 1 - share
    of its own colour.
    """

    def case(classes: int, *size: int) -> tuple[Tensor, Tensor, Tensor, float]:
        labels = torch.randint(classes, size, generator=draw.generator)
        labels = labels.masked_fill(draw.uniform(*size) < 0.2, 255)
        return draw.uniform(3, *size), labels, draw.uniform(classes, 3), draw.whole(1, 4) / 10

    def plain(image: Tensor, labels: Tensor, colours: Tensor) -> Tensor:
        return _paint(image, labels, colours, 1)

    example = torch.full((3, 1, 2), 0.5), torch.tensor([[1, 255]]), torch.tensor([[0.0, 0, 0], [1, 0, 0.2]]), 0.25
    expect.function(
        answer,
        _paint,
        [example],
        drawn=(case(*size) for size in [(draw.whole(2, 4), 3, 5), (draw.whole(5, 9), 6, 4)]),
        what="the picture",
        slips={
            "The shares are exchanged: the colour counts `share`, the picture 1 - share.": lambda i, x, c, s: _paint(
                i, x, c, 1 - s
            ),
            "Void was painted with the first class's colour: it shows the picture alone.": lambda i, x, c, s: (
                (1 - s) * i + s * plain(i, x.where(x != 255, 0), c)
            ),
            "Void was darkened, too: it shows the picture as it is.": lambda i, x, c, s: torch.where(
                x != 255, _paint(i, x, c, s), (1 - s) * i
            ),
            "Only the colours are there: mix them with the picture.": lambda i, x, c, s: plain(i, x, c),
            "It is H x W x 3: .permute(2, 0, 1) brings the colours to the front.": lambda i, x, c, s: _paint(
                i, x, c, s
            ).permute(1, 2, 0),
            "The colour is added to the whole picture: the picture keeps 1 - share.": lambda i, x, c, s: torch.where(
                x != 255, i + s * plain(i, x, c), i
            ),
            "Picture and colours are mixed half and half: use `share`.": lambda i, x, c, s: _paint(i, x, c, 0.5),
        },
    )
