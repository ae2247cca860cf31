"""The tables of the operations, for one axis: which input positions does each output position read?

In: sizes, kernels, strides, as torch gives them. Out: `IndexTable` objects, shared by all layers of the same geometry.
"""

from __future__ import annotations

from functools import lru_cache
from math import floor

import numpy as np

from .graph import IndexTable, TableRecipe


def table(reads, source: int, step: float = 1.0) -> IndexTable:
    """A table from positions that may lie outside 0..source-1: those read nothing."""
    reads = np.asarray(reads)
    reads = reads if reads.ndim == 2 else reads[:, None]
    return IndexTable(np.where((reads >= 0) & (reads < source), reads, -1).astype(np.int32), source, step)


@lru_cache(maxsize=4096)
def window(source: int, out: int, kernel: int, stride: int, padding: int, dilation: int) -> IndexTable | None:
    """Convolution and pooling. What falls on the padding reads nothing."""
    if kernel == 1 and stride == 1 and padding == 0 and out == source:
        return None
    start = np.arange(out)[:, None] * stride - padding
    made = table(start + np.arange(kernel) * dilation, source, stride)

    def length(new: int) -> int | None:
        if (new - source) % stride == 0:
            return out + (new - source) // stride
        down, up = places_of_a_window(source, kernel, stride, padding, dilation)
        if out not in (down, up) or down == up:
            return None  # whether it rounds up or down cannot be seen here
        return places_of_a_window(new, kernel, stride, padding, dilation)[out == up]

    made.recipe = TableRecipe(lambda n, m: window(n, m, kernel, stride, padding, dilation), length)
    return made


def places_of_a_window(source: int, kernel: int, stride: int, padding: int, dilation: int) -> tuple[int, int]:
    """How many places a window has on an axis, rounded down and rounded up as ceil_mode does."""
    room = source + 2 * padding - dilation * (kernel - 1) - 1
    up = -(room // -stride) + 1
    return room // stride + 1, up - ((up - 1) * stride >= source + padding)


@lru_cache(maxsize=4096)
def transposed_window(
    source: int, out: int, kernel: int, stride: int, padding: int, dilation: int
) -> IndexTable | None:
    """Transposed convolution: i = (o + padding - tap * dilation) / stride, where that is a whole number."""
    if kernel == 1 and stride == 1 and padding == 0 and out == source:
        return None
    shifted = np.arange(out)[:, None] + padding - np.arange(kernel) * dilation
    reads = np.where(shifted % stride == 0, shifted // stride, -1)
    made = compact(table(reads, source, 1 / stride))
    made.recipe = TableRecipe(
        lambda n, m: transposed_window(n, m, kernel, stride, padding, dilation),
        lambda new: out + (new - source) * stride,
    )
    return made


def compact(full: IndexTable) -> IndexTable:
    """The same table without the columns that no row needs."""
    reads = -np.sort(-full.reads, axis=1)
    return IndexTable(reads[:, : max(1, int((reads >= 0).sum(1).max(initial=0)))], full.source, full.step)


@lru_cache(maxsize=1024)
def adaptive(source: int, out: int) -> IndexTable | None:
    """Adaptive pooling: bin i covers floor(i n / m) to ceil((i + 1) n / m)."""
    i = np.arange(out)
    made = spans(i * source // out, -((i + 1) * source // -out), source, source / out)
    made.recipe = TableRecipe(adaptive, lambda new: out, fixed=True)
    return made


def spans(start: np.ndarray, stop: np.ndarray, source: int, step: float) -> IndexTable:
    """Row i reads start[i] up to, not including, stop[i]."""
    longest = max(1, int((stop - start).max(initial=1)))
    reads = start[:, None] + np.arange(longest)
    return table(np.where(reads < stop[:, None], reads, -1), source, step)


@lru_cache(maxsize=1024)
def nearest(source: int, out: int, scale: float | None, exact: bool) -> IndexTable | None:
    """Nearest neighbour, in torch's own single precision: the rounding decides which neighbour it is."""
    ratio = np.float32(1 / scale) if scale else np.float32(source) / np.float32(out)
    i = np.arange(out).astype(np.float32)
    if exact:
        reads = np.floor((i + np.float32(0.5)) * ratio)
    elif out == source:
        reads = i
    elif out == 2 * source:
        reads = np.arange(out) // 2
    else:
        reads = np.floor(i * ratio)
    reads = np.minimum(reads.astype(np.int64), source - 1)
    if scale and out == source and (reads == np.arange(out)).all():
        return None
    return resized(table(reads, source, float(ratio)), scale, lambda n, m: nearest(n, m, scale, exact))


def resized(made: IndexTable, scale: float | None, make) -> IndexTable:
    """A resize to a multiple follows its source; a resize to a size follows what it was told.

    A resize to the size that is there already is a table too: of another image it would not be the same size.
    """
    known = scale and floor(made.source * scale) == len(made)
    made.recipe = TableRecipe(make, (lambda new: floor(new * scale)) if known else None)
    return made


@lru_cache(maxsize=1024)
def linear(source: int, out: int, align_corners: bool, scale: float | None) -> IndexTable | None:
    """Linear interpolation; the neighbour of weight zero is not read."""
    place, step = places(source, out, align_corners, scale)
    place = np.maximum(place, 0)
    low = np.minimum(np.floor(place).astype(int), source - 1)
    high = np.where(place > low, np.minimum(low + 1, source - 1), -1)
    if scale and out == source and (place == np.arange(out)).all():
        return None
    made = table(np.stack([low, high], 1), source, step)
    return resized(made, scale, lambda n, m: linear(n, m, align_corners, scale))


@lru_cache(maxsize=1024)
def cubic(source: int, out: int, align_corners: bool, scale: float | None) -> IndexTable | None:
    """Cubic interpolation: four neighbours, those outside moved to the border; one where it falls on a pixel."""
    place, step = places(source, out, align_corners, scale)
    low = np.floor(place).astype(int)
    four = np.clip(low[:, None] + np.arange(-1, 3), 0, source - 1)
    reads = np.where((place == low)[:, None], np.clip(low, 0, source - 1)[:, None], four)
    if scale and out == source and (place == np.arange(out)).all():
        return None
    return resized(table(reads, source, step), scale, lambda n, m: cubic(n, m, align_corners, scale))


def places(source: int, out: int, align_corners: bool, scale: float | None) -> tuple[np.ndarray, float]:
    """Where each output position falls on the input, whole numbers cleaned of rounding, and the step between them."""
    if align_corners:
        step = (source - 1) / (out - 1) if out > 1 else 0.0
        place = np.arange(out) * step
    else:
        step = 1 / scale if scale else source / out
        place = (np.arange(out) + 0.5) * step - 0.5
    near = np.round(place)
    return np.where(np.abs(place - near) < 1e-6, near, place), step


@lru_cache(maxsize=1024)
def antialiased(source: int, out: int, align_corners: bool, scale: float | None, reach: int) -> IndexTable | None:
    """Antialiased resizing: a triangle (reach 1) or cubic (reach 2) as wide as the shrinking needs."""
    if scale and source == out:
        return None
    step = places(source, out, align_corners, scale)[1]
    support = reach * max(step, 1.0)
    centre = step * (np.arange(out) + 0.5)
    start = np.maximum((centre - support + 0.5).astype(int), 0)
    stop = np.minimum((centre + support + 0.5).astype(int), source)
    full = spans(start, stop, source, step)
    distance = np.abs(full.reads + 0.5 - centre[:, None]) / max(step, 1.0)
    nothing = (distance > reach - 1e-6) | ((reach == 2) & (np.abs(distance - 1) < 1e-6))
    made = IndexTable(np.where(nothing, -1, full.reads), source, step)
    return resized(made, scale, lambda n, m: antialiased(n, m, align_corners, scale, reach))


@lru_cache(maxsize=1024)
def padded(source: int, left: int, right: int, mode: str) -> IndexTable | None:
    """Padding on both sides (or cropping, where negative) with zeros, mirrored, repeated or wrapped values."""
    if left == right == 0:
        return None
    reads = np.arange(-left, source + right)
    if mode == "reflect":
        reads = np.abs(reads)
        reads = (source - 1) - np.abs((source - 1) - reads)
    elif mode == "replicate":
        reads = np.clip(reads, 0, source - 1)
    elif mode == "circular":
        reads = reads % source
    made = table(reads, source)
    made.recipe = TableRecipe(lambda n, m: padded(n, left, right, mode), lambda new: new + left + right)
    return made


@lru_cache(maxsize=4096)
def sliced(source: int, start: int, stop: int, step: int, to_end: bool = False) -> IndexTable | None:
    """A slice with 0 <= start <= stop <= source. `to_end`: its end is counted from the end of the axis."""
    if start == 0 and stop == source and step == 1:
        return None
    made = table(np.arange(start, stop, step), source, step)

    def length(new: int) -> int:
        return len(range(start, stop + new - source, step))

    made.recipe = TableRecipe(lambda n, m: sliced(n, start, stop + n - source, step, to_end), length, guess=not to_end)
    return made


def flipped(source: int) -> IndexTable:
    """An axis read backwards."""
    made = table(np.arange(source)[::-1], source, -1)
    made.recipe = TableRecipe(lambda n, m: flipped(n), lambda new: new)
    return made


def rolled(source: int, shift: int) -> IndexTable:
    """An axis rolled by `shift`, as torch.roll does."""
    made = table((np.arange(source) - shift) % source, source)
    made.recipe = TableRecipe(lambda n, m: rolled(n, shift), lambda new: new)
    return made


def spread(source: int, times: int) -> IndexTable:
    """Every position several times, one after the other: output position i reads i // times."""
    made = table(np.arange(source * times) // times, source, 1 / times)
    made.recipe = TableRecipe(lambda n, m: spread(n, times), lambda new: new * times)
    return made


def gathered(source: int, out: int, times: int) -> IndexTable:
    """Output position i reads `times` positions from i * times."""
    made = table(np.arange(out)[:, None] * times + np.arange(times), source, times)
    made.recipe = TableRecipe(lambda n, m: gathered(n, m, times), lambda new: new // times)
    return made


def everything(source: int, out: int) -> IndexTable:
    """Every output position reads every input position, as a table, for digits of an axis."""
    return IndexTable(np.tile(np.arange(source, dtype=np.int32), (out, 1)), source, source / out)


def lifted(digit: IndexTable, stride: int, size: int, total: int) -> IndexTable:
    """The table of one digit of an axis, written for the whole axis.

    Position p of the axis is (high * size + digit) * stride + low: what windows and shuffles do to an axis.
    """
    new = len(digit)
    p = np.arange(total // size * new)
    high, own, low = p // (new * stride), p // stride % new, p % stride
    reads = digit.reads[own]
    return IndexTable(
        np.where(reads >= 0, (high[:, None] * size + reads) * stride + low[:, None], -1).astype(np.int32),
        total,
        total / max(1, len(p)) if new != size else digit.step,
    )
