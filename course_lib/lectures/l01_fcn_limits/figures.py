"""The pictures of 01: answers beside the truth, the tents of bilinear upsampling, a torn bus.

In come pictures and label maps, out go figures. 02 borrows `answers`.
"""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import Tensor

from course_lib.figures.style import COLOURS, INK, Figure, class_legend, labels, new, picture, styled
from course_lib.metrics import Confusion
from course_lib.models.blocks import bilinear_upsampling


@styled
def answers(
    image: Tensor, label: Tensor, found: Mapping[str, Tensor], classes: Sequence[str], colours: Sequence
) -> Figure:
    """A picture, its truth, and what each network says, with its mean IoU on this picture."""
    if not found:
        raise ValueError("give at least one answer, such as {'FCN-32s': labels}")
    for name, said in found.items():
        if said.shape != label.shape:
            raise ValueError(f"{name} has shape {tuple(said.shape)}, the truth {tuple(label.shape)}: answers are H x W")
    panels = 2 + len(found)
    columns = panels if panels <= 4 else -(-panels // 2)
    rows = -(-panels // columns)
    figure, axes = new(rows, columns, size=(9, 0.4 + rows * (9 / columns + 0.15)))
    cells = list(axes.flat)
    picture(cells[0], image, "the picture")
    labels(cells[1], label, "the truth", colours=colours)
    told = []
    for cell, (name, said) in zip(cells[2:], found.items()):
        score = Confusion(len(classes)).update(said, label).mean_iou
        labels(cell, said, f"{name}: mean IoU {score:.2f}", colours=colours)
        told.append(f"{name} {score:.2f}")
    for cell in cells[panels:]:
        cell.set_axis_off()
    class_legend(figure, classes, colours=colours)
    figure.alt = f"A picture, its true labels, and {len(found)} answers. Mean IoU here: {', '.join(told)}."
    return figure


@styled
def tents(kernel_size: int = 64, stride: int = 32, cells: int = 4) -> Figure:
    """What each cell contributes along one axis of a bilinear transposed convolution, and the sum of all."""
    plane = bilinear_upsampling(1, kernel_size=kernel_size, stride=stride).weight[0, 0].detach()
    axis_weights = plane.diagonal().sqrt()
    length = (cells - 1) * stride + kernel_size
    figure, axes = new(size=(9, 2.6))
    axis, total = axes[0, 0], torch.zeros(length)
    for cell in range(cells):
        places = torch.arange(cell * stride, cell * stride + kernel_size)
        total[places] += axis_weights
        axis.fill_between(places.tolist(), axis_weights.tolist(), alpha=0.25, color=COLOURS[cell % len(COLOURS)])
        axis.plot(places.tolist(), axis_weights.tolist(), color=COLOURS[cell % len(COLOURS)], label=f"cell {cell}")
    axis.plot(total.tolist(), color=INK, linestyle="--", label="sum")
    axis.set(xlabel="pixel of the enlarged map", ylabel="weight", ylim=(0, 1.15), xlim=(0, length - 1))
    figure.legend(loc="outside right center")
    even = total[kernel_size - stride : stride - kernel_size]
    figure.alt = (
        f"{cells} overlapping tents, each {kernel_size} pixels wide and {stride} pixels from the next. Their sum lies "
        f"between {even.min():.4g} and {even.max():.4g} away from the border."
    )
    return figure


@styled
def torn(
    image: Tensor,
    label: Tensor,
    found: Mapping[int, Tensor],
    place: tuple[int, int],
    classes: Sequence[str],
    colours: Sequence,
) -> Figure:
    """A thing with two names: picture, truth and the answers of networks, with the square that each sees of one pixel.

    `found` maps the side of a network's field to its answer.
    """
    y, x = place
    height, width = label.shape
    if not (0 <= y < height and 0 <= x < width):
        raise ValueError(f"place must lie in the {height} x {width} picture, got {tuple(place)}")
    figure, axes = new(1, 2 + len(found), size=(9, 0.55 + 9 / (2 + len(found))))
    picture(axes[0, 0], image, "the picture")
    labels(axes[0, 1], label, "the truth", colours=colours)
    told = []
    for axis, (field, said) in zip(axes[0, 2:], found.items()):
        everything = max(y, x, height - 1 - y, width - 1 - x) <= field // 2
        labels(axis, said, f"sees {field} pixels{': all of it' * everything}", colours=colours)
        frame(axis, place, field)
        told.append(f"with {field} pixels {classes[int(said[y, x])]}")
    frame(axes[0, 0], place, min(found))
    for axis in axes.flat:
        axis.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    class_legend(figure, classes, colours=colours)
    figure.alt = (
        f"A picture and its truth; at the pixel ({y}, {x}) the true class is {classes[int(label[y, x])]}. "
        f"The answers there: {', '.join(told)}."
    )
    return figure


def frame(axis: Axes, place: tuple[int, int], side: int) -> None:
    """A square around a pixel, dark on white, so that it shows on every class."""
    corner = (place[1] - side / 2, place[0] - side / 2)
    axis.add_patch(Rectangle(corner, side, side, fill=False, edgecolor="white", linewidth=3.2))
    axis.add_patch(Rectangle(corner, side, side, fill=False, edgecolor=INK, linewidth=1.4))
