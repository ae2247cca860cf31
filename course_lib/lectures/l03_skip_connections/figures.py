"""The pictures of 03: what a coarse map forgets, three ways to join layers, and what depth does to a gradient."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from torch import Tensor
from torch.nn import functional as F

from course_lib.figures.style import COLOURS, HATCHES, INK, QUIET, WIDTH, Figure, class_legend, labels, new, styled
from course_lib.metrics import Confusion

DASHES = ("-", "--", ":", "-.")
JOINED = ("chain", "residual", "dense")


def coarse(label: Tensor, stride: int, classes: int) -> Tensor:
    """The best that a map of this stride could say: in each cell the most frequent class, at the label's own size."""
    height, width = label.shape[-2:]
    if height % stride or width % stride:
        raise ValueError(f"the stride must divide both sides, got {height} x {width} and stride {stride}")
    shares = F.avg_pool2d(F.one_hot(label, classes).movedim(-1, -3).float(), stride)
    cells = shares.argmax(-3)
    return cells.repeat_interleave(stride, -2).repeat_interleave(stride, -1)


@styled
def forgotten(truth: Tensor, strides: Sequence[int], classes: Sequence[str], colours: Sequence) -> Figure:
    """The truth of the first picture at several strides, each scored over all pictures against the whole truth."""
    figure, axes = new(1, len(strides), size=(WIDTH, 0.8 + WIDTH / len(strides)))
    told = []
    for axis, stride in zip(axes[0], strides):
        cells = coarse(truth, stride, len(classes))
        score = Confusion(len(classes)).update(cells, truth).mean_iou
        labels(axis, cells[0], f"stride {stride}: {score:.2f}", colours=colours)
        told.append(f"stride {stride} {score:.2f}")
    class_legend(figure, classes, colours=colours)
    figure.alt = (
        f"The truth itself on maps of {len(strides)} strides, each cell with its most frequent class. Mean IoU over "
        f"{len(truth)} pictures: {', '.join(told)}."
    )
    return figure


@styled
def joins(maps: int = 4, layers: int = 4, growth: int = 2) -> Figure:
    """What each layer reads when layers stand in a chain, when outputs are added, and when they are concatenated.

    One box is one map; its colours say whose outputs it holds.
    """
    figure, axes = new(1, 3, size=(WIDTH, 3.3), sharey=True)
    tallest = maps + layers * growth
    told = []
    for axis, way in zip(axes[0], JOINED):
        sizes = [len(column) for column in columns(way, maps, layers, growth)]
        for place, column in enumerate(columns(way, maps, layers, growth)):
            for height, parts in enumerate(column):
                _box(axis, place, height, parts)
            axis.text(place, len(column) + 0.25, str(len(column)), ha="center", fontsize=9)
        axis.set(xlim=(-0.6, layers + 0.6), ylim=(-0.2, tallest + 1.2), yticks=[], xticks=range(layers + 1))
        axis.set_xticklabels([*(f"layer {n + 1}" for n in range(layers)), "out"], fontsize=8.5)
        axis.tick_params(length=0)
        axis.spines[:].set_visible(False)
        axis.set_title({"chain": "a chain", "residual": "added", "dense": "concatenated"}[way])
        told.append(f"{way}: {', '.join(map(str, sizes))}")
    sources = ("the picture's maps", *(f"from layer {n + 1}" for n in range(layers)))
    faces = [
        Patch(facecolor=COLOURS[n % len(COLOURS)], hatch=HATCHES[n % len(HATCHES)], edgecolor="white", label=name)
        for n, name in enumerate(sources)
    ]
    figure.legend(handles=faces, loc="outside lower center", ncols=len(faces))
    figure.alt = f"Maps that each of {layers} layers reads, and that go out at the end. {'; '.join(told)}."
    return figure


def columns(way: str, maps: int, layers: int, growth: int) -> list[list[range]]:
    """For each layer, and for what goes out, its maps, each with the sources it is made of (0 is the input)."""
    if way == "chain":
        return [[range(place, place + 1)] * maps for place in range(layers + 1)]
    if way == "residual":
        return [[range(place + 1)] * maps for place in range(layers + 1)]
    stack = [range(1)] * maps + [range(n, n + 1) for n in range(1, layers + 1) for _ in range(growth)]
    return [stack[: maps + growth * place] for place in range(layers + 1)]


def _box(axis: Axes, place: int, height: int, parts: range) -> None:
    wide = 0.8 / len(parts)
    for number, part in enumerate(parts):
        corner = (place - 0.4 + number * wide, height + 0.06)
        colour, hatch = COLOURS[part % len(COLOURS)], HATCHES[part % len(HATCHES)]
        axis.add_patch(Rectangle(corner, wide, 0.88, facecolor=colour, hatch=hatch, edgecolor="white", linewidth=0.5))


@styled
def gradients(norms: Mapping[str, Sequence[float]], depths: Sequence[int]) -> Figure:
    """The gradient's norm at the first layer, by depth, on a scale of powers of ten."""
    figure, axes = new(size=(8, 3.4))
    axis = axes[0, 0]
    for (name, values), colour, dash in zip(norms.items(), COLOURS, DASHES):
        axis.plot(depths, values, dash, marker="o", markersize=4, color=colour, label=name)
    axis.set(xscale="log", yscale="log", xlabel="layers", ylabel="gradient norm, first layer")
    axis.set_xticks(depths, [str(depth) for depth in depths])
    axis.minorticks_off()
    axis.grid(axis="y")
    axis.legend(loc="lower left")
    told = "; ".join(f"{name} from {values[0]:.2g} to {values[-1]:.2g}" for name, values in norms.items())
    figure.alt = f"Norm of the gradient at the first layer, from {depths[0]} to {depths[-1]} layers: {told}."
    return figure


@styled
def losses(curves: Mapping[str, Sequence[float]], window: int = 10) -> Figure:
    """The loss of each step, averaged over the last few."""
    figure, axes = new(size=(8, 3.0))
    axis = axes[0, 0]
    told = []
    for (name, values), colour, dash in zip(curves.items(), COLOURS, DASHES):
        smooth = torch.tensor(values, dtype=torch.float64).unfold(0, window, 1).mean(1)
        axis.plot(range(window, len(values) + 1), smooth, dash, color=colour, label=name)
        told.append(f"{name} {smooth[0]:.2f} at first, {smooth[-1]:.2f} in the end")
    axis.set(xlabel="step", ylabel=f"loss, mean of {window} steps", ylim=(0, None))
    axis.legend()
    figure.alt = f"Training loss by step. {'; '.join(told)}."
    return figure


@styled
def stages(table: Sequence[int], printed: Sequence[int], names: Sequence[str]) -> Figure:
    """The maps after each stage of a network, and what a printed table says where it says something else."""
    if not len(table) == len(printed) == len(names):
        raise ValueError(
            f"one name and one printed number for each stage, got {len(table)}, {len(printed)}, {len(names)}"
        )
    figure, axes = new(size=(WIDTH, 3.0))
    axis = axes[0, 0]
    wrong = [index for index, (found, said) in enumerate(zip(table, printed)) if found != said]
    faces = [COLOURS[1] if index in wrong else COLOURS[0] for index in range(len(table))]
    bars = axis.bar(range(len(table)), table, color=faces, width=0.7)
    for index in wrong:
        bars[index].set_hatch("//")
        bars[index].set_edgecolor("white")
    for index, (found, said) in enumerate(zip(table, printed)):
        more = f"\nprinted {said}" if index in wrong else ""
        axis.text(
            index, found + 15, f"{found}{more}", ha="center", va="bottom", fontsize=8.5, color=INK, linespacing=1.2
        )
    axis.set(ylim=(0, 1.22 * max(table)), ylabel="maps", xticks=range(len(table)))
    axis.set_xticklabels(names, fontsize=8.5, color=QUIET)
    axis.tick_params(axis="x", length=0)
    told = ", ".join(f"{name} {found}" for name, found in zip(names, table))
    differ = ", ".join(f"{names[index]} {printed[index]}" for index in wrong)
    figure.alt = f"Maps after each stage: {told}." + (f" The printed table has {differ} instead." if differ else "")
    return figure
