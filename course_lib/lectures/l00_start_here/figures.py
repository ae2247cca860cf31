"""The pictures of 00: a scene beside its labels, a training under way, what a confusion matrix counts, IoU as areas."""

from collections.abc import Callable, Mapping, Sequence

import torch
from matplotlib.patches import Patch
from torch import Tensor

from course_lib import palette
from course_lib.figures.style import COLOURS, INK, QUIET, WIDTH, Figure, class_legend, labels, new, picture, styled
from course_lib.segment import Segmented

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
    """Where one class is in truth, in the answer, and in both; and its IoU as a fraction of two areas."""
    fates = fates_of(label, answer, chosen, classes)
    figure = Figure(figsize=(WIDTH, 3.1))
    axes = figure.subplot_mosaic([["truth", "answer", "both", "over"], ["truth", "answer", "both", "under"]],
                                 width_ratios=(2, 2, 2, 1))  # fmt: skip
    colours = (palette.LIGHT, palette.BLUE)
    labels(axes["truth"], (label == chosen).long(), f"{classes[chosen]} in the truth", colours=colours)
    labels(axes["answer"], (answer == chosen).long(), f"{classes[chosen]} in the answer", colours=colours)
    labels(axes["both"], fates, "both on top of each other", colours=tuple(FATES.values()))
    right, missed, claimed = (int((fates == fate).sum()) for fate in range(3))
    union = right + missed + claimed
    white = (FATES["right"], palette.VOID_COLOUR, palette.VOID_COLOUR, palette.VOID_COLOUR)
    labels(axes["over"], fates, "IoU", colours=white)
    labels(axes["under"], fates, colours=(*tuple(FATES.values())[:3], palette.VOID_COLOUR))
    axes["over"].set_xlabel(f"intersection: {right}", fontsize=9)
    axes["under"].set_xlabel(f"union: {union}", fontsize=9)
    axes["under"].set_title(f"= {right / union:.2f}", loc="right", fontweight="bold")
    for part in ("over", "under"):
        axes[part].spines[:].set(visible=True, color=QUIET)
    fate_legend(figure, classes[chosen])
    figure.alt = (
        f"The {classes[chosen]} in the truth, in the answer, and both on top of each other: {right} pixels are right, "
        f"{missed} missed, {claimed} claimed. The intersection, {right} pixels, over the union, {union}: "
        f"IoU {right / union:.2f}."
    )
    return figure


def fates_of(label: Tensor, answer: Tensor, chosen: int, classes: Sequence[str]) -> Tensor:
    """What became of each pixel of one class: 0 right, 1 missed, 2 claimed, 3 not concerned."""
    if answer.shape != label.shape:
        raise ValueError(f"the answer has shape {tuple(answer.shape)}, the truth {tuple(label.shape)}: make them equal")
    true, said = label == chosen, answer == chosen
    if not (true | said).any():
        raise ValueError(f"{classes[chosen]} is neither in the truth nor in the answer: its IoU is 0 / 0")
    return torch.where(true & said, 0, torch.where(true, 1, torch.where(said, 2, 3)))


@styled
def three_shares(label: Tensor, answers: Mapping[str, Tensor], chosen: int, classes: Sequence[str]) -> Figure:
    """One class in several answers, and for each answer three shares: right pixels, true pixels found, IoU."""
    figure, axes = new(1, len(answers), size=(WIDTH, 1.45 + WIDTH / len(answers)))
    told = []
    for axis, (name, answer) in zip(axes[0], answers.items()):
        fates = fates_of(label, answer, chosen, classes)
        right, missed, claimed = (int((fates == fate).sum()) for fate in range(3))
        shares = {
            "pixels right": 1 - (missed + claimed) / fates.numel(),
            f"{classes[chosen]} found": right / (right + missed),
            "IoU": right / (right + missed + claimed),
        }
        labels(axis, fates, name, colours=tuple(FATES.values()))
        for line, (word, share) in enumerate(shares.items()):
            weight = "bold" if word == "IoU" else "normal"
            low = -0.04 - 0.11 * line
            axis.text(0, low, word, transform=axis.transAxes, va="top", fontweight=weight)
            axis.text(0.92, low, f"{share:.2f}", transform=axis.transAxes, va="top", ha="right", fontweight=weight)
        axis.set_xlabel("\n\n\n")
        told.append(f"{name}: {', '.join(f'{word} {share:.2f}' for word, share in shares.items())}")
    fate_legend(figure, classes[chosen])
    figure.alt = f"The {classes[chosen]} in {len(answers)} answers. {'; '.join(told)}."
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


@styled
def learning(
    losses: Sequence[float], image: Tensor, label: Tensor, seen: Mapping[int, Tensor], classes: Sequence[str],
    colours: Sequence,
) -> Figure:  # fmt: skip
    """A training under way: the loss of each step so far, and what the network says of one picture at some steps.

    `seen` maps a step to the label map of then.
    """
    columns = 2 + len(seen)
    figure = Figure(figsize=(WIDTH, 2.9 + WIDTH / columns))
    rows = [["loss"] * columns, ["picture", *seen, "truth"]]
    axes = figure.subplot_mosaic(rows, height_ratios=(2, WIDTH / columns))
    curve = axes["loss"]
    curve.plot(range(1, len(losses) + 1), losses, color=COLOURS[0], linewidth=1.2)
    curve.set(xlabel="step", ylabel="loss of the batch", xlim=(0, len(losses) + 1), ylim=(0, 1.05 * max(losses)))
    picture(axes["picture"], image, "unseen\npicture")
    for step, said in seen.items():
        right = float((said == label)[label != 255].float().mean())
        labels(axes[step], said, f"step {step}\n{right:.0%} right", colours=colours)
        curve.axvline(step, color=QUIET, linewidth=0.8, linestyle=":")
    labels(axes["truth"], label, "the\ntruth", colours=colours)
    class_legend(figure, classes, colours=colours)
    told = ", ".join(f"{float((said == label).float().mean()):.0%} after {step}" for step, said in seen.items())
    figure.alt = (
        f"The loss falls from {losses[0]:.2f} to {losses[-1]:.2f} in {len(losses)} steps. Below it an unseen picture, "
        f"what the network says of it at some steps, and the truth. Right pixels: {told} steps."
    )
    return figure


@styled
def poster(answer: Segmented, paint: Callable[[Tensor, Tensor, Tensor, float], Tensor | None]) -> Figure:
    """A photograph, and the answer to it laid over it by a function of the student's own, in four strengths."""
    colours = torch.tensor(palette.ORDER[: len(answer.classes)]) / 255
    image = answer.image / 255
    strengths = (0.0, 0.3, 0.6, 1.0)
    panels = [paint(image, answer.labels, colours, share) for share in strengths]
    height, width = answer.labels.shape
    figure, axes = new(2, 2, size=(WIDTH, 0.4 + WIDTH * height / width))
    for axis, share, panel in zip(axes.flat, strengths, panels):
        painted = isinstance(panel, Tensor) and panel.shape == image.shape
        picture(axis, panel.detach().clamp(0, 1) if painted else image, f"share {share:g}" if painted else "unpainted")
    class_legend(figure, answer.classes)
    done = sum(isinstance(panel, Tensor) and panel.shape == image.shape for panel in panels)
    figure.photographs = True
    figure.alt = f"A photograph four times, {done} of them painted by my_paint with the answer: {answer.words()}."
    return figure
