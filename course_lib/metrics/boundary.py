"""Scores along the boundaries, where coarse networks lose their detail.

trimap_iou looks only at a band along the true boundaries (Kohli et al. 2009; DeepLab, section 4.3); the boundary
F-score compares the predicted outlines with the true ones (Csurka et al. 2013).
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.metrics.checks import in_small_type, label_maps, pictures, whole_labels, whole_number
from course_lib.metrics.confusion import Confusion

STRIP = 2**17  # pixels


def trimap(target: Tensor, width: int, ignore: int | None = 255, *, void_edges: bool = False) -> Tensor:
    """True within `width` pixels of another class: in the square of side 2 width + 1 around a pixel lies another label.

    Void pixels are never in the band. They make no boundary either, unless `void_edges`: for data sets such as VOC
    that draw their outlines in void, where the band begins beside the void.
    """
    whole_number("width", width, 1)
    target = torch.as_tensor(target)
    whole_labels("target", target)
    (labels,) = pictures(target)
    (labels,) = in_small_type([labels], 0 if ignore is None else ignore)
    void = torch.zeros_like(labels, dtype=torch.bool) if ignore is None else labels == ignore
    # Hidden void is below all labels where the highest is sought, and above them where the lowest is.
    ends = torch.iinfo(labels.dtype)
    highest = widest(labels if void_edges else labels.masked_fill(void, ends.min), width)
    lowest = ~widest(~(labels if void_edges else labels.masked_fill(void, ends.max)), width)
    return ((highest != lowest) & ~void).view(target.shape)


def widest(plane: Tensor, reach: int) -> Tensor:
    """The largest value in the square around each pixel; outside the picture there is nothing.

    The largest of 2n neighbours is the larger one of the largest of n on either side: a square of any width takes
    as many steps as its side has binary digits.
    """
    nothing = False if plane.dtype == torch.bool else torch.iinfo(plane.dtype).min
    for axis, padding in ((1, (0, 0, 1, 1)), (2, (1, 1))):
        ahead = min(reach, plane.shape[axis] - 1)
        plane = F.pad(plane, [ahead * side for side in padding], value=nothing)
        window = 1
        while step := min(window, 2 * ahead + 1 - window):
            left = plane.shape[axis] - step
            plane = torch.maximum(plane.narrow(axis, 0, left), plane.narrow(axis, step, left))
            window += step
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
    outlines = outline(target, known), outline(prediction, known)
    scores = []
    for label in range(num_classes):
        inside = target == label
        true, found = outlines[0] & inside, outlines[1] & (prediction == label)
        counts = inside.flatten(1).any(1) & (true | found).flatten(1).any(1)
        if counts.any():
            scores.append(torch.where(counts, agreement(true, found, tolerance), math.nan))
    return float(torch.stack(scores).double().nanmean(0).nanmean()) if scores else math.nan


def outline(labels: Tensor, known: Tensor) -> Tensor:
    """Known pixels with a known pixel of another class above, below, left or right of them."""
    found = torch.zeros_like(known)
    for axis in (1, 2):
        pairs = labels.shape[axis] - 1
        label, sure = ([each.narrow(axis, start, pairs) for start in (0, 1)] for each in (labels, known))
        edge = (label[0] != label[1]) & sure[0] & sure[1]
        for start in (0, 1):
            found.narrow(axis, start, pairs).logical_or_(edge)
    return found


def agreement(true: Tensor, found: Tensor, tolerance: float) -> Tensor:
    """F-score of two outlines in each picture. Nothing beyond the window that holds both can matter."""
    both = (true | found).any(0)
    ys, xs = both.any(1).nonzero(), both.any(0).nonzero()
    window = (slice(None), slice(int(ys[0]), int(ys[-1]) + 1), slice(int(xs[0]), int(xs[-1]) + 1))
    true, found = true[window], found[window]
    hits = found & near(true, tolerance), true & near(found, tolerance)
    precision, recall = (
        hit.sum((1, 2)) / outlined.sum((1, 2)).clamp(min=1) for hit, outlined in zip(hits, (found, true))
    )
    return 2 * precision * recall / (precision + recall).clamp(min=1e-12)


def near(points: Tensor, tolerance: float) -> Tensor:
    """True where a point lies within the tolerance (Euclidean), in time linear in the pixels for any tolerance.

    First along x: how far is the nearest point of the row? That leaves, along y, an interval of pixels within the
    tolerance. A pixel is near if an interval that begins above or below it reaches it. In strips that fit a
    processor's cache: a large picture would take twice as long per pixel.
    """
    height, width = points.shape[-2:]
    table = interval(min(tolerance, height + width), points.device)
    reach = torch.cat([table[apart(rows, len(table) - 1)] for rows in points.split(max(1, STRIP // width), 1)], 1)
    columns = reach.mT.contiguous().split(max(1, STRIP // height), 1)
    return torch.cat([covered(column) for column in columns], 1).mT


def apart(points: Tensor, most: int) -> Tensor:
    """How far along x the nearest point lies, `most` where none is nearer."""
    x = torch.arange(points.shape[2], dtype=torch.int32, device=points.device)
    left = torch.where(points, x, -most).cummax(2).values
    right = torch.where(points, x, len(x) + most).flip(2).cummin(2).values.flip(2)
    return torch.minimum(x - left, right - x).clamp(max=most)


def covered(reach: Tensor) -> Tensor:
    """Along the last axis, the cells that an interval of this reach to either side of some cell covers; -1: none."""
    y = torch.arange(reach.shape[2], dtype=torch.int32, device=reach.device)
    ahead = torch.where(reach < 0, -1, y + reach).cummax(2).values
    back = torch.where(reach < 0, len(y), y - reach).flip(2).cummin(2).values.flip(2)
    return (ahead >= y) | (back <= y)


def interval(tolerance: float, device: torch.device) -> Tensor:
    """How far a point may lie along one axis, by its distance 0, 1, 2, ... along the other; -1 where that is too far.

    The hair above the tolerance is for roots such as sqrt(13), whose square is rounded to less than 13.
    """
    distance = torch.arange(math.ceil(tolerance) + 2, dtype=torch.float64, device=device)
    left = tolerance**2 * (1 + 1e-12) - distance**2
    return torch.where(left < 0, -1.0, left.clamp(min=0).sqrt().floor()).int()
