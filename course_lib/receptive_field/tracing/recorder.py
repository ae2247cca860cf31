"""The desk between the rules and the graph: the few moves from which every rule is made.

In: what an operation does along dimensions of tensors. Out: nodes in the graph and the labels of the result.
    along        every output position along a dimension reads what a table says
    contract     whole dimensions are mixed (kept, as softmax does) or summed away (as mean does)
    unknown      the whole image, marked inexact; these three are in moves.py
    join         several tensors meet position by position
    concatenate  several tensors end to end
    place        values are written into a part of a tensor
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

import numpy as np

from .axes import (
    CHANNEL,
    DIFFERING,
    FOLDED,
    Dimension,
    Labels,
    Traced,
    channel,
    is_spatial,
    kind_of,
    places,
    places_in,
    size_of,
    with_dimension,
)
from .graph import ALL, Edge, IndexTable
from .index_tables import table
from .moves import Moves

Part = tuple[int, int, int]  # start, stop, step


class Recorder(Moves):
    """Builds the graph of one run, also where several tensors meet."""

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
        for digit in places_in(labels):
            sizes[digit.axis] *= digit.size
        edges: list[Edge] = []
        for x in tensors:
            edge = self._aligned(x, labels, sizes)
            if not any(e.source == edge.source and e.maps == edge.maps for e in edges):
                edges.append(edge)
        if len(edges) == 1 and all(reads is None for reads in edges[0].maps):
            return Traced(edges[0].source, labels)
        return Traced(self.add(tuple(sizes), edges), labels)

    def _joint_labels(self, tensors: list[Traced], shape: tuple[int, ...]) -> Labels:
        """For each dimension the label of a tensor that fills it with places, the largest tensor first."""
        order = sorted(tensors, key=lambda x: -prod(self.sizes(x)))
        taken: dict[int, Traced] = {}  # axis -> the tensor whose digits it has
        labels: list[Dimension] = []
        for dim, size in enumerate(shape):
            filling = (x for x in order if is_spatial(x.labels[dim]) and size_of(x.labels[dim]) == size)
            chosen = next((x for x in filling if all(taken.get(d.axis, x) is x for d in x.labels[dim])), None)
            if chosen is None:
                labels.append(self._spread_label(order, dim, size, taken))
                continue
            labels.append(chosen.labels[dim])
            taken.update({digit.axis: chosen for digit in places_in([chosen.labels[dim]])})
        return tuple(labels)

    def _spread_label(self, order: list[Traced], dim: int, size: int, taken: dict) -> Dimension:
        """Where no tensor has places: an axis of one place that is expanded, or channels."""
        named = [x.labels[dim] for x in order if is_spatial(x.labels[dim]) and size_of(x.labels[dim]) == 1]
        axis = named[0][0].axis if named else None
        if axis is not None and axis not in taken and all(self.sizes(x)[axis] == 1 for x in order):
            return places(axis, size)
        return channel(size, min([CHANNEL, *(kind_of(x.labels[dim]) for x in order)]))

    def _aligned(self, x: Traced, labels: Labels, sizes: list[int]) -> Edge:
        """How one of several joined tensors is read; axes that lie in other dimensions are read whole."""
        for axis in range(self.axes):
            mine = [tuple(d for d in dimension if d.axis == axis) for dimension in x.labels]
            theirs = [tuple(d for d in dimension if d.axis == axis) for dimension in labels]
            if self.sizes(x)[axis] != 1 and mine != theirs:
                for dim, digits in enumerate(mine):
                    if digits:
                        x = self.forgotten(x, dim)
                x = self.doubted(x)
        own = self.sizes(x)
        return Edge(x.node, tuple(None if own[axis] == sizes[axis] else ALL for axis in range(self.axes)))

    # ------------------------------------------------------------------ end to end

    def concatenate(self, parts: list[tuple[Traced | None, int]], dim: int, shape: tuple[int, ...]) -> Traced:
        """Tensors end to end along a dimension; constants among them are given as (None, size)."""
        lost = self._lost_axis([x for x, _ in parts if x is not None], dim, shape)
        parts = [(x and self.spread(x, dim, lost), size) for x, size in parts]
        traced = [x for x, _ in parts if x is not None]
        if not any(is_spatial(x.labels[dim]) for x in traced):
            kind = kind_of(*(x.labels[dim] for x in traced))
            bare = [replace(x, labels=with_dimension(x.labels, dim, ())) for x in traced]
            joined = self.join(bare, (*shape[:dim], 1, *shape[dim + 1 :]))
            joined = replace(joined, labels=with_dimension(joined.labels, dim, channel(shape[dim], kind)))
            alike = len(traced) == len(parts) and len({x.node for x in traced}) == 1
            return joined if alike else self._differing(joined, [dim])
        axis = next(digit.axis for x in traced for digit in places_in([x.labels[dim]]))
        start, placed = 0, []
        for x, size in parts:
            if x is not None:
                x = x if is_spatial(x.labels[dim]) else self.spread(x, dim, axis)
                placed.append(self.along(x, {dim: (table(np.arange(shape[dim]) - start, size), shape[dim])}))
            start += size
        return self.join(placed, shape)

    def _lost_axis(self, tensors: list[Traced], dim: int, shape: tuple[int, ...]) -> int | None:
        """The one axis that rows or columns lost when they were taken out, and get back where they are put together."""
        natural = dim - (len(shape) - self.axes)
        if len(shape) not in (self.axes + 1, self.axes + 2) or natural < 0:
            return None
        missing = set.intersection(*(set(self.missing_axes(x)) for x in tensors))
        return missing.pop() if len(missing) == 1 else natural if natural in missing else None

    # ------------------------------------------------------------------ axes that were lost

    def missing_axes(self, x: Traced) -> list[int]:
        """The axes that no dimension of the tensor holds."""
        held = {digit.axis for digit in places_in(x.labels)}
        return [axis for axis in range(self.axes) if axis not in held]

    def spread(self, x: Traced, dim: int, axis: int | None) -> Traced:
        """Channels (or a single value) become places along an axis that the tensor does not have yet."""
        taken = axis is None or axis not in self.missing_axes(x) or is_spatial(x.labels[dim])
        if taken or self.sizes(x)[axis] != 1:
            return x
        size = size_of(x.labels[dim])
        if kind_of(x.labels[dim]) != CHANNEL:
            x = self.doubted(x)  # each of them has places of its own
        labels = with_dimension(x.labels, dim, places(axis, size))
        if size == 1:
            return replace(x, labels=labels)
        sizes = tuple(size if a == axis else s for a, s in enumerate(self.sizes(x)))
        return self.node(x, labels, sizes, self._only(axis, ALL))

    def spatial(self, x: Traced, dims: list[int]) -> Traced:
        """Before a convolution or resizing: dimensions that lost their axis (by pooling and flattening) get it back."""
        missing = self.missing_axes(x) if len(dims) == self.axes else []
        for dim in dims:
            if not is_spatial(x.labels[dim]) and missing:
                x = self.spread(x, dim, missing.pop(0))
        return x

    # ------------------------------------------------------------------ writing into a part

    def place(
        self, old: Traced | None, new: Traced | None, region: dict[int, Part], shape: tuple[int, ...]
    ) -> Traced | None:
        """`new` is written into the slices `region` (dimension -> part) of `old`; None is a constant."""
        parts = [self._written_part(old, new, region, shape)] if new is not None else []
        if old is not None:
            spatial = {dim: part for dim, part in region.items() if is_spatial(old.labels[dim])}
            channels = [d for d, part in region.items() if d not in spatial and len(range(*part)) < shape[d]]
            if channels:
                joined = self.join([*parts, old], tuple(shape))  # the other channels keep their values
                joined = self._differing(joined, channels)
                return self.doubted(joined) if any(kind_of(old.labels[dim]) == FOLDED for dim in channels) else joined
            else:
                parts += [self.along(old, {d: (_outside(part, shape[d]), shape[d])}) for d, part in spatial.items()]
        return self.join(parts, tuple(shape)) if parts else None

    def _differing(self, x: Traced, dims: list[int]) -> Traced:
        """Channels that read different places. Those of dimension 1 are not told apart when some of them are taken."""
        for dim in dims:
            if not is_spatial(x.labels[dim]):
                kind = min(DIFFERING if dim == 1 else FOLDED, kind_of(x.labels[dim]))
                x = replace(x, labels=with_dimension(x.labels, dim, channel(size_of(x.labels[dim]), kind)))
        return x

    def _written_part(self, old: Traced | None, new: Traced, region: dict[int, Part], shape: tuple[int, ...]) -> Traced:
        """The new values at their places in the whole tensor, and nothing elsewhere."""
        changes = {}
        for dim, part in region.items():
            inverse = np.full(shape[dim], -1)
            inverse[slice(*part)] = np.arange(len(range(*part)))
            changes[dim] = (table(inverse, max(1, size_of(new.labels[dim])), 1 / part[2]), shape[dim])
            if old is not None and is_spatial(old.labels[dim]) and not is_spatial(new.labels[dim]):
                new = self.spread(new, dim, old.labels[dim][0].axis)
        return self.along(new, changes)


def _outside(part: Part, size: int) -> IndexTable:
    kept = np.arange(size)
    kept[slice(*part)] = -1
    return table(kept, size)
