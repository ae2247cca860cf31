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

AT_ONCE_BYTES = 31 * 2**20  # larger ones come from the system, page by page, and that takes longer than the sums
ROWS = 2**13  # of a piece: 0.7 MB of 21 classes, which stay in the cache until they are copied


@dataclass(frozen=True)
class Sums:
    """Sum i is over the rows columns[starts[i] : starts[i + 1]] of the table, with the values as weights."""

    starts: Tensor
    columns: Tensor
    values: Tensor

    def __call__(self, table: Tensor) -> Tensor:
        """The sums, in pieces where they are large."""
        if len(self) * table.shape[1] * table.element_size() <= AT_ONCE_BYTES:
            return _bags(self.columns, table, self.starts, self.values)
        out = _large(len(self), table)
        for start in range(0, len(self), ROWS):
            rows = slice(start, min(start + ROWS, len(self)))
            out[rows] = self.some(rows, table)
        return out

    def some(self, rows: slice, table: Tensor) -> Tensor:
        """The sums of these rows."""
        starts = self.starts[rows.start : rows.stop + 1]
        entries = slice(int(starts[0]), int(starts[-1]))
        return _bags(self.columns[entries], table, starts - starts[0], self.values[entries])

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def nbytes(self) -> int:
        """The memory that the sparse matrix takes."""
        return self.starts.nbytes + self.columns.nbytes + self.values.nbytes


def of_sorted(rows: Tensor, columns: Tensor, values: Tensor, count: int) -> Sums:
    """From the rows of the entries, which rise."""
    starts = F.pad(torch.bincount(rows, minlength=count).cumsum(0), (1, 0)).int()
    return Sums(starts, columns.int(), values)


def places(mask: Tensor) -> Tensor:
    """Where a mask is true, as numbers into it flattened. Twice as fast as indexing with the mask itself."""
    return mask.flatten().nonzero()[:, 0].int()


def _bags(columns: Tensor, table: Tensor, starts: Tensor, values: Tensor) -> Tensor:
    return F.embedding_bag(columns, table, starts, mode="sum", include_last_offset=True, per_sample_weights=values)


def _large(count: int, like: Tensor) -> Tensor:
    """Rows to write into, as wide as those of `like`. On a CPU they come by numpy, which asks for large pages."""
    if like.device.type != "cpu":
        return like.new_empty(count, like.shape[1])
    return torch.from_numpy(np.empty((count, like.shape[1]), str(like.dtype).removeprefix("torch.")))
