"""Where the spatial axes are in a tensor's dimensions, and how views and permutations move them.

Every dimension carries a tuple of digits (axis, stride, size), the most significant first:
position = sum of digit * stride.
A plain image has ((), ((CHANNEL, 1, 3),), ((0, 1, height),), ((1, 1, width),)). Flattening puts two digits into one
dimension; cutting an axis into windows puts one axis into two dimensions. Sizes of 1 may have no digit at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

CHANNEL = -1  # not a place in the image: batch, channels, heads
FOLDED = -2  # channels that were places before: taking only some of them would read less than we say

Digit = tuple[int, int, int]
Labels = tuple[tuple[Digit, ...], ...]


@dataclass(frozen=True)
class Traced:
    """What is known of one tensor: its node in the graph and its labels. Indices of a pooling remember the pooling."""

    node: int
    labels: Labels
    pooling: tuple | None = None


def size_of(dimension: tuple[Digit, ...]) -> int:
    return prod(digit[2] for digit in dimension)


def is_spatial(dimension: tuple[Digit, ...]) -> bool:
    return any(digit[0] >= 0 for digit in dimension)


def channel(size: int, kind: int = CHANNEL) -> tuple[Digit, ...]:
    return ((kind, 1, size),) if size > 1 else ()


def kind_of(*dimensions: tuple[Digit, ...]) -> int:
    """FOLDED as soon as one part is."""
    return FOLDED if any(digit[0] == FOLDED for dimension in dimensions for digit in dimension) else CHANNEL


def merge(digits: list[Digit]) -> tuple[Digit, ...]:
    """Neighbouring digits that continue each other become one again; sizes of 1 go, unless nothing else is left."""
    merged: list[Digit] = []
    for axis, stride, size in digits:
        if merged:
            before = merged[-1]
            if axis < 0 and before[0] < 0:
                merged[-1] = (min(axis, before[0]), 1, before[2] * size)
                continue
            if axis == before[0] and before[1] == stride * size:
                merged[-1] = (axis, stride, before[2] * size)
                continue
        merged.append((axis, stride, size))
    real = tuple(digit for digit in merged if digit[2] > 1)
    return real or tuple(merged[:1] if merged and merged[0][0] >= 0 else ())


def regroup(labels: Labels, shape: tuple[int, ...]) -> Labels | None:
    """The labels after a view to `shape`; None when an axis would be cut at no whole number."""
    waiting = [digit for dimension in labels for digit in dimension if digit[2] > 1]
    waiting = list(_joined(waiting))[::-1]
    out = []
    for target in shape:
        digits, left = [], target
        while left > 1:
            if not waiting:
                return None
            axis, stride, size = waiting.pop()
            if left % size == 0:
                digits.append((axis, stride, size))
                left //= size
            elif size % left == 0:
                low = size // left
                digits.append((axis, stride * low if axis >= 0 else 1, left))
                waiting.append((axis, stride, low))
                left = 1
            else:
                return None
        out.append(merge(digits))
    return _keep_ones(labels, tuple(out), shape)


def _joined(digits: list[Digit]):
    """Channels that stand side by side are one reservoir: views may cut them anywhere."""
    held: Digit | None = None
    for digit in digits:
        if held and held[0] < 0 and digit[0] < 0:
            held = (min(held[0], digit[0]), 1, held[2] * digit[2])
        else:
            if held:
                yield held
            held = digit
    if held:
        yield held


def _keep_ones(before: Labels, after: Labels, shape: tuple[int, ...]) -> Labels:
    """An axis of size 1 keeps its name when the view leaves the dimensions behind the channels as they are."""
    ones = [
        dim
        for dim, dimension in enumerate(before)
        if len(dimension) == 1 and dimension[0][0] >= 0 and dimension[0][2] == 1
    ]
    after_list = list(after)
    for dim in ones:
        from_end = dim - len(before)
        if -from_end <= len(shape) and shape[from_end] == 1 and not after_list[from_end]:
            tail_before = [size_of(d) for d in before[dim:]]
            if tail_before == list(shape[from_end:]):
                after_list[from_end] = before[dim]
    return tuple(after_list)
