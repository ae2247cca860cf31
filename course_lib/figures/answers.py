"""Several pictures, their truth, and what several networks say of them."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from course_lib.figures.style import WIDTH, Figure, class_legend, labels, new, picture, styled


@styled
def answers(
    images: Tensor, truth: Tensor, given: Mapping[str, Tensor], classes: Sequence[str], colours: Sequence
) -> Figure:
    """A row of pictures, the truth below them, and below that what each network says and how much of it is right."""
    rows = {"truth": truth, **given}
    for name, label in rows.items():
        if label.shape != truth.shape or len(label) != len(images):
            raise ValueError(f"{name} has shape {tuple(label.shape)}, expected {(len(images), *images.shape[-2:])}")
    figure, axes = new(1 + len(rows), len(images), size=(WIDTH, 0.5 + (1 + len(rows)) * WIDTH / len(images) * 0.93))
    told = []
    for column, image in enumerate(images):
        picture(axes[0, column], image)
        for line, label in zip(axes[1:], rows.values()):
            labels(line[column], label[column], colours=colours)
    for line, (name, label) in zip(axes[1:], rows.items()):
        right = float((label == truth).float().mean())
        line[0].set_ylabel(name if name == "truth" else f"{name}\n{right:.0%} right")
        told.append(f"{name}: {in_words(label, classes)}")
    axes[0, 0].set_ylabel("picture")
    class_legend(figure, classes, colours=colours)
    shares = ", ".join(f"{name} {float((label == truth).float().mean()):.1%}" for name, label in given.items())
    figure.alt = (
        f"{len(images)} pictures with their labels and the answers of {len(given)} networks. {'; '.join(told)}. "
    )
    figure.alt += f"Right pixels: {shares}."
    return figure


def side_by_side(
    image: Tensor, truth: Tensor, titled: Mapping[str, Tensor], columns: int, classes: Sequence[str], colours: Sequence
) -> Figure:
    """A picture, its truth and label maps under their titles, row by row; the caller writes the alt text."""
    rows, lines = -(-(2 + len(titled)) // columns), max(title.count("\n") for title in titled)
    figure, axes = new(rows, columns, size=(9, 0.4 + rows * (9 / columns + 0.15 + 0.35 * lines)))
    cells, blank = list(axes.flat), "\n" * lines
    picture(cells[0], image, f"the picture{blank}")
    for cell, (title, label) in zip(cells[1:], ({f"the truth{blank}": truth} | dict(titled)).items()):
        labels(cell, label, title, colours=colours)
    for cell in cells[2 + len(titled) :]:
        cell.set_axis_off()
    class_legend(figure, classes, colours=colours)
    return figure


def in_words(label: Tensor, classes: Sequence[str]) -> str:
    """The share of each class in a label map, as text; classes below half a percent are left out."""
    shares = torch.bincount(label[label != 255].flatten(), minlength=len(classes)) / label.numel()
    return ", ".join(f"{name} {share:.0%}" for name, share in zip(classes, shares.tolist()) if share >= 0.005)
