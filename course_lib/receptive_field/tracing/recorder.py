"""The desk between the rules and the graph: the few moves from which every rule is made.

In: what an operation does along dimensions of a tensor. Out: nodes in the graph and the labels of the result.
    along     every output position along a dimension reads what a table says
    contract  whole dimensions are mixed (kept, as softmax does) or summed away (as mean does)
    join      several tensors meet position by position
    place     values are written into a part of a tensor
    unknown   the whole image, marked inexact
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from .axes import CHANNEL, FOLDED, Labels, Traced, channel, is_spatial, kind_of, size_of
from .graph import ALL, Edge, Graph, IndexTable
from .index_tables import everything, lifted, table


class Recorder:
    """Builds the graph of one run."""

    def __init__(self, axes: int):
        self.axes = axes
        self.graph = Graph()
        self.operation = ""  # the one that is being recorded, for the graph and the warning
        self.layer = ""
        self.doubts: dict[str, str] = {}  # operation -> the layer where it first made an answer inexact

    # ------------------------------------------------------------------ moves

    def sizes(self, x: Traced) -> tuple[int, ...]:
        return self.graph.nodes[x.node].sizes

    def node(self, x: Traced, labels: Labels, sizes: tuple[int, ...], maps: tuple, *, is_global=False) -> Traced:
        """A tensor that reads one other."""
        edge = Edge(x.node, maps, is_global)
        return Traced(self.graph.add(sizes, [edge], self.operation), labels)

    def doubt(self) -> None:
        """The operation being recorded is not known exactly."""
        self.doubts.setdefault(self.operation, self.layer)

    def doubted(self, x: Traced) -> Traced:
        """The same tensor, marked inexact."""
        self.doubt()
        sizes = self.sizes(x)
        edges = [Edge(x.node, (None,) * self.axes)]
        return Traced(self.graph.add(sizes, edges, self.operation, exact=False), x.labels)

    def along(self, x: Traced, changes: dict[int, tuple[IndexTable | None, int]]) -> Traced:
        """Dimension -> (what each output position reads, new size). Channels just change their size."""
        together: dict[int, IndexTable] = {}
        for dim, (reads, new) in changes.items():
            if not is_spatial(x.labels[dim]):
                if kind_of(x.labels[dim]) == FOLDED and new != size_of(x.labels[dim]):
                    x = self.doubted(x)
                x = replace(x, labels=_with(x.labels, dim, channel(new, kind_of(x.labels[dim]))), pooling=None)
            elif reads is not None:
                if len(x.labels[dim]) > 1:
                    x = self.unfolded(x, dim)
                    if not is_spatial(x.labels[dim]):
                        x = replace(x, labels=_with(x.labels, dim, channel(new, FOLDED)))
                        continue
                axis, stride, size = x.labels[dim][0]
                if stride == 1 and size == self.sizes(x)[axis]:
                    together[dim] = reads
                else:
                    x = self.along_digit(x, dim, reads)
        if not together:
            return replace(x, pooling=None)
        labels, sizes = list(x.labels), list(self.sizes(x))
        maps: list = [None] * self.axes
        for dim, reads in together.items():
            axis = labels[dim][0][0]
            labels[dim], sizes[axis], maps[axis] = ((axis, 1, len(reads)),), len(reads), reads
        return self.node(x, tuple(labels), tuple(sizes), tuple(maps))

    def along_digit(self, x: Traced, dim: int, reads: IndexTable) -> Traced:
        """The same for a dimension that is one digit of an axis, as the windows of a shifted-window network are."""
        axis, stride, size = x.labels[dim][0]
        total, new = self.sizes(x)[axis], len(reads)
        full = lifted(reads, stride, size, total)

        def moved(digit):
            other_axis, other, other_size = digit
            return (axis, other // size * new, other_size) if other_axis == axis and other > stride else digit

        labels = [tuple(moved(digit) for digit in dimension) for dimension in x.labels]
        labels[dim] = ((axis, stride, new),)
        sizes = tuple(len(full) if a == axis else s for a, s in enumerate(self.sizes(x)))
        return self.node(x, tuple(labels), sizes, tuple(full if a == axis else None for a in range(self.axes)))

    def unfolded(self, x: Traced, dim: int) -> Traced:
        """A dimension of several digits that a rule must treat as one: in order if it is one axis, else forgotten."""
        digits = x.labels[dim]
        axis = self.only_axis(x, dim)
        if axis is None:
            return self.doubted(self.forgotten(x, dim))
        position, total = np.zeros(1, int), size_of(digits)
        for own, stride, size in digits:
            position = (position[:, None] + np.arange(size) * (stride if own >= 0 else 0)).ravel()
        labels = _with(x.labels, dim, ((axis, 1, total),))
        old = self.sizes(x)
        sizes = tuple(total if a == axis else size for a, size in enumerate(old))
        reads = table(position, old[axis], old[axis] / total)
        y = self.node(x, labels, sizes, tuple(reads if a == axis else None for a in range(self.axes)))
        return self.doubted(y) if kind_of(digits) == FOLDED else y

    def only_axis(self, x: Traced, dim: int) -> int | None:
        """The axis that lies in a dimension whole and alone, but for channels between its digits."""
        spatial = [digit for digit in x.labels[dim] if digit[0] >= 0]
        one = {digit[0] for digit in spatial}
        if len(one) != 1 or size_of(tuple(spatial)) != self.sizes(x)[spatial[0][0]]:
            return None
        return spatial[0][0]

    def settled(self, x: Traced, dims: set[int] | None = None) -> Traced:
        """What views have made of channels and places is accepted: a shuffle by hand makes the one from the other."""
        for dim, digits in enumerate(x.labels):
            if len(digits) < 2 or (dims is not None and dim not in dims):
                continue
            elsewhere = {digit[0] for d, dimension in enumerate(x.labels) if d != dim for digit in dimension}
            if digits[0][0] >= 0 and self.only_axis(x, dim) is not None:
                x = self.unfolded(x, dim)
            elif min(digits)[0] < 0 and any(digit[0] in elsewhere for digit in digits if digit[0] >= 0):
                x = self.forgotten(x, dim)
        return x

    def forgotten(self, x: Traced, dim: int) -> Traced:
        """The places of a dimension become channels: what reads one of them reads all."""
        size = size_of(x.labels[dim])
        x = self.contract(x, [dim], keep=False)
        labels = tuple(channel(size, FOLDED) if d == dim else old for d, old in enumerate(x.labels))
        return replace(x, labels=labels)

    def contract(self, x: Traced, dims: list[int], *, keep: bool, is_global: bool = True) -> Traced:
        """Mix the given dimensions: kept with everything reading everything, or summed away to size 1."""
        digits = [digit for dim in dims for digit in x.labels[dim] if digit[0] >= 0]
        labels, sizes = list(x.labels), list(self.sizes(x))
        maps: list = [None] * self.axes
        for axis in range(self.axes):
            if prod(d[2] for d in digits if d[0] == axis) == sizes[axis] and any(d[0] == axis for d in digits):
                digits = [d for d in digits if d[0] != axis]
                maps[axis] = ALL if sizes[axis] > 1 else None
                sizes[axis] = sizes[axis] if keep else 1
        if any(m is not None for m in maps):
            changed = self.node(x, x.labels, tuple(sizes), tuple(maps), is_global=is_global)
            if keep:  # the statistics are a side branch; the values themselves stay where they are
                edges = [Edge(x.node, (None,) * self.axes), *self.graph.nodes[changed.node].edges]
                self.graph.nodes[changed.node].edges = edges
            x = changed
        for digit in digits:
            dim = next(d for d in dims if digit in x.labels[d])
            axis, _, size = digit
            alone = replace(x, labels=tuple((digit,) if d == dim else old for d, old in enumerate(x.labels)))
            others = tuple(d for d in x.labels[dim] if d != digit)
            x = self.along_digit(alone, dim, everything(size, size if keep else 1))
            if keep:
                x = replace(x, labels=tuple(labels))
            else:
                x = replace(x, labels=tuple(others if d == dim else old for d, old in enumerate(x.labels)))
        if not keep:
            labels = [self._summed(x, dim, labels[dim]) if dim in dims else x.labels[dim] for dim in range(len(labels))]
        return replace(x, labels=tuple(labels), pooling=None)

    @staticmethod
    def _summed(x: Traced, dim: int, before: tuple) -> tuple:
        whole_axis = len(before) == 1 and before[0][0] >= 0 and before[0][1] == 1
        alive = {digit[0] for d, dimension in enumerate(x.labels) if d != dim for digit in dimension}
        return ((before[0][0], 1, 1),) if whole_axis and before[0][0] not in alive else ()

    # ------------------------------------------------------------------ several tensors

    def join(self, tensors: list[Traced], shape: tuple[int, ...]) -> Traced:
        """Position by position, with broadcasting; dimensions align at the end."""
        tensors = [replace(x, labels=((),) * (len(shape) - len(x.labels)) + x.labels, pooling=None) for x in tensors]
        differing = {dim for dim in range(len(shape)) if len({x.labels[dim] for x in tensors if x.labels[dim]}) > 1}
        if differing:
            tensors = [self.settled(x, differing) for x in tensors]
        labels = self._joint_labels(tensors, shape)
        if len(tensors) == 1 and tensors[0].labels == labels:
            return tensors[0]
        sizes = [1] * self.axes
        for dimension in labels:
            for axis, _, size in dimension:
                if axis >= 0:
                    sizes[axis] *= size
        edges = []
        for x in tensors:
            edge = self._aligned(x, labels, sizes)
            if not any(e.source == edge.source and e.maps == edge.maps for e in edges):
                edges.append(edge)
        if len(edges) == 1 and all(m is None for m in edges[0].maps):
            return Traced(edges[0].source, labels)
        return Traced(self.graph.add(tuple(sizes), edges, self.operation), labels)

    def _joint_labels(self, tensors: list[Traced], shape: tuple[int, ...]) -> Labels:
        """For each dimension the label of a tensor that fills it with places, the largest tensor first."""
        order = sorted(tensors, key=lambda x: -prod(self.sizes(x)))
        labels: list[tuple] = []
        taken: dict[int, Traced] = {}
        for dim, size in enumerate(shape):
            chosen, kind = None, CHANNEL
            for x in order:
                digits = x.labels[dim]
                kind = min(kind, kind_of(digits))
                fits = is_spatial(digits) and size_of(digits) == size
                free = all(taken.get(digit[0], x) is x for digit in digits)
                if fits and free and chosen is None:
                    chosen = digits
                    taken.update({digit[0]: x for digit in digits if digit[0] >= 0})
            if chosen is None:
                named = [x.labels[dim] for x in order if is_spatial(x.labels[dim]) and size_of(x.labels[dim]) == 1]
                axis = named[0][0][0] if named else None
                whole = axis is not None and all(self.sizes(x)[axis] == 1 for x in tensors) and axis not in taken
                chosen = ((axis, 1, size),) if whole else channel(size, kind)
            labels.append(chosen)
        return tuple(labels)

    def _aligned(self, x: Traced, labels: Labels, sizes: list[int]) -> Edge:
        """How one of several joined tensors is read; axes that lie in other dimensions are read whole."""
        for axis in range(self.axes):
            mine = [tuple(d for d in dimension if d[0] == axis) for dimension in x.labels]
            theirs = [tuple(d for d in dimension if d[0] == axis) for dimension in labels]
            if self.sizes(x)[axis] != 1 and mine != theirs:
                self.doubt()
                for dim, digits in enumerate(mine):
                    if digits:
                        x = self.forgotten(x, dim)
                x = self.doubted(x)
        own = self.sizes(x)
        maps = tuple(None if own[axis] == sizes[axis] else ALL for axis in range(self.axes))
        return Edge(x.node, maps)

    def concatenate(self, parts: list[tuple[Traced | None, int]], dim: int, shape: tuple[int, ...]) -> Traced:
        """Tensors end to end along a dimension; constants among them are given as (None, size)."""
        lost = self._lost_axis([x for x, _ in parts if x is not None], dim, shape)
        parts = [(x and self.spread(x, dim, lost), size) for x, size in parts]
        traced = [x for x, _ in parts if x is not None]
        if not any(is_spatial(x.labels[dim]) for x in traced):
            kind = kind_of(*(x.labels[dim] for x in traced))
            bare = [replace(x, labels=_with(x.labels, dim, ())) for x in traced]
            joined = self.join(bare, (*shape[:dim], 1, *shape[dim + 1 :]))
            return replace(joined, labels=_with(joined.labels, dim, channel(shape[dim], kind)))
        start, placed = 0, []
        for x, size in parts:
            if x is not None:
                reads = table(np.arange(shape[dim]) - start, size)
                if not is_spatial(x.labels[dim]):
                    x = self.spread(x, dim, _axis_of(traced, dim))
                placed.append(self.along(x, {dim: (reads, shape[dim])}))
            start += size
        return self.join(placed, shape)

    def _lost_axis(self, tensors: list[Traced], dim: int, shape: tuple[int, ...]) -> int | None:
        """The one axis that rows or columns lost when they were taken out, and get back where they are put together."""
        if len(shape) != self.axes + 2 or dim < 2:
            return None
        missing = [
            {a for a in range(self.axes) if not any(d[0] == a for dimension in x.labels for d in dimension)}
            for x in tensors
        ]
        return next(iter(missing[0])) if all(m == missing[0] and len(m) == 1 for m in missing) else None

    def spread(self, x: Traced, dim: int, axis: int | None) -> Traced:
        """Channels (or a single value) become places along an axis that the tensor does not have yet."""
        if axis is None or self.sizes(x)[axis] != 1 or any(d[0] == axis for dimension in x.labels for d in dimension):
            return x
        size = size_of(x.labels[dim])
        labels = _with(x.labels, dim, ((axis, 1, size),))
        if size == 1:
            return replace(x, labels=labels)
        sizes = tuple(size if a == axis else s for a, s in enumerate(self.sizes(x)))
        return self.node(x, labels, sizes, tuple(ALL if a == axis else None for a in range(self.axes)))

    def spatial(self, x: Traced, dims: list[int]) -> Traced:
        """Before a convolution or resizing: dimensions that lost their axis (by pooling and flattening) get it back."""
        if len(dims) != self.axes:
            return x
        missing = [a for a in range(self.axes) if not any(d[0] == a for dimension in x.labels for d in dimension)]
        for dim in dims:
            if not is_spatial(x.labels[dim]) and missing:
                x = self.spread(x, dim, missing.pop(0))
        return x

    def place(
        self, old: Traced | None, new: Traced | None, region: dict[int, tuple[int, int, int]], shape
    ) -> Traced | None:
        """`new` is written into the slices `region` (dimension -> start, stop, step) of `old`; None is a constant."""
        parts = []
        if new is not None:
            changes = {}
            for dim, (start, stop, step) in region.items():
                inverse = np.full(shape[dim], -1)
                inverse[start:stop:step] = np.arange(len(range(start, stop, step)))
                changes[dim] = (table(inverse, max(1, size_of(new.labels[dim])), 1 / step), shape[dim])
                if old is not None and is_spatial(old.labels[dim]) and not is_spatial(new.labels[dim]):
                    new = self.spread(new, dim, old.labels[dim][0][0])
            parts.append(self.along(new, changes))
        if old is not None:
            spatial = {dim: part for dim, part in region.items() if is_spatial(old.labels[dim])}
            if any(not is_spatial(old.labels[dim]) for dim, part in region.items() if len(range(*part)) < shape[dim]):
                parts.append(old)  # other channels keep their values everywhere
            elif spatial:
                parts += [
                    self.along(old, {dim: (_outside(part, shape[dim]), shape[dim])}) for dim, part in spatial.items()
                ]
        return self.join(parts, tuple(shape)) if parts else None

    def unknown(self, tensors: list[Traced], shape: tuple[int, ...]) -> Traced:
        """Anything may read anything: the whole image, and a warning."""
        self.doubt()
        first = tensors[0]
        labels, sizes = [channel(size) for size in shape], [1] * self.axes
        if len(shape) == len(first.labels):
            for dim, digits in enumerate(first.labels):
                if len(digits) == 1 and digits[0][0] >= 0 and digits[0][2] == self.sizes(first)[digits[0][0]]:
                    labels[dim] = ((digits[0][0], 1, shape[dim]),)
                    sizes[digits[0][0]] = shape[dim]
        edges = [Edge(x.node, (ALL,) * self.axes) for x in tensors]
        return Traced(self.graph.add(tuple(sizes), edges, self.operation, exact=False), tuple(labels))


def _with(labels: Labels, dim: int, digits: tuple) -> Labels:
    return tuple(digits if d == dim else old for d, old in enumerate(labels))


def _axis_of(tensors: list[Traced], dim: int) -> int | None:
    return next((x.labels[dim][0][0] for x in tensors if is_spatial(x.labels[dim])), None)


def _outside(part: tuple[int, int, int], size: int) -> IndexTable:
    kept = np.arange(size)
    kept[part[0] : part[1] : part[2]] = -1
    return table(kept, size)
