"""Where the dense CRF hurts: a cut-out with something thin; and a photograph under a veil of classes."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from course_lib.figures.style import Figure, class_legend, labels, new, picture, styled
from course_lib.palette import ORDER

VOID = 255


@styled
def hurts(
    image: Tensor,
    maps: Mapping[str, Tensor],
    mask: Tensor,
    classes: Sequence[str],
    *,
    thin: int,
    window: tuple[slice, slice],
) -> Figure:
    """A cut-out with something thin: the photograph, the truth, and each map with its IoU on the thin class."""
    figure, axes = new(1, len(maps) + 2, size=(9, 4.2), width_ratios=[1] * (len(maps) + 2))
    picture(axes[0, 0], image[:, window[0], window[1]], "photograph")
    labels(axes[0, 1], mask[window], "drawn by hand")
    told = []
    for cell, (name, probabilities) in zip(axes[0, 2:], maps.items()):
        label = probabilities.argmax(0)
        score = _iou(label[window], mask[window], thin)
        labels(cell, label[window], f"{name}\nIoU {score:.2f}")
        told.append(f"{name} {score:.2f}")
    class_legend(figure, classes)
    figure.photographs = True
    figure.alt = (
        f"A cut-out of a photograph with a thin {classes[thin]}, its true labels, and {len(maps)} maps. "
        f"IoU of {classes[thin]}: {', '.join(told)}."
    )
    return figure


def tinted(image: Tensor, label: Tensor) -> Tensor:
    """The photograph under a veil of its classes' colours, borders white. uint8, 3 x H x W."""
    colours = torch.tensor([ORDER[index % len(ORDER)] for index in range(int(label.max()) + 1)], dtype=torch.float32)
    veiled = 0.5 * image.float() + 0.5 * colours[label].permute(2, 0, 1)
    border = torch.zeros_like(label, dtype=torch.bool)
    border[1:] |= label[1:] != label[:-1]
    border[:, 1:] |= label[:, 1:] != label[:, :-1]
    veiled[:, border] = 255
    return veiled.round().to(torch.uint8)


def _iou(label: Tensor, mask: Tensor, index: int) -> float:
    counted = mask != VOID
    mine, true = (label == index) & counted, (mask == index) & counted
    return float((mine & true).sum()) / max(1.0, float((mine | true).sum()))
