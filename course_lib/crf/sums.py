"""Weighted sums of rows, applied again and again: a sparse matrix kept for one kind of product.

`sums(table)` is the product with a dense table. It goes by `embedding_bag`, whose kernels read the rows ahead: torch's
sparse product needs MKL and is slower. Two things cost more than the sums themselves, and are kept away: rows fetched
by `values[places]`, where `index_select` takes a fifth of the time, and fresh memory, which the system hands out page
by page. So the result is made in pieces that stay in the cache, and copied into a table in large pages.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

ROWS = 2**13  # of a piece: 0.7 MB of 21 classes


class Piece(NamedTuple):
    """Sum i is over the rows columns[starts[i] : starts[i + 1]] of the table, with the values as weights."""

    starts: Tensor
    columns: Tensor
    values: Tensor


@dataclass(frozen=True)
class Sums:
    """The sums in pieces, one after the other."""

    pieces: list[Piece]

    def __call__(self, table: Tensor, out: Tensor | None = None) -> Tensor:
        """The sums, in `out` where one is given, which must not be the table."""
        out = rows(len(self), table) if out is None else out
        options = {"mode": "sum", "include_last_offset": True}
        for (starts, columns, values), some in zip(self.pieces, out.split(ROWS)):
            some.copy_(F.embedding_bag(columns, table, starts, per_sample_weights=values, **options))
        return out

    def __len__(self) -> int:
        return sum(len(piece.starts) - 1 for piece in self.pieces)

    @property
    def nbytes(self) -> int:
        """The memory that the sparse matrix takes."""
        return sum(part.nbytes for piece in self.pieces for part in piece)


def of_sorted(rows: Tensor, columns: Tensor, values: Tensor, count: int) -> Sums:
    """From the rows of the entries, which rise."""
    starts = F.pad(torch.bincount(rows, minlength=count).cumsum(0), (1, 0)).int()
    cuts = [*starts[:-1:ROWS].tolist(), len(columns)]
    return Sums(
        [
            Piece(starts[ROWS * piece :][: ROWS + 1] - first, columns[first:last], values[first:last])
            for piece, (first, last) in enumerate(pairwise(cuts))
        ]
    )


def places(mask: Tensor) -> Tensor:
    """Where a mask is true, as numbers into it flattened. Twice as fast as indexing with the mask itself."""
    return mask.flatten().nonzero()[:, 0].int()


def rows(count: int, like: Tensor) -> Tensor:
    """Rows to write into, as wide as those of `like`. On a CPU they come by numpy, which asks for large pages."""
    if like.device.type != "cpu":
        return like.new_empty(count, like.shape[1])
    return torch.from_numpy(np.empty((count, like.shape[1]), str(like.dtype).removeprefix("torch.")))
