"""Backwards through the graph from one pixel: the exact set of input positions it reads, as a union of products.

In: a graph, a node and a position. Out: a list of products, each one array of bool per axis.
"""

from __future__ import annotations

from math import prod

import numpy as np

from ..tracing.graph import Graph, pull

MANY = 24  # from this many products on it pays to look for fewer that cover the same

Product = tuple[np.ndarray, ...]


def products(
    graph: Graph, node: int, start: Product, roots: list[int], *, stop_at_global: bool
) -> dict[int, list[Product]]:
    """What the places `start` of a node read of every root: a union of products of index sets."""
    waiting: dict[int, list[Product]] = {node: [start]}
    found: dict[int, list[Product]] = {root: [] for root in roots}
    for index in range(node, -1, -1):
        reached = waiting.pop(index, None)
        if reached is None:
            continue
        reached = fewer(reached)
        if index in found:
            found[index] = reached
        for edge in graph.nodes[index].edges:
            if stop_at_global and edge.is_global:
                continue
            sizes = graph.nodes[edge.source].sizes
            pulled = (pull(edge.maps, product, sizes) for product in reached)
            waiting.setdefault(edge.source, []).extend(p for p in pulled if p is not None)
    return found


def fewer(union: list[Product]) -> list[Product]:
    """The same union without products that lie inside another one."""
    if len(union) == 1:
        return union
    union = list({b"".join(side.tobytes() for side in product): product for product in union}.values())
    union.sort(key=lambda product: -_cells(product))
    kept: list[Product] = []
    for product in union:
        if not any(_inside(product, other) for other in kept):
            kept.append(product)
    return regrouped(kept) if len(kept) > MANY and len(kept[0]) == 2 else kept


def _cells(product: Product) -> int:
    cells = 1
    for side in product:
        cells *= int(np.count_nonzero(side))
    return cells


def _inside(product: Product, other: Product) -> bool:
    return all(not (side & ~wide).any() for side, wide in zip(product, other))


def regrouped(union: list[Product]) -> list[Product]:
    """In two dimensions: one product for each different row of the mask."""
    mask = painted(union)
    rows = np.flatnonzero(mask.any(1))
    patterns, which = np.unique(np.packbits(mask[rows], axis=1), axis=0, return_inverse=True)
    which = which.reshape(-1)
    if len(patterns) >= len(union):
        return union
    out = []
    for index in range(len(patterns)):
        own = np.zeros(len(mask), bool)
        own[rows[which == index]] = True
        out.append((own, mask[rows[np.argmax(which == index)]]))
    return out


def painted(union: list[Product]) -> np.ndarray:
    """The union as one array of bool."""
    mask = np.zeros(tuple(len(side) for side in union[0]), bool)
    for product in union:
        mask[np.ix_(*(np.flatnonzero(side) for side in product))] = True
    return mask


def share_of_box(union: list[Product]) -> float:
    """How much of its box a union fills; 0 when it is empty."""
    if not union:
        return 0.0
    sets = [np.flatnonzero(np.logical_or.reduce(sides)) for sides in zip(*union)]
    cells = prod(int(side[-1] - side[0]) + 1 for side in sets)
    filled = prod(map(len, sets)) if len(union) == 1 else np.count_nonzero(painted(union))
    return float(filled) / cells
