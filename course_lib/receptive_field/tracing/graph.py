"""What a trace leaves behind: a graph of tensors, each of which says what it reads from the tensors before it.

In: the rules, one `Node` per operation that moves anything in space. Out: `sets` and `reach` walk it, backwards and
forwards.

A node has one size per spatial axis of the model. An edge is a product over the axes: output position (y, x) reads
rows[y] x columns[x] of its source. Per axis it is `None` (the same position), `ALL` (every position) or a `IndexTable`.
What several edges of a node read is joined: a receptive field is a union of products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np


class All:
    """Every position of the axis. One value of this type exists: `ALL`."""

    def __repr__(self) -> str:
        return "ALL"


ALL = All()


class IndexTable:
    """For each output position the input positions it reads, one row each; -1 stands for none.

    `step` is how far the reading moves, on average, from one output position to the next.
    `recipe` tells how the same operation reads an axis of another length, where that is known.
    """

    __slots__ = ("reads", "recipe", "source", "step")

    def __init__(self, reads: np.ndarray, source: int, step: float, recipe: TableRecipe | None = None):
        self.reads = reads if reads.ndim == 2 else reads[:, None]
        self.source = source
        self.step = step
        self.recipe = recipe

    def __len__(self) -> int:
        return len(self.reads)

    def back(self, wanted: np.ndarray) -> np.ndarray:
        """The input positions that the wanted output positions read; both are arrays of bool."""
        read = np.zeros(self.source + 1, bool)
        read[self.reads[wanted]] = True  # -1 lands in the spare last place
        return read[:-1]

    def transposed(self) -> IndexTable:
        """For each input position the output positions that read it."""
        out, tap = np.nonzero(self.reads >= 0)
        source = self.reads[out, tap]
        order = np.argsort(source, kind="stable")
        source, out = source[order], out[order]
        counts = np.bincount(source, minlength=self.source)
        reads = np.full((self.source, max(1, int(counts.max(initial=0)))), -1, np.int32)
        reads[source, np.arange(len(source)) - np.repeat(np.cumsum(counts) - counts, counts)] = out
        return IndexTable(reads, len(self), 1 / self.step if self.step else 0.0)


@dataclass(frozen=True, slots=True)
class TableRecipe:
    """The same operation on an axis of another length.

    `table` makes its table from the lengths before and after. `length` finds the length after from the one before;
    None where that needs to be told from elsewhere, as a resize is told the size of another map.
    """

    table: Callable[[int, int], IndexTable | None]
    length: Callable[[int], int | None] | None = None
    fixed: bool = False  # the length after is a number of the operation itself, as the bins of adaptive pooling
    guess: bool = False  # the length after needs another map of that length to agree


@dataclass(slots=True)
class Edge:
    """What a node reads of one source: a map per axis. A caller may leave out global edges."""

    source: int
    maps: tuple
    is_global: bool = False


@dataclass(slots=True)
class Node:
    """One tensor of the run: its size on each spatial axis, what it reads, whether that is exact, and who made it."""

    sizes: tuple[int, ...]
    edges: list[Edge]
    operation: str
    exact: bool = True
    layer: str = ""


@dataclass
class Graph:
    """All nodes in the order of the run; the first ones are the inputs."""

    nodes: list[Node] = field(default_factory=list)

    def add(
        self, sizes: tuple[int, ...], edges: list[Edge], operation: str, *, layer: str = "", exact: bool = True
    ) -> int:
        """Append a node and return its number; it is exact if it is known exactly and all that it reads is."""
        exact = exact and all(self.nodes[edge.source].exact for edge in edges)
        self.nodes.append(Node(sizes, edges, operation, exact, layer))
        return len(self.nodes) - 1

    def doubts(self, wanted: Iterable[int]) -> dict[str, str]:
        """The operations that make the wanted nodes inexact, each with the layer where it first did so."""
        needed = set(wanted)
        found: list[Node] = []
        for index in range(max(needed, default=-1), -1, -1):
            if index in needed:
                node = self.nodes[index]
                needed.update(edge.source for edge in node.edges)
                if not node.exact and all(self.nodes[edge.source].exact for edge in node.edges):
                    found.append(node)
        doubts: dict[str, str] = {}
        for node in reversed(found):
            doubts.setdefault(node.operation, node.layer)
        return doubts


def pull(maps: tuple, sets: tuple[np.ndarray, ...], sizes: tuple[int, ...]) -> tuple[np.ndarray, ...] | None:
    """What a product of index sets reads through one edge; None when it reads nothing."""
    pulled = []
    for axis_map, wanted, size in zip(maps, sets, sizes):
        if axis_map is None:
            read = wanted
        elif axis_map is ALL:
            read = np.ones(size, bool)
        else:
            read = axis_map.back(wanted)
            if not read.any():
                return None
        pulled.append(read)
    return tuple(pulled)
