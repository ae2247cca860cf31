"""Where the dense CRF hurts: a photograph with thin things; and a photograph under a veil of classes."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from course_lib.figures.style import WIDTH, Figure, class_legend, labels, new, picture, styled
from course_lib.palette import ORDER

VOID = 255


@styled
def hurts(image: Tensor, maps: Mapping[str, Tensor], mask: Tensor, classes: Sequence[str], *, thin: int) -> Figure:
    """The photograph, the truth, and each map with its IoU on the thin class, all of them whole."""
    columns = 2
    rows, (height, width) = -(-(2 + len(maps)) // columns), mask.shape
    figure, axes = new(rows, columns, size=(WIDTH, 0.4 + rows * (WIDTH / columns * height / width + 0.25)))
    cells = axes.flat
    picture(next(cells), image, "photograph")
    labels(next(cells), mask, "drawn by hand")
    told = []
    for cell, (name, probabilities) in zip(cells, maps.items()):
        label = probabilities.argmax(0)
        score = _iou(label, mask, thin)
        labels(cell, label, f"{name}: IoU of {classes[thin]} {score:.2f}")
        told.append(f"{name} {score:.2f}")
    class_legend(figure, classes)
    figure.photographs = True
    figure.alt = (
        f"A photograph with a thin {classes[thin]}, its true labels, and {len(maps)} maps. "
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
