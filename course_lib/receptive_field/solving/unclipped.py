"""The size a receptive field has when no border is in the way: the same model on larger images.

In: a trace, and a function that traces the model at a given image size. Out: per layer size, stride and offset of the
field. The graph of the larger image is worked out from the trace's own (enlarge.py); the model runs again only
where that cannot be done. Images grow by multiples of 960 = 64 x 15, so strides and resizes keep their phase.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isnan, nan

import numpy as np

from ..tracing import budget as budgets
from ..tracing.budget import Budget, OutOfBudget
from ..tracing.capture import Trace
from ..tracing.graph import ALL, Graph
from .enlarge import ResizedGraph
from .forward import NOTHING, Reach, reaches

GROWTH = (960, 3840, 15360)  # added to each side of the image until the field fits; then it is called endless
AROUND = 64  # the phases are looked at for centres within so many pixels of the middle


@dataclass(frozen=True)
class Extent:
    """Along one axis: size, step between neighbouring fields, centre of the field of position 0."""

    size: float
    stride: float
    offset: float


class Unclipped:
    """Answers for all layers, from as few and as small traces as do."""

    def __init__(
        self,
        trace_at: Callable[[tuple[int, ...], Budget], Trace],
        shapes_at: Callable[[tuple[int, ...]], list[tuple[int, ...]]],
        image: tuple[int, ...],
        first: Trace,
        root: int,
        stop: bool,
    ):
        self.trace_at, self.shapes_at, self.image, self.first = trace_at, shapes_at, image, first
        self.root, self.stop = root, stop
        self.traces: dict[int, tuple[Trace, list[Reach | None]] | None] = {0: (first, None)}
        self.grown: dict[int, tuple[ResizedGraph, list[Reach | None]]] = {}
        self.answers: dict[str, tuple[Extent, ...]] = {}
        self.note = ""  # says so when an answer is a bound

    def larger(self, number: int) -> tuple[int, ...]:
        """The image size after growing it `number` times."""
        return tuple(size + GROWTH[number - 1] for size in self.image)

    def worked_out(self, number: int) -> tuple[ResizedGraph, list[Reach | None]]:
        """The first trace's graph on an image grown `number` times, and its reaches; no run of the model."""
        if number not in self.grown:
            shapes, axes = self.shapes_at(self.larger(number)), self.first.axes
            inputs = {x.node: shape[len(shape) - axes :] for x, shape in zip(self.first.inputs, shapes) if x}
            grown = ResizedGraph(self.first.graph, inputs)
            self.grown[number] = grown, self.reaches(grown.graph)
        return self.grown[number]

    def reaches(self, graph: Graph) -> list[Reach | None]:
        """What all positions of all nodes of a graph reach in the root, within the budget."""
        budget = Budget(budgets.SECONDS, budgets.CELLS)
        return reaches(graph, self.root, stop_at_global=self.stop, budget=budget)

    def at(self, number: int, layer: str) -> tuple[Graph, int, list[Reach | None]] | None:
        """A graph on an image grown `number` times, the layer's node in it, and all reaches."""
        fact = self.first.layers[layer].fact
        if number and fact is not None:
            grown, reach = self.worked_out(number)
            if grown.known[fact.node]:
                return grown.graph, fact.node, reach
        held = self.level(number)
        if held is None or layer not in held[0].layers or held[0].layers[layer].fact is None:
            return None
        return held[0].graph, held[0].layers[layer].fact.node, held[1]

    def level(self, number: int) -> tuple[Trace, list[Reach | None]] | None:
        """The trace on an image grown `number` times and its reaches; None when the model refuses that size."""
        budget = Budget(budgets.SECONDS, budgets.CELLS)
        if self.traces.get(number, "missing") == "missing":
            try:
                self.traces[number] = (self.trace_at(self.larger(number), budget), None)
            except OutOfBudget:
                raise
            except Exception:  # a model may be made for one size; whatever it raises, the answer is the clipped one
                self.traces[number] = None
        held = self.traces[number]
        if held and held[1] is None:
            held = self.traces[number] = (held[0], self.reaches(held[0].graph))
        return held

    @cached_property
    def endless(self) -> list[set[int] | None]:
        """For each node the axes along which its field grows with the image."""
        return endless(self.first.graph, self.root, self.stop)

    def extent(self, layer: str) -> tuple[Extent, ...]:
        """Size, stride and offset of a layer along each axis."""
        if layer not in self.answers and not self.note:
            try:
                self.answers[layer] = self._find(layer)
            except OutOfBudget:
                self.note = self._too_much()
        return self.answers.get(layer) or tuple(Extent(inf, nan, nan) for _ in self.image)

    def _too_much(self) -> str:
        """What made the model too large to be looked at on a larger image."""
        nodes = self.first.graph.nodes
        operation, times = Counter(node.operation for node in nodes).most_common(1)[0]
        image = " x ".join(map(str, self.image))
        return (
            f"the sizes are upper bounds (endless): on an image of {image} the model already runs {len(nodes)} steps "
            f"({times} times {operation}), and on a larger one more than fit into {budgets.SECONDS:g} s; boxes and "
            "masks are not affected"
        )

    def _find(self, layer: str) -> tuple[Extent, ...]:
        axes = range(len(self.image))
        best: dict[int, Extent] = {}
        for number in range(len(GROWTH) + 1):
            held = self.at(number, layer)
            if held is None:
                break
            graph, node, reach = held
            if reach[node] is None:
                return tuple(Extent(0, nan, nan) for _ in axes)
            whole = self.endless[node] or set() if number == 0 else set()
            best.update({axis: Extent(inf, nan, nan) for axis in whole})
            size = graph.nodes[self.root].sizes
            for axis in axes:
                if axis not in best:
                    found = inner_extent(*reach[node][axis], size[axis])
                    if found:
                        best[axis] = found
            if len(best) == len(axes):
                break
        else:
            held = "grown"
        clipped = self.level(0)[1][self.first.layers[layer].fact.node]
        for axis in axes:
            if axis not in best:
                size = inf if held == "grown" else float(np.max(clipped[axis][1] - clipped[axis][0] + 1))
                best[axis] = Extent(size, nan, nan)
            inside = largest_inside(*clipped[axis], self.first.graph.nodes[self.root].sizes[axis])
            best[axis] = replace(best[axis], size=max(best[axis].size, inside))
        return tuple(best[axis] for axis in axes)


def largest_inside(first: np.ndarray, last: np.ndarray, size: int) -> float:
    """The largest of the fields that touch no border: a resize has phases of its own all over the image."""
    inside = (first > 0) & (last < size - 1) & (first <= last)
    return float((last - first + 1)[inside].max(initial=0))


def inner_extent(first: np.ndarray, last: np.ndarray, size: int) -> Extent | None:
    """From the positions whose fields are centred near the middle; None when one of them touches the border."""
    full = first < NOTHING
    centre = np.where(full, (first + last) / 2, np.inf)
    near = np.abs(centre - (size - 1) / 2) <= AROUND
    if full.any():
        near[np.argmin(np.abs(centre - (size - 1) / 2))] = True
    inside = np.flatnonzero(near)
    if not len(inside) or (first[inside] <= 0).any() or (last[inside] >= size - 1).any():
        return None
    largest = float((last - first + 1)[inside].max())
    stride, offset = line_through(inside, centre[inside])
    return Extent(largest, stride, offset)


def line_through(index: np.ndarray, centre: np.ndarray) -> tuple[float, float]:
    """The mean step between centres and the centre extrapolated to position 0."""
    if len(index) < 2:
        return nan, nan
    wide = len(index) - len(index) % 2 if len(index) < 16 else 2 ** int(np.log2(len(index) - 1))
    wide = min(wide, len(index) - 1)
    stride = float(centre[wide] - centre[0]) / float(index[wide] - index[0])
    offset = float(np.mean(centre[:wide] - stride * index[:wide]))
    return round(stride, 4), round(offset, 4)


def endless(graph: Graph, root: int, stop: bool) -> list[set[int] | None]:
    """The axes along which each node reads the whole input, however large: something global lies on the way."""
    whole: list[set[int] | None] = []  # None: does not read the input at all
    for index, node in enumerate(graph.nodes):
        wide = set() if index == root else None
        for edge in node.edges:
            if whole[edge.source] is None or (stop and edge.is_global):
                continue
            sizes = graph.nodes[edge.source].sizes
            wide = (wide or set()) | whole[edge.source]
            wide |= {axis for axis, reads in enumerate(edge.maps) if reads is ALL and sizes[axis] > 1}
        whole.append(wide)
    return whole


def tidy(value: float) -> float | int:
    """Whole numbers without a decimal point."""
    return value if isnan(value) or value == inf or value != int(value) else int(value)
