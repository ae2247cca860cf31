"""Where the spatial axes are in a tensor's dimensions, and how views and permutations move them.

Every dimension carries a tuple of digits, the most significant first; position = sum of digit value * stride.
A plain image has ((), (Digit(CHANNEL, 1, 3),), (Digit(0, 1, height),), (Digit(1, 1, width),)). Flattening puts two
digits into one dimension; cutting an axis into windows puts one axis into two dimensions. A dimension of size 1 may
have no digit at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

CHANNEL = -1  # not a place in the image: batch, channels, heads
DIFFERING = -2  # channels that read different places: as places they would read less than we say
FOLDED = -3  # channels that were places before: even taking only some of them would read less than we say


class Digit(NamedTuple):
    """A part of a dimension: `size` positions along a spatial axis, `stride` apart; or channels, with axis < 0."""

    axis: int
    stride: int
    size: int

    @property
    def is_place(self) -> bool:
        """Whether this digit counts places of the image, not channels."""
        return self.axis >= 0


Dimension = tuple[Digit, ...]
Labels = tuple[Dimension, ...]


@dataclass(frozen=True)
class Traced:
    """What is known of one tensor: its node in the graph and its labels. Indices of a pooling remember the pooling."""

    node: int
    labels: Labels
    pooling: tuple | None = None


def size_of(dimension: Iterable[Digit]) -> int:
    """How many positions the digits count together."""
    return prod(digit.size for digit in dimension)


def is_spatial(dimension: Dimension) -> bool:
    """Whether a dimension holds places of the image."""
    return any(digit.is_place for digit in dimension)


def is_wide(dimension: Dimension) -> bool:
    """Whether a dimension holds more than one place."""
    return any(digit.is_place and digit.size > 1 for digit in dimension)


def places_in(labels: Iterable[Dimension]) -> Iterator[Digit]:
    """All digits of the labels that count places."""
    return (digit for dimension in labels for digit in dimension if digit.is_place)


def channel(size: int, kind: int = CHANNEL) -> Dimension:
    """The label of a dimension of channels."""
    return (Digit(kind, 1, size),) if size > 1 else ()


def places(axis: int, size: int) -> Dimension:
    """The label of a dimension that is one whole axis."""
    return (Digit(axis, 1, size),)


def kind_of(*dimensions: Dimension) -> int:
    """CHANNEL, DIFFERING or FOLDED: the last of them that one part is."""
    return min([CHANNEL, *(digit.axis for dimension in dimensions for digit in dimension)])


def with_dimension(labels: Labels, dim: int, dimension: Dimension) -> Labels:
    """The labels with one dimension exchanged."""
    return tuple(dimension if d == dim else old for d, old in enumerate(labels))


def consistent(labels: Labels, sizes: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    """Whether the labels fit the tensor's shape and hold every place of the node exactly once.

    Every rule has to keep this true: only then does a position of the tensor name one position of the node.
    """
    if len(labels) != len(shape) or any(size_of(label) != size for label, size in zip(labels, shape)):
        return False
    for axis, size in enumerate(sizes):
        expected = 1
        for digit in sorted((d for d in places_in(labels) if d.axis == axis and d.size > 1), key=lambda d: d.stride):
            if digit.stride != expected:
                return False
            expected *= digit.size
        if expected != size:
            return False
    return True


def merge(digits: Iterable[Digit]) -> Dimension:
    """Neighbouring digits that continue each other become one again; sizes of 1 go, unless nothing else is left."""
    merged: list[Digit] = []
    for digit in digits:
        if merged:
            before = merged[-1]
            if not digit.is_place and not before.is_place:
                merged[-1] = Digit(min(digit.axis, before.axis), 1, before.size * digit.size)
                continue
            if digit.axis == before.axis and before.stride == digit.stride * digit.size:
                merged[-1] = Digit(digit.axis, digit.stride, before.size * digit.size)
                continue
        merged.append(digit)
    real = tuple(digit for digit in merged if digit.size > 1)
    return real or tuple(merged[:1] if merged and merged[0].is_place else ())


def regroup(labels: Labels, shape: tuple[int, ...]) -> Labels | None:
    """The labels after a view to `shape`; None when an axis would be cut at no whole number."""
    waiting = [digit for dimension in labels for digit in dimension if digit.size > 1]
    waiting = list(_joined(waiting))[::-1]
    out = []
    for target in shape:
        digits, left = [], target
        while left > 1:
            if not waiting:
                return None
            digit = waiting.pop()
            if left % digit.size == 0:
                digits.append(digit)
                left //= digit.size
            elif digit.size % left == 0:
                low = digit.size // left
                digits.append(Digit(digit.axis, digit.stride * low if digit.is_place else 1, left))
                waiting.append(digit._replace(size=low))
                left = 1
            else:
                return None
        out.append(merge(digits))
    return None if waiting else _keep_ones(labels, tuple(out), shape)


def _joined(digits: list[Digit]) -> Iterator[Digit]:
    """Channels that stand side by side are one reservoir: views may cut them anywhere."""
    waiting: Digit | None = None
    for digit in digits:
        if waiting and not waiting.is_place and not digit.is_place:
            waiting = Digit(min(waiting.axis, digit.axis), 1, waiting.size * digit.size)
        else:
            if waiting:
                yield waiting
            waiting = digit
    if waiting:
        yield waiting


def _keep_ones(before: Labels, after: Labels, shape: tuple[int, ...]) -> Labels:
    """An axis of size 1 keeps its name when the view leaves the dimensions behind the channels as they are."""
    ones = [dim for dim, label in enumerate(before) if len(label) == 1 and label[0].is_place and label[0].size == 1]
    after_list = list(after)
    for dim in ones:
        from_end = dim - len(before)
        if -from_end <= len(shape) and shape[from_end] == 1 and not after_list[from_end]:
            tail_before = [size_of(label) for label in before[dim:]]
            if tail_before == list(shape[from_end:]):
                after_list[from_end] = before[dim]
    return tuple(after_list)
