"""The confusion matrix of a data set, and the scores of FCN's paper that follow from it.

In: predictions and targets, batch by batch. Out: pixel accuracy, mean accuracy, IoU, mean and weighted IoU.
Counts are added over the whole data set before anything is divided: the mean of IoUs per picture is another number,
and may even rank two models the other way round.
"""

import torch
from torch import Tensor

from course_lib.metrics.checks import counted_labels, whole_number


class Confusion:
    """matrix[t, p] counts the pixels of true class t that were predicted as p. Void pixels are not counted.

    A class that is neither true nor predicted anywhere has no IoU (NaN) and is left out of the means. A class that is
    predicted but never true has IoU 0 and lowers the mean, as in FCN's code; other codes leave it out.

        scores = Confusion(11)
        for image, label in loader:
            scores.update(net(image).argmax(1), label)
        scores.mean_iou, scores.iou
    """

    def __init__(self, num_classes: int, ignore: int | None = 255):
        whole_number("num_classes", num_classes, 1)
        if ignore is not None:
            whole_number("ignore", ignore, None)
        self.num_classes, self.ignore = num_classes, ignore
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self.matrix = torch.zeros(self.num_classes, self.num_classes, dtype=torch.int64)

    @torch.no_grad()
    def update(self, prediction: Tensor, target: Tensor) -> "Confusion":
        """Counts label maps of one shape, whatever that shape is."""
        prediction, target, void = counted_labels(prediction, target, self.num_classes, self.ignore)
        counts = torch.bincount((target * self.num_classes + prediction).flatten(), minlength=self.num_classes**2)
        counts[0] -= void
        self.matrix = self.matrix.to(counts.device) + counts.view_as(self.matrix)
        return self

    def merge(self, other: "Confusion") -> "Confusion":
        """Adds what another has counted, for example in another process."""
        if not isinstance(other, Confusion) or (other.num_classes, other.ignore) != (self.num_classes, self.ignore):
            raise ValueError(
                f"can merge only with a Confusion({self.num_classes}, ignore={self.ignore}), got {other!r}"
            )
        self.matrix = self.matrix + other.matrix.to(self.matrix.device)
        return self

    def __add__(self, other: "Confusion") -> "Confusion":
        return Confusion(self.num_classes, self.ignore).merge(self).merge(other)

    def __repr__(self) -> str:
        counted = int(self.matrix.sum())
        scores = f", mean IoU {self.mean_iou:.3f}" if counted else ""
        return f"Confusion({self.num_classes}, ignore={self.ignore}): {counted:,} pixels{scores}"

    @property
    def pixel_accuracy(self) -> float:
        """Share of the pixels that are right; NaN while nothing is counted."""
        return float(self._right.sum() / self._true.sum())

    @property
    def class_accuracy(self) -> Tensor:
        """Share of each class's pixels that are right; NaN where it is never true."""
        return self._right / self._true

    @property
    def mean_accuracy(self) -> float:
        """The mean of `class_accuracy` over the classes that occur."""
        return float(self.class_accuracy.nanmean())

    @property
    def iou(self) -> Tensor:
        """Overlap by union for each class; NaN where a class is neither true nor predicted."""
        return self._right / (self._true + self._predicted - self._right)

    @property
    def mean_iou(self) -> float:
        """The mean of `iou` over the classes that are true or predicted somewhere."""
        return float(self.iou.nanmean())

    @property
    def frequency_weighted_iou(self) -> float:
        """Each class's IoU weighted by its share of the true pixels."""
        return float((self._true * self.iou).nansum() / self._true.sum())

    @property
    def _right(self) -> Tensor:
        return self.matrix.diagonal().double()

    @property
    def _true(self) -> Tensor:
        return self.matrix.sum(dim=1).double()

    @property
    def _predicted(self) -> Tensor:
        return self.matrix.sum(dim=0).double()
