"""What the dense CRF does to a map: before, after, and where the two differ; its knobs; and where it hurts.

In come images, probabilities and label maps; out go figures.
"""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from course_lib.figures.style import Figure, class_legend, labels, new, picture, styled
from course_lib.palette import ORDER

VOID = 255


@styled
def before_and_after(
    image: Tensor, unary: Tensor, refined: Tensor, classes: Sequence[str], mask: Tensor | None = None
) -> Figure:
    """The photograph, the coarse map, the refined one, and the probability that moved from one class to another.

    `image` is uint8 3 x H x W; `unary` and `refined` are probabilities C x H x W.
    """
    moved = 0.5 * (refined - unary).abs().sum(0)
    changed = float((unary.argmax(0) != refined.argmax(0)).float().mean())
    height = 0.8 + 2 * 4.4 * image.shape[-2] / image.shape[-1]
    figure, axes = new(2, 2, size=(9, height))
    picture(axes[0, 0], image, "photograph")
    labels(axes[0, 1], unary.argmax(0), f"coarse map{_score(unary, mask)}")
    labels(axes[1, 0], refined.argmax(0), f"after the CRF{_score(refined, mask)}")
    shown = picture(axes[1, 1], moved, f"probability moved; {changed:.1%} of the pixels change class", vmin=0, vmax=1)
    figure.colorbar(shown, ax=axes[1, 1], shrink=0.8)
    class_legend(figure, classes)
    figure.alt = (
        f"Four panels: a photograph, its coarse map of {', '.join(classes)}{_score(unary, mask)}, the map after the "
        f"CRF{_score(refined, mask)}, and the probability that moved: on average {float(moved.mean()):.3f}, "
        f"with {changed:.1%} of the pixels changing class."
    )
    return figure


@styled
def knobs(
    image: Tensor,
    rows: Mapping[str, Mapping[str, Tensor]],
    classes: Sequence[str],
    mask: Tensor | None = None,
) -> Figure:
    """Small multiples: one row for each parameter, one panel for each of its values.

    `rows` maps a parameter's name to {value as text: probabilities}. Outlines of the map lie over the photograph.
    """
    columns = max(len(row) for row in rows.values())
    panel = 9 / columns
    height = 0.5 + len(rows) * (panel * image.shape[-2] / image.shape[-1] + 0.35)
    figure, axes = new(len(rows), columns, size=(9, height))
    told = []
    for line, (parameter, row) in zip(axes, rows.items()):
        for cell in line[len(row) :]:
            cell.set_axis_off()
        for cell, (value, probabilities) in zip(line, row.items()):
            picture(cell, tinted(image, probabilities.argmax(0)), f"{parameter} = {value}{_score(probabilities, mask)}")
            cell.title.set_fontsize(9)
            told.append(f"{parameter} {value}{_score(probabilities, mask)}")
    class_legend(figure, classes)
    figure.alt = f"The CRF's answer over the photograph for {len(told)} settings: {'; '.join(told)}."
    return figure


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


def _score(probabilities: Tensor, mask: Tensor | None) -> str:
    """Mean IoU against the mask, as an addition to a title."""
    if mask is None:
        return ""
    label = probabilities.argmax(0)
    scores = [_iou(label, mask, index) for index in range(len(probabilities))]
    return f", mean IoU {sum(scores) / len(scores):.2f}"


def _iou(label: Tensor, mask: Tensor, index: int) -> float:
    counted = mask != VOID
    mine, true = (label == index) & counted, (mask == index) & counted
    return float((mine & true).sum()) / max(1.0, float((mine | true).sum()))
