"""The graph of a run on a larger image, worked out from the run on the smaller one: no second run, only its tables.

In: a graph and the sizes of its larger inputs. Out: a graph with the same nodes, and which of them are known.
Where it cannot be told what the operation would do there (a slice up to a number, bins that are as many as the
places of another map), a node and all that reads it stay unknown; unclipped.py then runs the model again.
"""

from __future__ import annotations

from collections import defaultdict

from ..tracing.graph import ALL, Edge, Graph, Node

Sizes = tuple[int, ...]


class ResizedGraph:
    """Node for node the larger graph; `known[i]` tells whether node i could be worked out."""

    def __init__(self, graph: Graph, inputs: dict[int, Sizes]):
        self.before, self.graph = graph, Graph()
        self.known: list[bool] = []
        self.alike: dict[Sizes, set[Sizes | None]] = defaultdict(set)  # sizes before -> sizes of those maps after
        for index, node in enumerate(graph.nodes):
            sizes = inputs[index] if index in inputs else self._sizes(node)
            edges = [self._edge(edge, sizes) for edge in node.edges] if sizes else [None]
            known = all(edge is not None for edge in edges)
            self.known.append(known)
            self.alike[node.sizes].add(sizes if known else None)
            self.graph.nodes.append(Node(sizes or node.sizes, edges if known else [], node.operation, node.exact))

    def _sizes(self, node: Node) -> Sizes | None:
        """The sizes of a node on the larger image; None where they are not told, or told in two ways."""
        if not node.edges or not all(self.known[edge.source] for edge in node.edges):
            return None
        votes = [self._votes(node, axis) for axis in range(len(node.sizes))]
        if any(len(vote) > 1 or None in vote for vote in votes):
            return None
        if all(votes):
            sizes = tuple(vote.pop() for vote in votes)
        else:
            alike = self.alike[node.sizes] if len(votes) > 1 else set()  # on one axis many maps agree by chance
            sizes = next(iter(alike)) if len(alike) == 1 else None
        if sizes is None or any(vote and sizes[axis] not in vote for axis, vote in enumerate(votes)):
            return None
        # a map of one place could be an axis that is summed away, or not: from here on it would be a guess
        grew = any(before == 1 != after for before, after in zip(node.sizes, sizes))
        return None if grew or min(sizes) < 1 else sizes

    def _votes(self, node: Node, axis: int) -> set[int | None]:
        """What each edge says about the size along an axis; None stands for a doubt, no vote for no opinion."""
        votes: set[int | None] = set()
        for edge in node.edges:
            reads = edge.maps[axis]
            source = self.graph.nodes[edge.source].sizes[axis]
            if reads is None:
                votes.add(source)
            elif reads is ALL:
                continue
            elif reads.recipe is None:
                votes.add(None)
            elif reads.recipe.length is not None:
                length = reads.recipe.length(source)
                others = self._others(node, axis) if reads.recipe.fixed or reads.recipe.guess else set()
                doubtful = (reads.recipe.fixed and others) or (reads.recipe.guess and others != {length})
                votes.add(None if doubtful else length)
        if not votes and node.sizes[axis] == 1:
            votes.add(1)
        return votes

    def _others(self, node: Node, axis: int) -> set[int | None]:
        """What became of the earlier maps that are as long as this one along an axis."""
        alike = (after for before, after in self.alike.items() if before[axis] == node.sizes[axis])
        return {sizes and sizes[axis] for after in alike for sizes in after}

    def _edge(self, edge: Edge, sizes: Sizes) -> Edge | None:
        """The same edge between the larger maps; None where its table would not have that many places."""
        maps, sources = [], self.graph.nodes[edge.source].sizes
        for reads, source, size in zip(edge.maps, sources, sizes):
            if reads is not None and reads is not ALL:
                reads = reads.recipe.table(source, size)
                if (source if reads is None else len(reads)) != size:
                    return None
            maps.append(reads)
        return Edge(edge.source, tuple(maps), edge.is_global)
