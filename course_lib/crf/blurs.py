"""Blurs from lattice point to lattice point along each axis.

The sorted points form lines along x, and the sorted lines form sheets of one colour. Only colours are searched for
their neighbours; there are ten times fewer of them than points. One table leads from a colour to its lines, another
from a line to its points.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

from course_lib.crf.sums import Sums, places, starts

COLOURS = 3  # the first axes


def blurs(points: Tensor, strides: list[int], taps: tuple[tuple[int, ...], ...], dtype: torch.dtype) -> list[Sums]:
    """A binomial blur along each axis. The share of a missing neighbour is lost; the normalisation mends most of it."""
    around = _neighbours(points, strides, [len(t) // 2 for t in taps])
    return [_blur(columns, t, dtype) for columns, t in zip(around, taps)]


def _neighbours(numbers: Tensor, strides: list[int], reaches: list[int]) -> Iterator[Tensor]:
    """For each axis a table of the places among the sorted numbers: in row i the neighbours of number i from so many
    steps before it to as many after it, -1 where there is none."""
    if len(strides) == COLOURS:
        for stride, reach in zip(strides, reaches):
            after = [_find(numbers, numbers + step * stride) for step in range(1, reach + 1)]
            yield torch.stack([*map(_before, after[::-1]), _counted(numbers), *after], 1)
        return
    *outer, width, _ = strides
    line = numbers // width
    lines, row = torch.unique_consecutive(line, return_inverse=True)
    row, at = row.int(), (numbers - line * width).int()
    # the last cells of a line are spare and the first line is empty, so no step along a line reaches another's points
    table = torch.full(((len(lines) + 1) * width,), -1, dtype=torch.int32, device=numbers.device)
    table.index_copy_(0, (at + (row + 1) * width).long(), _counted(numbers))
    for beside in _neighbours(lines, [stride // width for stride in (*outer, width)], reaches[:-1]):
        cells = ((beside + 1) * width).index_select(0, row).add_(at[:, None])
        yield table.index_select(0, cells.view(-1)).view_as(cells)
    windows = table.unfold(0, 2 * reaches[-1] + 1, 1)
    yield windows.index_select(0, at + (row + 1) * width - reaches[-1])


def _find(numbers: Tensor, wanted: Tensor) -> Tensor:
    """The place of each wanted number among the sorted numbers, -1 where it is missing."""
    place = torch.searchsorted(numbers, wanted, out_int32=True).clamp_(max=len(numbers) - 1)
    return torch.where(numbers.index_select(0, place) == wanted, place, -1)


def _before(after: Tensor) -> Tensor:
    """The other way round: whose neighbour each one is."""
    there = places(after >= 0)
    return torch.full_like(after, -1).index_copy_(0, after.index_select(0, there).long(), there)


def _blur(columns: Tensor, taps: tuple[int, ...], dtype: torch.dtype) -> Sums:
    """In each row the sum over its columns that are not -1, each with its tap."""
    there = columns >= 0
    entry = places(there)
    values = (torch.tensor(taps, dtype=dtype, device=entry.device) / sum(taps)).repeat(len(columns))
    counts = there.sum(1, dtype=torch.int32)
    return Sums(starts(counts), columns.view(-1).index_select(0, entry), values.index_select(0, entry))


def _counted(like: Tensor) -> Tensor:
    return torch.arange(len(like), dtype=torch.int32, device=like.device)
