"""The loss: cross-entropy over every pixel that is not void, for the main head and every auxiliary one.

In come images and labels, out go the loss and the main head's logits. With several processes the mean is taken over
the pixels of all of them, so that two processes compute the gradient of one.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import Dataset, Subset

from course_lib.datasets.pairs import Pairs
from course_lib.models import training_logits
from course_lib.training import distributed
from course_lib.training.feed import check_sample
from course_lib.training.naming import named


class Objective(nn.Module):
    """Network and loss in one module, so that distributed data parallel wraps both."""

    def __init__(self, model: nn.Module, *, class_weights: Tensor | None, ignore: int | None):
        super().__init__()
        self.model = model
        self.ignore = -100 if ignore is None else ignore
        self.register_buffer("class_weights", class_weights, persistent=False)

    def forward(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        heads = training_logits(self.model, images)
        pixels = self.counted(labels)
        loss = sum(weight * self.entropy(logits, labels) for weight, logits in heads) / pixels
        return loss, heads[0][1].detach()

    def entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The sum of the cross-entropy over all pixels that count."""
        return F.cross_entropy(
            logits.float(), labels, self.class_weights, ignore_index=self.ignore, reduction="sum"
        )  # fmt: skip

    def counted(self, labels: Tensor) -> Tensor:
        """How many pixels count, each by the weight of its class; the average over the processes."""
        valid = labels != self.ignore
        if self.class_weights is None:
            total = valid.sum().float()
        else:
            total = self.class_weights[torch.where(valid, labels, 0)].mul(valid).sum()
        # A batch of void alone has nothing to say: its loss is 0, not 0 / 0.
        return (distributed.total(total) / distributed.world()).clamp(min=1e-6)


def weights_of(class_weights, num_classes: int) -> Tensor | None:
    """The class weights as a tensor, checked."""
    if class_weights is None:
        return None
    weights = torch.as_tensor(class_weights, dtype=torch.float32)
    if weights.shape != (num_classes,):
        raise ValueError(f"class_weights must be {num_classes} numbers, one per class, got {tuple(weights.shape)}")
    if not (weights.isfinite().all() and (weights >= 0).all() and weights.any()):
        raise ValueError(f"class_weights must be finite and not negative, got {weights.tolist()}")
    return weights


@torch.no_grad()
def classes_of(model: nn.Module, data, device: torch.device) -> int:
    """The network's number of classes, found by showing it one image; every mismatch with the data is named here."""
    if not len(data):
        raise ValueError("the data set is empty: there is nothing to train on or to score")
    image, label = data[0][:2]
    check_sample(image, label, 0)
    training = model.training
    try:
        with named(data, 0):
            logits = model.eval()(image[None].to(device))
    finally:
        model.train(training)
    if logits.dim() != 4 or logits.shape[-2:] != label.shape:
        raise ValueError(
            f"the network answers an image of {tuple(image.shape[1:])} with {tuple(logits.shape)}; expected logits "
            f"1 x classes x {label.shape[0]} x {label.shape[1]}"
        )
    known = getattr(data, "num_classes", None)
    if known and known != logits.shape[1]:
        names = ", ".join(getattr(data, "classes", ()))
        raise ValueError(
            f"the network has {logits.shape[1]} classes but the data have {known} ({names}): "
            f"build it with num_classes={known}"
        )
    return logits.shape[1]


def check_smallest(model: nn.Module, data: Dataset) -> None:
    """Scoring shows whole pictures: one that is too small is named before training, and not after it."""
    if isinstance(data, Pairs):
        smallest = min(range(len(data)), key=lambda index: min(data.size_of(index)))
        classes_of(model, Subset(data, [smallest]), next(model.parameters()).device)
