"""Weighted sums of rows, applied again and again: a sparse matrix kept for one kind of product.

`sums(table)` is the product with a dense table. It goes by `embedding_bag`, whose kernels read the rows ahead; torch's
sparse product is no faster and needs MKL. Where the lattice is built, entries are fetched by `index_select`, which is
several times as fast as `values[places]`.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Sums:
    """Sum i is over the rows columns[starts[i] : starts[i + 1]] of the table, with the values as weights."""

    starts: Tensor
    columns: Tensor
    values: Tensor

    def __call__(self, table: Tensor) -> Tensor:
        """The sums, one a row."""
        return F.embedding_bag(
            self.columns, table, self.starts, mode="sum", include_last_offset=True, per_sample_weights=self.values
        )

    def taken(self, rows: slice, *, first: int = 0) -> "Sums":
        """The sums of these rows alone, over a table that begins at row `first`. What is taken is of no more use here,
        because the columns are counted anew in place."""
        starts = self.starts[rows.start : rows.stop + 1]
        entries = slice(int(starts[0]), int(starts[-1]))
        return Sums(starts - starts[0], self.columns[entries].sub_(first), self.values[entries])

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def nbytes(self) -> int:
        """The memory that the sparse matrix takes."""
        return self.starts.nbytes + self.columns.nbytes + self.values.nbytes


def starts(counts: Tensor) -> Tensor:
    """Where each sum starts, and the last one ends, from how many entries each has."""
    return F.pad(counts.cumsum(0), (1, 0)).int()


def places(mask: Tensor) -> Tensor:
    """Where a mask is true, as numbers into it flattened. On a CPU by numpy, which is five times as fast."""
    if mask.device.type != "cpu":
        return mask.flatten().nonzero()[:, 0].int()
    return torch.from_numpy(np.flatnonzero(mask.numpy())).int()


def large(count: int, like: Tensor) -> Tensor:
    """Rows to write into, as wide as those of `like`. On a CPU they come by numpy, which asks for large pages: from
    the system they would come page by page, and that takes longer than the sums."""
    if like.device.type != "cpu":
        return like.new_empty(count, like.shape[1])
    return torch.from_numpy(np.empty((count, like.shape[1]), str(like.dtype).removeprefix("torch.")))
