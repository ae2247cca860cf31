"""The size a receptive field has when no border is in the way: the same model, traced on larger images.

In: a function that traces the model at a given image size. Out: per layer size, stride and offset of the field.
The images grow by multiples of 64, so that every pooling, stride and resize keeps its phase.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isnan, nan

import numpy as np

from .capture import Trace
from .graph import ALL
from .reach import NOTHING, Reach, reaches

GROWTH = (1024, 4096, 16384)  # added to each side of the image until the field fits; then it is called endless
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
        self, trace_at: Callable[[tuple[int, ...]], Trace], image: tuple[int, ...], first: Trace, root: int, stop: bool
    ):
        self.trace_at, self.image, self.root, self.stop = trace_at, image, root, stop
        self.traces: dict[int, tuple[Trace, list[Reach | None]] | None] = {0: (first, None)}
        self.answers: dict[str, tuple[Extent, ...]] = {}

    def level(self, number: int) -> tuple[Trace, list[Reach | None]] | None:
        """The trace on an image grown `number` times and its reaches; None when the model refuses that size."""
        if self.traces.get(number, "missing") == "missing":
            try:
                larger = tuple(size + GROWTH[number - 1] for size in self.image)
                self.traces[number] = (self.trace_at(larger), None)
            except Exception:  # a model may be made for one size; whatever it raises, the answer is the clipped one
                self.traces[number] = None
        held = self.traces[number]
        if held and held[1] is None:
            held = self.traces[number] = (held[0], reaches(held[0].graph, self.root, stop_at_global=self.stop))
        return held

    def extent(self, layer: str) -> tuple[Extent, ...]:
        """Size, stride and offset of a layer along each axis."""
        if layer not in self.answers:
            self.answers[layer] = self._find(layer)
        return self.answers[layer]

    def _find(self, layer: str) -> tuple[Extent, ...]:
        axes = range(len(self.image))
        best: dict[int, Extent] = {}
        for number in range(len(GROWTH) + 1):
            held = self.level(number)
            if held is None or held[0].layers.get(layer) is None:
                break
            trace, reach = held
            node = trace.layers[layer].node
            if reach[node] is None:
                return tuple(Extent(0, nan, nan) for _ in axes)
            whole = endless(trace, node, self.root, self.stop) if number == 0 else set()
            best.update({axis: Extent(inf, nan, nan) for axis in whole})
            size = trace.graph.nodes[self.root].sizes
            for axis in axes:
                if axis not in best:
                    found = inner_extent(*reach[node][axis], size[axis])
                    if found:
                        best[axis] = found
            if len(best) == len(axes):
                break
        else:
            held = "grown"
        if len(best) < len(axes):
            clipped = self.level(0)[1][self.traces[0][0].layers[layer].node]
            for axis in axes:
                if axis not in best:
                    size = inf if held == "grown" else float(np.max(clipped[axis][1] - clipped[axis][0] + 1))
                    best[axis] = Extent(size, nan, nan)
        return tuple(best[axis] for axis in axes)


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


def endless(trace: Trace, node: int, root: int, stop: bool) -> set[int]:
    """The axes along which a layer reads the whole input, however large: something global lies on the way."""
    graph = trace.graph
    axes = range(trace.axes)
    whole: list[set[int] | None] = [None] * (node + 1)  # None: does not read the input at all
    for index in range(node + 1):
        if index == root:
            whole[index] = set()
            continue
        for edge in graph.nodes[index].edges:
            if whole[edge.source] is None or (stop and edge.is_global):
                continue
            wide = {a for a in axes if edge.maps[a] is ALL and graph.nodes[edge.source].sizes[a] > 1}
            whole[index] = (whole[index] or set()) | whole[edge.source] | wide
    return whole[node] or set()


def tidy(value: float) -> float | int:
    """Whole numbers without a decimal point."""
    return value if isnan(value) or value == inf or value != int(value) else int(value)
