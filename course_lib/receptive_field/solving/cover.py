"""Forwards through the graph with whole sets: what one pixel of each layer reads, for all layers in one walk.

In: a graph, and the places that are asked for at some nodes. Out: what they read, as a union of products. Walking
backwards from each layer would take a walk per layer; this takes one, so a table grows like the network and not like
its square. Where the walk would have to carry too many products it gives up, and the answer is found backwards.
"""

from __future__ import annotations

import numpy as np

from ..tracing.graph import ALL, Edge, Graph
from .backward import Product

MOST = 8  # products carried along; a union of more is found backwards

Bits = np.ndarray  # one row of packed bits per output position: the input positions that it reads
Sets = tuple[Bits, ...]  # one per axis; what position (y, x) reads is the product of its rows


def unions(graph: Graph, root: int, starts: dict[int, Product], *, stop_at_global: bool) -> dict[int, list[Product]]:
    """What the places `starts` (node -> one place along each axis) read of the root, for each node that is known."""
    last_use = {edge.source: index for index, node in enumerate(graph.nodes) for edge in node.edges}
    carried: dict[int, list[Sets] | None] = {}
    found: dict[int, list[Product]] = {}
    for index, node in enumerate(graph.nodes):
        if index == root:
            carried[index] = [tuple(np.packbits(np.eye(size, dtype=bool), axis=1) for size in node.sizes)]
        else:
            edges = [edge for edge in node.edges if not (stop_at_global and edge.is_global)]
            carried[index] = _joined(edges, node.sizes, carried)
        if index in starts and carried[index] is not None:
            found[index] = _read(carried[index], starts[index], graph.nodes[root].sizes)
        for source in {edge.source for edge in node.edges}:
            if last_use[source] == index:
                del carried[source]
    return found


def _joined(edges: list[Edge], sizes: tuple[int, ...], carried: dict[int, list[Sets] | None]) -> list[Sets] | None:
    """The union over all edges, without products that lie inside another one; None where there are too many."""
    kept: list[Sets] = []
    for edge in sorted(edges, key=lambda edge: -edge.source):  # the latest reads most, as a rule
        if carried[edge.source] is None:
            return None
        for sets in carried[edge.source]:
            moved = tuple(map(_moved, edge.maps, sets, sizes))
            if not any(_inside(moved, other) for other in kept):
                kept = [other for other in kept if not _inside(other, moved)] + [moved]
        if len(kept) > MOST:
            return None
    return kept


def _moved(reads, bits: Bits, size: int) -> Bits:
    """The sets of the positions behind an edge, along one axis."""
    if reads is None:
        return bits
    if reads is ALL:
        return np.broadcast_to(np.bitwise_or.reduce(bits, axis=0), (size, bits.shape[1]))
    padded = np.vstack([bits, np.zeros((1, bits.shape[1]), np.uint8)])  # -1 finds the last row, which is empty
    moved = padded[reads.reads[:, 0]]
    for tap in range(1, reads.reads.shape[1]):
        moved |= padded[reads.reads[:, tap]]
    return moved


def _inside(sets: Sets, other: Sets) -> bool:
    return all(one is wide or not (one & ~wide).any() for one, wide in zip(sets, other))


def _read(union: list[Sets], start: Product, root_sizes: tuple[int, ...]) -> list[Product]:
    """The products of one place, those that read nothing left out."""
    products = []
    for sets in union:
        rows = (np.bitwise_or.reduce(bits[wanted], axis=0) for bits, wanted in zip(sets, start))
        product = tuple(np.unpackbits(row, count=size).astype(bool) for row, size in zip(rows, root_sizes))
        if all(side.any() for side in product):
            products.append(product)
    return products
