"""The pictures of 00: a scene beside its labels, what a confusion matrix counts, and the IoU of each class."""

from collections.abc import Sequence

import torch
from matplotlib.patches import Patch
from torch import Tensor

from course_lib import palette
from course_lib.figures.style import COLOURS, INK, QUIET, Figure, class_legend, labels, new, picture, styled

# No class of a street has these colours: they say what became of the pixels of one class.
FATES = {"right": palette.GREEN, "missed": palette.PURPLE, "claimed": palette.YELLOW, "other": palette.LIGHT}


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
def counted(matrix: Tensor, chosen: int = 0) -> Figure:
    """A confusion matrix, with what it says about one class in colour."""
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"a confusion matrix is square, classes x classes, got {tuple(matrix.shape)}")
    if not 0 <= chosen < len(matrix):
        raise ValueError(f"chosen must be a class from 0 to {len(matrix) - 1}, got {chosen}")
    fates = torch.full(matrix.shape, 3)
    fates[chosen], fates[:, chosen], fates[chosen, chosen] = 1, 2, 0
    figure, axes = new(size=(6, 3.1))
    axis = axes[0, 0]
    labels(axis, fates, colours=tuple(FATES.values()))
    for row, counts in enumerate(matrix.tolist()):
        for column, count in enumerate(counts):
            axis.text(column, row, f"{count}", ha="center", va="center", fontsize=13)
    axis.set(xticks=range(len(matrix)), yticks=range(len(matrix)), xlabel="predicted class", ylabel="true class")
    axis.tick_params(length=0)
    fate_legend(figure, f"class {chosen}")
    right, missed, claimed = (int(matrix[fates == fate].sum()) for fate in range(3))
    figure.alt = (
        f"A confusion matrix, row = true class, column = predicted class: {matrix.tolist()}. "
        f"Of class {chosen}, {right} pixels are right and {missed} missed; {claimed} more are claimed for it."
    )
    return figure


@styled
def overlap(label: Tensor, answer: Tensor, chosen: int, classes: Sequence[str]) -> Figure:
    """Where one class is in truth, in the answer, and in both: intersection over union."""
    if answer.shape != label.shape:
        raise ValueError(f"the answer has shape {tuple(answer.shape)}, the truth {tuple(label.shape)}: make them equal")
    true, said = label == chosen, answer == chosen
    if not (true | said).any():
        raise ValueError(f"{classes[chosen]} is neither in the truth nor in the answer: its IoU is 0 / 0")
    fates = torch.where(true & said, 0, torch.where(true, 1, torch.where(said, 2, 3)))
    figure, axes = new(1, 3, size=(9, 3.2))
    colours = (palette.LIGHT, palette.BLUE)
    labels(axes[0, 0], true.long(), f"{classes[chosen]} in the truth", colours=colours)
    labels(axes[0, 1], said.long(), f"{classes[chosen]} in the answer", colours=colours)
    right, missed, claimed = (int((fates == fate).sum()) for fate in range(3))
    share = right / (right + missed + claimed)
    labels(axes[0, 2], fates, f"IoU {right} / {right + missed + claimed} = {share:.2f}", colours=tuple(FATES.values()))
    fate_legend(figure, classes[chosen])
    figure.alt = (
        f"The {classes[chosen]} in the truth, in the answer, and both on top of each other: {right} pixels are right, "
        f"{missed} missed, {claimed} claimed. IoU {share:.2f}."
    )
    return figure


def fate_legend(figure: Figure, name: str) -> None:
    """What the colours say about a class."""
    words = (f"{name}, found", f"{name}, missed", f"something else, claimed as {name}")
    patches = [
        Patch(facecolor=palette.hex_of(colour), edgecolor=QUIET, linewidth=0.5, label=word)
        for word, colour in zip(words, FATES.values())
    ]
    figure.legend(handles=patches, loc="outside lower center", ncols=3)


@styled
def iou_bars(iou: Tensor, classes: Sequence[str], mean: float, accuracy: float) -> Figure:
    """One bar for each class, with the mean and the pixel accuracy as lines."""
    figure, axes = new(size=(8, 3))
    axis = axes[0, 0]
    values = iou.nan_to_num().tolist()
    axis.bar(list(classes), values, color=COLOURS[0], width=0.6)
    for place, value in enumerate(values):
        inside = value > 0.15
        axis.text(
            place, 0.03 if inside else value + 0.03, f"{value:.2f}", ha="center", color="white" if inside else INK
        )
    for value, name, style in ((accuracy, "pixel accuracy", "-"), (mean, "mean IoU", "--")):
        axis.axhline(value, color=QUIET, linestyle=style)
        axis.text(len(classes) - 0.45, value + 0.015, f"{name} {value:.2f}", ha="right")
    axis.set(ylim=(0, 1.08), ylabel="IoU")
    told = ", ".join(f"{name} {value:.2f}" for name, value in zip(classes, values))
    figure.alt = f"Bars of the IoU of each class: {told}. Pixel accuracy {accuracy:.2f}, mean IoU {mean:.2f}."
    return figure
