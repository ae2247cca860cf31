"""Operations that change the size without a kernel: interpolation, padding, pixel shuffles, repeats."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..axes import CHANNEL, FOLDED, Traced, channel, is_spatial, kind_of, with_dimension
from ..index_tables import antialiased, cubic, flipped, gathered, linear, nearest, padded, rolled, spread, table
from ..recorder import Recorder
from .registry import Call, rule
from .windows import slide

KINDS = {
    "upsample_nearest": lambda n, m, align, scale: nearest(n, m, scale, False),
    "_upsample_nearest_exact": lambda n, m, align, scale: nearest(n, m, scale, True),
    "upsample_linear": linear,
    "upsample_bilinear": linear,
    "upsample_trilinear": linear,
    "upsample_bicubic": cubic,
    "_upsample_bilinear2d_aa": lambda n, m, align, scale: antialiased(n, m, align, scale, 1),
    "_upsample_bicubic2d_aa": lambda n, m, align, scale: antialiased(n, m, align, scale, 2),
}


@rule(
    *(f"{stem}{d}d" for stem in KINDS if not stem.endswith("aa") for d in (1, 2, 3)),
    *(s for s in KINDS if s.endswith("aa")),
)
def interpolate(recorder: Recorder, call: Call):
    """Each output position reads the input positions that its interpolation weighs."""
    make = KINDS[call.name] if call.name in KINDS else KINDS[call.name[:-2]]
    count = len(call.shape) - 2
    dims = list(range(2, len(call.shape)))
    scales = call.get("scale_factors")
    if scales is None:
        names = {1: ("scales",), 2: ("scales_h", "scales_w"), 3: ("scales_d", "scales_h", "scales_w")}[count]
        scales = [call.get(name) for name in names]
    align = bool(call.get("align_corners", False))
    source = call["input" if "input" in call.values else "self"].shape
    x = call.traced("input" if "input" in call.values else "self")
    tables = [make(source[d], call.shape[d], align, scales[i]) for i, d in enumerate(dims)]
    return slide(recorder, x, dims, tables, call.shape)


PADS = {"constant_pad_nd": "constant", "pad": "constant"}
for _count in (1, 2, 3):
    PADS[f"reflection_pad{_count}d"] = "reflect"
    PADS[f"replication_pad{_count}d"] = "replicate"


@rule(*PADS)
def pad(recorder: Recorder, call: Call):
    """Positions in the padding read what they copy; with a constant, nothing."""
    x, amounts = call.traced("self"), call.get("pad") or call.get("padding")
    if call.name == "pad" and call["mode"] != "constant":
        return None
    changes = {}
    for i in range(len(amounts) // 2):
        dim = len(call.shape) - 1 - i
        left, right = amounts[2 * i], amounts[2 * i + 1]
        if (left or right) and call["self"].shape[dim] == 1 and not is_spatial(x.labels[dim]):
            x = recorder.spatial(x, list(range(len(call.shape) - recorder.axes, len(call.shape))))
        changes[dim] = (padded(call["self"].shape[dim], left, right, PADS[call.name]), call.shape[dim])
    return recorder.along(x, {dim: change for dim, change in changes.items() if change[0] is not None})


@rule("pixel_shuffle")
def pixel_shuffle(recorder: Recorder, call: Call):
    """Channels become places: output position i reads i // r."""
    x, r = call.traced("self"), call["upscale_factor"]
    rank = len(call.shape)
    if is_spatial(x.labels[rank - 3]):
        return None
    if kind_of(x.labels[rank - 3]) != CHANNEL:
        x = recorder.doubted(x)  # the channels are places that an earlier step put there: they are not all read
    x = replace(x, labels=with_dimension(x.labels, rank - 3, channel(call.shape[rank - 3])))
    dims = [rank - 2, rank - 1]
    tables = [spread(call["self"].shape[d], r) for d in dims]
    return slide(recorder, x, dims, tables, call.shape)


@rule("pixel_unshuffle")
def pixel_unshuffle(recorder: Recorder, call: Call):
    """Places become channels: output position i reads r positions from i * r."""
    x, r = call.traced("self"), call["downscale_factor"]
    rank = len(call.shape)
    dims = [rank - 2, rank - 1]
    tables = [gathered(call["self"].shape[d], call.shape[d], r) for d in dims]
    y = slide(recorder, x, dims, tables, call.shape)
    return replace(y, labels=with_dimension(y.labels, rank - 3, channel(call.shape[rank - 3], FOLDED)))


@rule("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(recorder: Recorder, call: Call):
    """Dimension 1 is read as a table, groups by members, and written column by column; it may hold places."""
    size, groups = call.shape[1], call["groups"]
    reads = np.arange(size).reshape(groups, -1).T.ravel()
    return recorder.along(call.traced("self"), {1: (table(reads, size), size)})


@rule("repeat")
def repeat(recorder: Recorder, call: Call):
    """Each copy reads the original."""
    x = call.traced("self")
    source = (1,) * (len(call.shape) - call["self"].dim()) + tuple(call["self"].shape)
    x = replace(x, labels=((),) * (len(call.shape) - len(x.labels)) + x.labels)
    changes = {}
    for dim, (n, m) in enumerate(zip(source, call.shape)):
        if n != m:
            changes[dim] = (table(np.arange(m) % n, n), m)
    return recorder.along(x, changes)


@rule("repeat_interleave")
def repeat_interleave(recorder: Recorder, call: Call):
    """Each output position reads the position that it repeats."""
    x, dim, repeats = call.traced("self"), call.get("dim"), call.get("repeats")
    if dim is None or not isinstance(repeats, int):
        return None
    dim %= len(x.labels)
    return recorder.along(x, {dim: (spread(call["self"].shape[dim], repeats), call.shape[dim])})


@rule("flip")
def flip(recorder: Recorder, call: Call):
    """Each position reads its mirror image."""
    x = call.traced("self")
    dims = [dim % len(call.shape) for dim in call["dims"]]
    return recorder.along(x, {d: (flipped(call.shape[d]), call.shape[d]) for d in dims})


@rule("rot90")
def rot90(recorder: Recorder, call: Call):
    """A quarter turn is a flip of one axis and an exchange of both."""
    x, turns = call.traced("self"), call["k"] % 4
    a, b = (dim % len(call.shape) for dim in call["dims"])
    shape = call["self"].shape

    def turned_over(y: Traced, dim: int, size: int) -> Traced:
        return recorder.along(y, {dim: (flipped(size), size)})

    if turns in (1, 2):
        x = turned_over(x, b, shape[b])
    if turns in (2, 3):
        x = turned_over(x, a, shape[a])
    if turns in (1, 3):
        labels = list(x.labels)
        labels[a], labels[b] = labels[b], labels[a]
        x = replace(x, labels=tuple(labels))
    return x


@rule("roll")
def roll(recorder: Recorder, call: Call):
    """Each position reads the one `shift` before it, around the end."""
    x, shifts, dims = call.traced("self"), call["shifts"], call.get("dims") or []
    if not dims:
        return None
    for shift, dim in zip(shifts, (dim % len(call.shape) for dim in dims)):
        n = call.shape[dim]
        x = recorder.along(x, {dim: (rolled(n, shift), n)})
    return x
