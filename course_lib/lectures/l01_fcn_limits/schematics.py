"""The drawings of 01: a fully connected layer that slides as a convolution, and FCN-8s with its sizes."""

import torch
from matplotlib.axes import Axes
from matplotlib.patches import ConnectionPatch, FancyArrowPatch, Rectangle
from torch import nn

from course_lib import models, palette
from course_lib.figures.architecture import COLOURS as KINDS
from course_lib.figures.style import COLOURS, INK, QUIET, WIDTH, Figure, new, styled

SKIP = palette.hex_of(palette.BLUE)


@styled
def sliding(cells: tuple[int, int] = (10, 12), kernel: int = 7) -> Figure:
    """A fully connected layer on kernel x kernel cells, and the same weights as a convolution on a larger map."""
    with torch.device("meta"):
        rows, columns = nn.Conv2d(1, 1, kernel)(torch.empty(1, 1, *cells)).shape[-2:]
    figure, axes = new(size=(WIDTH, 3.1))
    axis = axes[0, 0]
    right = kernel + 8
    answers = right + cells[1] + 4
    axis.set(xlim=(-0.3, answers + columns + 0.3), ylim=(max(cells) + 0.4, -2.6), aspect="equal")
    axis.axis("off")
    grid(axis, 0, 0, kernel, kernel)
    grid(axis, kernel + 3, kernel // 2, 1, 1)
    window(axis, 0, 0, kernel, COLOURS[0], (kernel + 3, kernel // 2))
    axis.text(0, -0.6, f"fully connected layer:\n{kernel} x {kernel} cells in, 1 answer", va="bottom")
    top = (cells[0] - rows) // 2
    grid(axis, right, 0, *cells)
    grid(axis, answers, top, rows, columns)
    axis.text(right, -0.6, f"the same weights as a convolution:\n{cells[0]} x {cells[1]} cells in, "
              f"{rows} x {columns} answers", va="bottom")  # fmt: skip
    for (y, x), colour in {(0, 0): COLOURS[0], (rows - 1, columns - 1): COLOURS[1]}.items():
        window(axis, right + x, y, kernel, colour, (answers + x, top + y))
    figure.alt = (
        f"Left: a fully connected layer reads a map of {kernel} x {kernel} cells and gives one answer. Right: a "
        f"{kernel} x {kernel} convolution with the same weights slides over {cells[0]} x {cells[1]} cells and gives "
        f"{rows} x {columns} answers; the windows of its first and its last answer are drawn."
    )
    return figure


def grid(axis: Axes, left: int, top: int, rows: int, columns: int) -> None:
    """Cells of side 1."""
    for y in range(rows):
        for x in range(columns):
            axis.add_patch(
                Rectangle((left + x, top + y), 1, 1, facecolor="#f4f4f4", edgecolor="#bbbbbb", linewidth=0.8)
            )


def window(axis: Axes, left: int, top: int, side: int, colour: str, cell: tuple[int, int]) -> None:
    """What the kernel covers in one place, and the cell that it gives there."""
    axis.add_patch(Rectangle((left, top), side, side, facecolor=colour, alpha=0.18))
    axis.add_patch(Rectangle((left, top), side, side, fill=False, edgecolor=colour, linewidth=2))
    axis.add_patch(Rectangle(cell, 1, 1, facecolor=colour, edgecolor=colour))
    for y in (0, 1):
        start, end = (left + side, top + y * side), (cell[0], cell[1] + y)
        axis.add_patch(ConnectionPatch(start, end, "data", color=colour, linewidth=0.9))


@styled
def fcn8s(side: int = 500) -> Figure:
    """FCN-8s: down on the left, scores in the middle, up on the right; the numbers are sides of maps."""
    net = models.build("fcn8s", num_classes=21, device="meta").eval()
    layers = ("pool3", "pool4", "pool5", "fc7", "score_pool3", "score_pool4", "score_fr", "upscore2", "upscore_pool4",
              "upscore8")  # fmt: skip
    with models.activations(net, *layers) as maps:
        net(torch.empty(1, 3, side, side, device="meta"))
    sides = {name: found.shape[-1] for name, found in maps.items()}
    figure, axes = new(size=(WIDTH, 4.6))
    axis = axes[0, 0]
    axis.set(xlim=(0, 900), ylim=(455, 0), aspect="equal")
    axis.axis("off")
    for number, stride in enumerate((8, 16, 32)):
        y = 60 + 150 * number
        axis.add_patch(Rectangle((0, y - 50), 900, 110, color="#f4f4f4" if number % 2 == 0 else "white", zorder=0))
        axis.text(8, y - 32, f"stride {stride}", color=QUIET, fontsize=9)
    down = {"pool3": (170, 60), "pool4": (170, 210), "fc7": (170, 360)}
    scores = {"score_pool3": (400, 60), "score_pool4": (400, 210), "score_fr": (400, 360)}
    for name, (x, y) in down.items():
        box(axis, x, y, name if name != "fc7" else "pool5, fc6, fc7", sides[name], KINDS["down"])
    for name, (x, y) in scores.items():
        box(axis, x, y, name, sides[name], KINDS["up"])
        arrow(axis, (x - 165, y), (x - 65, y), "1x1")
    for x, y, enlarged in ((610, 210, "upscore2"), (610, 60, "upscore_pool4")):
        axis.text(x, y, "+", ha="center", va="center", fontsize=17,
                  bbox={"boxstyle": "circle,pad=0.15", "facecolor": "white", "edgecolor": INK})  # fmt: skip
        axis.text(x + 28, y + 27, f"side {sides[enlarged]}", fontsize=9)
        arrow(axis, (465, y), (x - 22, y), "crop", colour=SKIP)
    arrow(axis, (170, 88), (170, 182), "conv4, pool4", beside=True)
    arrow(axis, (170, 238), (170, 332), "conv5, pool5", beside=True)
    arrow(axis, (465, 360), (603, 234), "times 2", beside=True)
    arrow(axis, (610, 188), (610, 84), "times 2", beside=True)
    arrow(axis, (634, 60), (745, 60), f"times 8: {sides['upscore8']}")
    box(axis, 815, 60, "answer, cropped", side, KINDS["enlarge"])
    axis.text(105, 24, f"from the picture, {side} x {side}, by conv1 to pool3", fontsize=9)
    axis.text(815, 106, "one score for each class\nat each pixel", ha="center", va="top", fontsize=9)
    figure.alt = (
        f"FCN-8s on {side} x {side} pixels. Down: pool3 {sides['pool3']}, pool4 {sides['pool4']}, fc7 {sides['fc7']}. "
        f"Each has a 1x1 layer of scores. Up: score_fr times 2 is {sides['upscore2']}, plus score_pool4 cropped; "
        f"times 2 is {sides['upscore_pool4']}, plus score_pool3 cropped; times 8 is {sides['upscore8']}, cropped to "
        f"{side}."
    )
    return figure


def box(axis: Axes, x: float, y: float, name: str, side: int, colour: str) -> None:
    """A map with its name and its side."""
    axis.add_patch(Rectangle((x - 65, y - 27), 130, 54, facecolor=colour, edgecolor=QUIET, linewidth=0.8))
    axis.text(x, y, f"{name}\n{side} x {side}", ha="center", va="center", fontsize=9)


def arrow(axis: Axes, start: tuple, end: tuple, words: str, *, beside: bool = False, colour: str = "#555555") -> None:
    """An arrow with its words above it, or right of its middle."""
    axis.add_patch(FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=13, color=colour, linewidth=1.6,
                                   shrinkA=0, shrinkB=0))  # fmt: skip
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    place = {"ha": "left", "va": "center"} if beside else {"ha": "center", "va": "bottom"}
    axis.text(x + 10 * beside, y - 5 * (not beside), words, fontsize=9, **place)
