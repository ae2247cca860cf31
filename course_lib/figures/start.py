"""The pictures of 00: a scene beside its labels, and the IoU of each class."""

from collections.abc import Sequence

import torch
from torch import Tensor

from course_lib.figures.style import COLOURS, QUIET, Figure, class_legend, labels, new, picture, styled


@styled
def picture_and_label(
    image: Tensor, label: Tensor, classes: Sequence[str], colours: Sequence, title: str = "one class for each pixel"
) -> Figure:
    """A picture and a label map of the same size, with the classes named."""
    figure, axes = new(1, 2, size=(8, 4.3))
    picture(axes[0, 0], image, "the picture")
    labels(axes[0, 1], label, title, colours=colours)
    class_legend(figure, classes, colours=colours)
    shares = torch.bincount(label[label != 255].flatten(), minlength=len(classes)) / label.numel()
    told = ", ".join(f"{name} {share:.0%}" for name, share in zip(classes, shares.tolist()))
    figure.alt = f"Left a painted picture, right {title}. Shares of the pixels: {told}."
    return figure


@styled
def iou_bars(iou: Tensor, classes: Sequence[str], mean: float, accuracy: float) -> Figure:
    """One bar for each class, with the mean and the pixel accuracy as lines."""
    figure, axes = new(size=(8, 3))
    axis = axes[0, 0]
    axis.bar(list(classes), iou.nan_to_num().tolist(), color=COLOURS[0], width=0.6)
    for value, name, style in ((accuracy, "pixel accuracy", "-"), (mean, "mean IoU", "--")):
        axis.axhline(value, color=QUIET, linestyle=style)
        axis.text(len(classes) - 0.45, value + 0.015, f"{name} {value:.2f}", ha="right")
    axis.set(ylim=(0, 1.08), ylabel="IoU")
    told = ", ".join(f"{name} {value:.2f}" for name, value in zip(classes, iou.nan_to_num().tolist()))
    figure.alt = f"Bars of the IoU of each class: {told}. Pixel accuracy {accuracy:.2f}, mean IoU {mean:.2f}."
    return figure
