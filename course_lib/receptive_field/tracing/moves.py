"""Moves on one tensor: along a dimension, over whole dimensions, and into the unknown.

In: what an operation does along dimensions of a tensor. Out: nodes in the graph and the labels of the result.
Moves that put several tensors together are in recorder.py.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .axes import (
    CHANNEL,
    DIFFERING,
    FOLDED,
    Digit,
    Dimension,
    Labels,
    Traced,
    channel,
    consistent,
    is_spatial,
    kind_of,
    places,
    places_in,
    size_of,
    with_dimension,
)
from .budget import Budget
from .graph import ALL, Edge, Graph, IndexTable
from .index_tables import everything, lifted, table


class Moves:
    """Builds the graph of one run, one tensor at a time."""

    def __init__(self, axes: int, budget: Budget):
        self.axes, self.budget = axes, budget
        self.graph = Graph()
        self.operation = ""  # the one that is being recorded, for the graph and the warning
        self.layer = ""

    def sizes(self, x: Traced) -> tuple[int, ...]:
        """The number of places along every axis."""
        return self.graph.nodes[x.node].sizes

    def node(self, x: Traced, labels: Labels, sizes: tuple[int, ...], maps: tuple, *, is_global=False) -> Traced:
        """A tensor that reads one other."""
        return Traced(self.add(sizes, [Edge(x.node, maps, is_global)]), labels)

    def fits(self, x: Traced, shape: tuple[int, ...]) -> bool:
        """Whether what is known of a tensor agrees with its shape."""
        return consistent(x.labels, self.sizes(x), shape)

    def add(self, sizes: tuple[int, ...], edges: list[Edge], *, exact: bool = True) -> int:
        """A node of the operation that is being recorded."""
        self.budget.spend(sum(sizes))
        return self.graph.add(sizes, edges, self.operation, layer=self.layer, exact=exact)

    def doubted(self, x: Traced) -> Traced:
        """The same tensor, marked inexact."""
        return Traced(self.add(self.sizes(x), [Edge(x.node, (None,) * self.axes)], exact=False), x.labels)

    # ------------------------------------------------------------------ along dimensions

    def along(self, x: Traced, changes: dict[int, tuple[IndexTable | None, int]]) -> Traced:
        """Dimension -> (what each output position reads, new size). Channels just change their size."""
        together: dict[int, IndexTable] = {}
        for dim, (reads, new) in changes.items():
            if len(x.labels[dim]) > 1 and reads is not None and is_spatial(x.labels[dim]):
                x = self.unfolded(x, dim)
            if not is_spatial(x.labels[dim]):
                x = self._along_channels(x, dim, reads, new)
            elif reads is not None:
                digit = x.labels[dim][0]
                if digit.stride == 1 and digit.size == self.sizes(x)[digit.axis]:
                    together[dim] = reads
                else:
                    x = self._along_digit(x, digit, reads)
        if not together:
            return replace(x, pooling=None)
        labels, sizes = list(x.labels), list(self.sizes(x))
        maps: list = [None] * self.axes
        for dim, reads in together.items():
            axis = labels[dim][0].axis
            labels[dim], sizes[axis], maps[axis] = places(axis, len(reads)), len(reads), reads
        return self.node(x, tuple(labels), tuple(sizes), tuple(maps))

    def _along_channels(self, x: Traced, dim: int, reads: IndexTable | None, new: int) -> Traced:
        kind, size = kind_of(x.labels[dim]), size_of(x.labels[dim])
        if kind == FOLDED and (new != size or (reads is not None and len(np.setdiff1d(np.arange(size), reads.reads)))):
            x = self.doubted(x)  # only some of them are taken
        if reads is not None and (reads.reads < 0).all(1).any():
            kind = min(kind, DIFFERING)  # padding, or what nothing was written to, is constant
        return replace(x, labels=with_dimension(x.labels, dim, channel(new, kind)), pooling=None)

    def _along_digit(self, x: Traced, digit: Digit, reads: IndexTable) -> Traced:
        """The same for one digit of an axis, as the windows of a shifted-window network are."""
        new = len(reads)
        full = lifted(reads, digit.stride, digit.size, self.sizes(x)[digit.axis])

        def moved(other: Digit) -> Digit:
            if other == digit:
                return digit._replace(size=new)
            higher = other.axis == digit.axis and other.stride > digit.stride
            return other._replace(stride=other.stride // digit.size * new) if higher else other

        labels = tuple(tuple(map(moved, dimension)) for dimension in x.labels)
        sizes = tuple(len(full) if axis == digit.axis else size for axis, size in enumerate(self.sizes(x)))
        return self.node(x, labels, sizes, self._only(digit.axis, full))

    def _only(self, axis: int, reads) -> tuple:
        """Maps that change nothing but one axis."""
        return tuple(reads if a == axis else None for a in range(self.axes))

    # ------------------------------------------------------------------ dimensions of several digits

    def unfolded(self, x: Traced, dim: int) -> Traced:
        """A dimension of several digits that a rule must treat as one: in order if it is one axis, else forgotten."""
        digits = x.labels[dim]
        axis = self.only_axis(x, dim)
        if axis is None:
            return self.doubted(self.forgotten(x, dim))
        position, total = np.zeros(1, int), size_of(digits)
        for digit in digits:
            step = digit.stride if digit.is_place else 0
            position = (position[:, None] + np.arange(digit.size) * step).ravel()
        old = self.sizes(x)
        sizes = tuple(total if a == axis else size for a, size in enumerate(old))
        reads = table(position, old[axis], old[axis] / total)
        y = self.node(x, with_dimension(x.labels, dim, places(axis, total)), sizes, self._only(axis, reads))
        return self.doubted(y) if kind_of(digits) != CHANNEL else y

    def only_axis(self, x: Traced, dim: int) -> int | None:
        """The axis that lies in a dimension whole and alone, but for channels between its digits."""
        spatial = [digit for digit in x.labels[dim] if digit.is_place]
        if len({digit.axis for digit in spatial}) != 1 or size_of(spatial) != self.sizes(x)[spatial[0].axis]:
            return None
        return spatial[0].axis

    def in_order(self, x: Traced, dims: tuple[int, ...]) -> Traced:
        """Dimensions in which one axis lies whole but out of order, or between channels, count its places in order."""
        for dim in dims:
            digits = x.labels[dim]
            if len(digits) > 1 and digits[0].is_place and self.only_axis(x, dim) is not None:
                x = self.unfolded(x, dim)
        return x

    def settled(self, x: Traced, dims: set[int] | None = None) -> Traced:
        """What views have made of channels and places is accepted: a shuffle by hand makes the one from the other."""
        for dim, digits in enumerate(x.labels):
            if len(digits) < 2 or (dims is not None and dim not in dims):
                continue
            elsewhere = {digit.axis for d, dimension in enumerate(x.labels) if d != dim for digit in dimension}
            mixed = any(not digit.is_place for digit in digits)
            if digits[0].is_place and self.only_axis(x, dim) is not None:
                x = self.in_order(x, (dim,))
            elif mixed and any(digit.axis in elsewhere for digit in digits if digit.is_place):
                x = self.forgotten(x, dim)
        return x

    def forgotten(self, x: Traced, dim: int) -> Traced:
        """The places of a dimension become channels: what reads one of them reads all."""
        size = size_of(x.labels[dim])
        x = self.contract(x, [dim], keep=False)
        return replace(x, labels=with_dimension(x.labels, dim, channel(size, FOLDED)))

    # ------------------------------------------------------------------ whole dimensions

    def contract(self, x: Traced, dims: list[int], *, keep: bool, is_global: bool = True) -> Traced:
        """Mix the given dimensions: kept with everything reading everything, or summed away to size 1."""
        before, digits = x.labels, list(places_in(x.labels[dim] for dim in dims))
        whole = {d.axis for d in digits if size_of(e for e in digits if e.axis == d.axis) == self.sizes(x)[d.axis]}
        if whole:
            x = self._axes_mixed(x, whole, keep=keep, is_global=is_global)
        for digit in sorted(digits, key=lambda digit: -digit.stride):  # those above are renumbered, those below are not
            if digit.axis not in whole:
                x = self._along_digit(x, digit, everything(digit.size, digit.size if keep else 1))
        if not keep:
            summed = (self._summed(before, dims, dim) if dim in dims else old for dim, old in enumerate(x.labels))
            x = replace(x, labels=tuple(summed))
        return replace(x, pooling=None)

    def _axes_mixed(self, x: Traced, whole: set[int], *, keep: bool, is_global: bool) -> Traced:
        """Whole axes read whole. Kept, the statistics are a side branch: the values themselves stay where they are."""
        old = self.sizes(x)
        sizes = tuple(1 if axis in whole and not keep else size for axis, size in enumerate(old))
        maps = tuple(ALL if axis in whole and size > 1 else None for axis, size in enumerate(old))
        if all(reads is None for reads in maps):
            return x
        edges = [Edge(x.node, (None,) * self.axes)] if keep else []
        edges.append(Edge(x.node, maps, is_global))
        return Traced(self.add(sizes, edges), x.labels)

    @staticmethod
    def _summed(before: Labels, dims: list[int], dim: int) -> Dimension:
        """An axis that was summed away whole keeps its name, as an axis of one place."""
        digits = before[dim]
        alive = {digit.axis for d, dimension in enumerate(before) if d != dim for digit in dimension}
        whole = len(digits) == 1 and digits[0].is_place and digits[0].stride == 1 and digits[0].axis not in alive
        return places(digits[0].axis, 1) if whole else ()

    def unknown(self, tensors: list[Traced], shape: tuple[int, ...]) -> Traced:
        """Anything may read anything: the whole image, and a warning."""
        first = tensors[0]
        labels, sizes = [channel(size) for size in shape], [1] * self.axes
        if len(shape) == len(first.labels):
            for dim, digits in enumerate(first.labels):
                if len(digits) == 1 and digits[0].is_place and digits[0].size == self.sizes(first)[digits[0].axis]:
                    labels[dim] = places(digits[0].axis, shape[dim])
                    sizes[digits[0].axis] = shape[dim]
        edges = [Edge(x.node, (ALL,) * self.axes) for x in tensors]
        return Traced(self.add(tuple(sizes), edges, exact=False), tuple(labels))
