"""From pixels to lattice points and back: which points are the corners of a pixel's cell, and what each weighs.

Pixels come sorted by their cell, their home. All pixels of a home have the same corners, so the points are found and
sorted by pairs of a corner and a home, of which there are three times fewer than entries.
"""

import math

import torch
from torch import Tensor

from course_lib.crf.sums import Sums, places, starts

CORNERS = 2**5  # so the pixel of an entry is its number >> 5, and the corner its number & 31
LIGHTEST = 0.004  # corners of a pixel that weigh less are left out, and its others share their weight


def corner_weights(offset: Tensor) -> Tensor:
    """32 x N multilinear weights, from N x 5 places within a cell; the lightest are zero. Bit i of a corner's number
    says whether it lies one step along axis i."""
    weights = torch.ones_like(offset[:, 0])[None]
    for t in offset.T.contiguous():
        weights = torch.cat([weights * (1 - t), weights * t])
    weights *= weights >= LIGHTEST
    return weights.div_(weights.sum(0))


def to_pixels(weights: Tensor, homes: Tensor, home: Tensor, strides: list[int]) -> tuple[Tensor, Sums, list[Tensor]]:
    """The sorted numbers of all lattice points that some pixel reaches, the sums from points to pixels, and what
    `to_points` asks for. `homes` are the sorted numbers of the cells, `home` the place of each pixel's cell there."""
    steps = torch.zeros(1, dtype=homes.dtype, device=homes.device)
    for stride in strides:
        steps = torch.cat([steps, steps + stride])
    entry, values = _side_by_side(weights)
    pair = (entry & CORNERS - 1).mul_(len(homes)).add_(home.index_select(0, entry >> 5))
    counts = torch.bincount(pair, minlength=CORNERS * len(homes)).int()
    pairs = places(counts > 0)  # corner after corner
    numbers, order = (steps[:, None] + homes).flatten().index_select(0, pairs).sort(stable=True)
    points, point, pairs_of = torch.unique_consecutive(numbers, return_inverse=True, return_counts=True)
    order = order.int()
    entries_of = counts.index_select(0, pairs)
    place = counts.index_copy_(0, pairs.index_select(0, order).long(), point.int())
    there = Sums(starts(torch.bincount(entry >> 5)), place.index_select(0, pair), values)
    return points, there, [entries_of, order, pairs_of]


def _side_by_side(weights: Tensor) -> tuple[Tensor, Tensor]:
    """The entries, which are the corners that weigh something, pixel after pixel, and their weights."""
    weights = weights.T.contiguous()
    entry = places(weights > 0)
    return entry, weights.flatten().index_select(0, entry)


def to_points(weights: Tensor, counts: Tensor, order: Tensor, pairs_of: Tensor) -> Sums:
    """The transpose, from pixels to points, without another sort: corner after corner, the entries of a pair follow
    each other, so they move together to where the pair goes. `pairs_of` says how many pairs each point has."""
    entry = places(weights > 0)
    begins = (counts.cumsum(0, dtype=torch.int32) - counts).index_select(0, order)
    counts = counts.index_select(0, order)
    ends = counts.cumsum(0, dtype=torch.int32)
    moves = (begins - ends + counts).repeat_interleave(counts)
    entry = entry.index_select(0, moves.add_(torch.arange(len(moves), dtype=torch.int32, device=moves.device)))
    values = weights.flatten().index_select(0, entry)
    last = ends.index_select(0, pairs_of.cumsum(0) - 1)
    return Sums(torch.cat([last.new_zeros(1), last]), entry.remainder_(weights.shape[1]), values)


def without_lonely_points(weights: Tensor, there: Sums, most: int) -> Tensor:
    """The weights that are left when only so many points are kept, those that carry most.

    In a noisy picture most points serve one pixel only and link it to nobody. The heaviest point of a pixel stays.
    """
    mass = torch.bincount(there.columns, weights=there.values)
    weights = weights.T.contiguous()
    entry = places(weights > 0)
    first = places(there.values == weights.amax(1).index_select(0, entry >> 5))
    mass.index_fill_(0, there.columns.index_select(0, first).long(), math.inf)
    enough = mass.sort(descending=True).values[most]
    gone = entry.index_select(0, places((mass <= enough).index_select(0, there.columns)))
    weights.view(-1).index_fill_(0, gone.long(), 0)
    weights = weights.T.contiguous()
    return weights.div_(weights.sum(0))
