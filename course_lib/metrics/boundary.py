"""Scores along the boundaries, where coarse networks lose their detail.

trimap_iou looks only at a band along the true boundaries (Kohli et al. 2009; DeepLab, section 4.3); the boundary
F-score compares the predicted outlines with the true ones (Csurka et al. 2013).
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.metrics.checks import label_maps, pictures, whole_labels, whole_number
from course_lib.metrics.confusion import Confusion


def trimap(target: Tensor, width: int, ignore: int | None = 255, *, void_edges: bool = False) -> Tensor:
    """True within `width` pixels of another class: in the square of side 2 width + 1 around a pixel lies another label.

    Void pixels are never in the band. They make no boundary either, unless `void_edges`: for data sets such as VOC
    that draw their outlines in void, where the band begins beside the void.
    """
    whole_number("width", width, 1)
    target = torch.as_tensor(target)
    whole_labels("target", target)
    (labels,) = pictures(target)
    # As float: exact for labels, and what pooling knows on every device. Void is -1 in both when it shall not count.
    labels = labels.float()
    void = torch.zeros_like(labels, dtype=torch.bool) if ignore is None else labels == ignore
    hidden = labels if void_edges else labels.masked_fill(void, -math.inf)
    highest = widest(hidden, width)
    lowest = -widest(-labels if void_edges else (-labels).masked_fill(void, -math.inf), width)
    return ((highest != lowest) & ~void).view(target.shape)


def widest(plane: Tensor, reach: int) -> Tensor:
    """The largest value in the square around each pixel; outside the picture there is nothing."""
    for size, padding in (((2 * reach + 1, 1), (reach, 0)), ((1, 2 * reach + 1), (0, reach))):
        plane = F.max_pool2d(plane[:, None], size, stride=1, padding=padding)[:, 0]
    return plane


def trimap_iou(
    prediction: Tensor, target: Tensor, num_classes: int, width: int, ignore: int | None = 255, *,
    void_edges: bool = False,
) -> float:  # fmt: skip
    """Mean IoU inside the band; NaN where there is no boundary.

    For a data set in batches, count `Confusion.update(prediction, target.where(trimap(target, width), 255))`.
    """
    prediction, target = label_maps(prediction, target, num_classes, ignore)
    band = trimap(target, width, ignore, void_edges=void_edges)
    return Confusion(num_classes, ignore=None).update(prediction[band], target[band]).mean_iou


def boundary_f_score(
    prediction: Tensor, target: Tensor, num_classes: int, tolerance: float | None = None, ignore: int | None = 255
) -> float:
    """How well the outlines of each class agree: harmonic mean of precision and recall.

    Averaged over the classes of a picture, then over pictures. A pixel of an outline is found when the other outline
    comes within `tolerance` pixels (Euclidean), by default 0.75 % of the picture's diagonal. An outline is a class's
    pixels beside another class; void makes none. Classes that are not true in a picture are left out, as are those
    with an outline in neither map; NaN when nothing is left.
    """
    prediction, target = pictures(*label_maps(prediction, target, num_classes, ignore))
    if tolerance is None:
        tolerance = 0.0075 * math.hypot(*target.shape[-2:])
    if isinstance(tolerance, bool) or not tolerance >= 0:
        raise ValueError(f"tolerance must be at least 0 pixels, got {tolerance!r}")
    known = torch.ones_like(target, dtype=torch.bool) if ignore is None else target != ignore
    scores = []
    for label in range(num_classes):
        true, found = outline(target == label, known), outline(prediction == label, known)
        hits = (found & near(true, tolerance)).sum((1, 2)), (true & near(found, tolerance)).sum((1, 2))
        precision, recall = hits[0] / found.sum((1, 2)).clamp(min=1), hits[1] / true.sum((1, 2)).clamp(min=1)
        score = 2 * precision * recall / (precision + recall).clamp(min=1e-12)
        counts = (target == label).any(2).any(1) & (true | found).any(2).any(1)
        scores.append(torch.where(counts, score, math.nan))
    return float(torch.stack(scores).double().nanmean(0).nanmean())


def outline(inside: Tensor, known: Tensor) -> Tensor:
    """Known pixels of a class with a known pixel of another above, below, left or right of them."""
    other = F.pad(known & ~inside, (1, 1, 1, 1))
    beside = other[:, :-2, 1:-1] | other[:, 2:, 1:-1] | other[:, 1:-1, :-2] | other[:, 1:-1, 2:]
    return inside & known & beside


def near(points: Tensor, tolerance: float) -> Tensor:
    """True where a point lies within the tolerance."""
    reach = int(tolerance)
    offset = torch.arange(-reach, reach + 1, device=points.device)
    disc = (offset[:, None] ** 2 + offset[None, :] ** 2 <= tolerance**2).float()
    return F.conv2d(points[:, None].float(), disc[None, None], padding=reach)[:, 0] > 0.5
