"""Forwards through the graph, once for all pixels of all layers: the first and last input position each one reads."""

from __future__ import annotations

import numpy as np

from ..tracing.budget import Budget
from ..tracing.graph import ALL, Graph

NOTHING = np.iinfo(np.int64).max // 4

Reach = list[tuple[np.ndarray, np.ndarray] | None]  # per axis: first and last position, one entry per output position


def reaches(graph: Graph, root: int, *, stop_at_global: bool, budget: Budget) -> list[Reach | None]:
    """For every node what its positions reach in the input `root`, axis by axis; None where nothing."""
    out: list[Reach | None] = []
    for index, node in enumerate(graph.nodes):
        if index == root:
            out.append([(np.arange(size), np.arange(size)) for size in node.sizes])
            continue
        edges = [e for e in node.edges if out[e.source] is not None and not (stop_at_global and e.is_global)]
        if not edges:
            out.append(None)
            continue
        if len(edges) == 1 and all(m is None for m in edges[0].maps):
            out.append(out[edges[0].source])
            continue
        budget.spend(2 * len(edges) * sum(node.sizes))
        out.append([_joined(edges, axis, size, out) for axis, size in enumerate(node.sizes)])
    return out


def _joined(edges, axis: int, size: int, out) -> tuple[np.ndarray, np.ndarray]:
    pairs = [_moved(edge.maps[axis], *out[edge.source][axis], size) for edge in edges]
    first, last = pairs[0]
    for other_first, other_last in pairs[1:]:
        first, last = np.minimum(first, other_first), np.maximum(last, other_last)
    return first, last


def _moved(axis_map, first: np.ndarray, last: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    if axis_map is None:
        return first, last
    if axis_map is ALL:
        return np.full(size, first.min()), np.full(size, last.max())
    return (
        np.append(first, NOTHING)[axis_map.reads].min(1),
        np.append(last, -NOTHING)[axis_map.reads].max(1),
    )
