"""Scores of things one by one: are the small ones found, and does a large one get a single label?

In: label maps and an instance map (0: no thing; otherwise a number per thing, each picture for itself).
The size of a thing is the side of the square with as many pixels as are seen of it.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.metrics.boundary import widest
from course_lib.metrics.checks import label_maps, pictures, whole_labels, whole_number
from course_lib.metrics.confusion import Confusion


def things(instance: Tensor, shape: torch.Size) -> tuple[Tensor, Tensor]:
    """For each pixel the number of its thing in the batch (-1: none); for each thing (picture, instance, pixels)."""
    instance = torch.as_tensor(instance)
    if instance.is_floating_point() or bool((instance < 0).any()):
        raise ValueError("instance must hold whole numbers: 0 for no thing, else the number of the thing")
    if instance.shape != shape:
        raise ValueError(f"instance must have the labels' shape {tuple(shape)}, got {tuple(instance.shape)}")
    (instance,) = pictures(instance.long())
    most = int(instance.max()) + 1
    picture = torch.arange(len(instance), device=instance.device)[:, None, None]
    keys, numbers, pixels = torch.unique(picture * most + instance, return_inverse=True, return_counts=True)
    real = keys % most > 0
    renumbered = torch.where(real, real.cumsum(0) - 1, -1)
    table = torch.stack([keys // most, keys % most, pixels], dim=1)[real]
    return renumbered[numbers], table


def iou_by_size(
    prediction: Tensor, target: Tensor, instance: Tensor, bins: Sequence[float], num_classes: int,
    ignore: int | None = 255, *, margin: int = 2,
) -> dict[tuple[float, float], float]:  # fmt: skip
    """Mean IoU of the things in each bin of sizes, low <= size < high; NaN for a bin without things.

    Counted are the pixels of the bin's things and a margin around them, so that a false alarm beside a thing costs
    and one far from every thing does not; things of other sizes are left out. Means go over the classes of the things.
    """
    edges = list(bins)
    if len(edges) < 2 or any(not low < high for low, high in pairwise(edges)):
        raise ValueError(f"bins must be two or more edges that rise, such as (0, 8, 16, math.inf), got {tuple(bins)}")
    whole_number("margin", margin, 0)
    shape = torch.as_tensor(target).shape
    prediction, target = pictures(*label_maps(prediction, target, num_classes, ignore))
    number, table = things(instance, shape)
    side = F.pad(table[:, 2].double().sqrt(), (0, 1), value=math.nan)[number]  # number -1, no thing, reads the NaN
    known = torch.ones_like(target, dtype=torch.bool) if ignore is None else target != ignore
    scores = {}
    for low, high in pairwise(edges):
        inside = (side >= low) & (side < high)
        counted = (inside | (widest(inside, margin) & (number < 0))) & known
        confusion = Confusion(num_classes, ignore=None).update(prediction[counted], target[counted])
        classes = target[inside & known].unique()
        scores[low, high] = float(confusion.iou[classes.long()].mean()) if len(classes) else math.nan
    return scores


def consistency(
    prediction: Tensor, instance: Tensor, target: Tensor | None = None, ignore: int | None = 255
) -> dict[str, Tensor]:
    """For each thing the share of its pixels that bear its commonest predicted label: 1 when it has a single label.

    One row per thing in "share", "label" (the commonest), "picture", "instance" and "pixels". With a target its void
    pixels are left out. `result["share"].mean()` is the score of a data set, `(share < 0.9)` finds the torn things.
    """
    prediction, instance = torch.as_tensor(prediction), torch.as_tensor(instance)
    whole_labels("prediction", prediction)
    if prediction.shape != instance.shape:
        raise ValueError(f"prediction {tuple(prediction.shape)} and instance {tuple(instance.shape)} differ in shape")
    if target is not None:
        target = torch.as_tensor(target)
        if target.shape != instance.shape:
            raise ValueError(f"target {tuple(target.shape)} and instance {tuple(instance.shape)} differ in shape")
        instance = instance.masked_fill(target == ignore, 0)
    number, table = things(instance, instance.shape)
    seen = number >= 0
    (labels,) = pictures(prediction.long())
    names, labels = torch.unique(labels[seen], return_inverse=True)
    counts = torch.bincount(number[seen] * len(names) + labels, minlength=len(table) * len(names))
    most, commonest = counts.view(len(table), len(names)).max(dim=1) if len(table) else (counts, counts)
    return {
        "share": most / table[:, 2],
        "label": names[commonest],
        "picture": table[:, 0],
        "instance": table[:, 1],
        "pixels": table[:, 2],
    }
