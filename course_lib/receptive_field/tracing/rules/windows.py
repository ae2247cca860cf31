"""Operations that slide a window: convolutions, pools, unpooling with remembered indices, fold and unfold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..axes import FOLDED, Traced, channel, is_spatial, is_wide, kind_of, places, with_dimension
from ..graph import TableRecipe
from ..index_tables import adaptive, transposed_window, window
from ..recorder import Recorder
from .registry import Call, rule


def per_axis(value, count: int) -> list[int]:
    """One number stands for all axes."""
    value = [value] if isinstance(value, int) else list(value)
    return value * count if len(value) == 1 else value


def mix_channels(recorder: Recorder, x: Traced, dim: int, size: int) -> Traced:
    """A convolution or linear layer sums over a dimension and makes a new one of `size` channels."""
    if is_wide(x.labels[dim]):
        x = recorder.contract(x, [dim], keep=False)
    return replace(x, labels=with_dimension(x.labels, dim, channel(size)), pooling=None)


def slide(recorder: Recorder, x: Traced, dims: list[int], tables: list, shape) -> Traced:
    """Apply one table per dimension; axes that were lost to flattening come back first."""
    x = recorder.spatial(x, dims)
    return recorder.along(x, {dim: (reads, shape[dim]) for dim, reads in zip(dims, tables)})


@rule("convolution", "convolution_overrideable", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
      "conv1d", "conv2d", "conv3d")  # fmt: skip
def convolution(recorder: Recorder, call: Call):
    """Channels are mixed, and the kernel slides over the places."""
    x = call.traced("input")
    if isinstance(call["padding"], str) or x is None:
        return None
    dims = list(range(2, len(call.shape)))
    x = recorder.spatial(mix_channels(recorder, x, 1, call.shape[1]), dims)
    kernel = call["weight"].shape[2:]
    settings = [per_axis(call[name], len(dims)) for name in ("stride", "padding", "dilation")]
    make = transposed_window if call.get("transposed") or "transpose" in call.name else window
    tables = [
        make(call["input"].shape[dim], call.shape[dim], kernel[i], *(setting[i] for setting in settings))
        for i, dim in enumerate(dims)
    ]
    return slide(recorder, x, dims, tables, call.shape)


def pool_geometry(call: Call) -> tuple[list[int], list[tuple]]:
    """The pooled dimensions, and for each its (source, out, kernel, stride, padding, dilation)."""
    count = int(call.name.split("pool")[1][0])
    rank = len(call.shape)
    dims = list(range(rank - count, rank))
    kernel = per_axis(call["kernel_size"], count)
    stride = per_axis(call["stride"] or kernel, count)
    padding, dilation = per_axis(call["padding"], count), per_axis(call.get("dilation", 1), count)
    source = call["self"].shape
    return dims, [(source[d], call.shape[d], kernel[i], stride[i], padding[i], dilation[i]) for i, d in enumerate(dims)]


@rule("avg_pool1d", "avg_pool2d", "avg_pool3d")
def average_pool(recorder: Recorder, call: Call):
    """A window slides over the places; channels stay apart."""
    dims, geometry = pool_geometry(call)
    return slide(recorder, call.traced("self"), dims, [window(*g) for g in geometry], call.shape)


@rule("max_pool2d_with_indices", "max_pool3d_with_indices", "max_pool1d", "max_pool2d", "max_pool3d",
      "max_pool1d_with_indices")  # fmt: skip
def max_pool(recorder: Recorder, call: Call):
    """The values and the indices read the same windows; the indices remember which, for the unpooling."""
    dims, geometry = pool_geometry(call)
    y = slide(recorder, call.traced("self"), dims, [window(*g) for g in geometry], call.shape)
    return [y, replace(y, pooling=tuple(geometry))]


@rule("max_unpool2d", "max_unpool3d")
def max_unpool(recorder: Recorder, call: Call):
    """An output reads every pooled cell whose window holds it and, through the index, that whole window."""
    values, indices = call.traced("self"), call.traced("indices")
    if indices is None or indices.pooling is None:
        return None
    dims = list(range(len(call.shape) - len(indices.pooling), len(call.shape)))
    if any(g[0] != call.shape[d] or g[1] != call["self"].shape[d] for g, d in zip(indices.pooling, dims)):
        return None  # the flat index means another place when the map has another size
    tables = [back_to_window(g) for g in indices.pooling]
    parts = [slide(recorder, x, dims, tables, call.shape) for x in (values, indices) if x is not None]
    joined = recorder.join(parts, call.shape)
    return recorder.doubted(joined) if any(map(one_in_another, indices.pooling)) else joined


def one_in_another(geometry: tuple) -> bool:
    """Whether a window lies inside another, as at a padded border: the larger one then decides nothing by itself."""
    reads = window(*geometry)
    if reads is None:
        return False
    rows, others = reads.reads[:-1], reads.reads[1:]
    return bool((_inside(rows, others) | _inside(others, rows)).any())


def _inside(rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each row whether all its positions are positions of the other row, too; -1 is none."""
    return ((rows[:, :, None] == others[:, None]).any(2) | (rows < 0)).all(1)


def back_to_window(geometry: tuple):
    """The cells whose window holds a position."""
    reads = window(*geometry)
    if reads is None:
        return None
    back = reads.transposed()
    back.recipe = TableRecipe(lambda n, m: back_to_window((m, n, *geometry[2:])))
    return back


@rule("adaptive_avg_pool1d", "adaptive_avg_pool2d", "_adaptive_avg_pool2d", "adaptive_avg_pool3d",
      "_adaptive_avg_pool3d", "adaptive_max_pool2d", "adaptive_max_pool3d", "adaptive_max_pool1d")  # fmt: skip
def adaptive_pool(recorder: Recorder, call: Call):
    """Windows that divide the input evenly; with one output position they read all."""
    count = int(call.name.split("pool")[1][0])
    dims = list(range(len(call.shape) - count, len(call.shape)))
    x = recorder.spatial(call.traced("self"), dims)
    whole = [dim for dim in dims if call.shape[dim] == 1]
    x = recorder.contract(x, whole, keep=False) if whole else x
    rest = {d: (adaptive(call["self"].shape[d], call.shape[d]), call.shape[d]) for d in dims if d not in whole}
    y = recorder.along(x, rest)
    return [y, y] if "max" in call.name else y


@rule("im2col")
def unfold(recorder: Recorder, call: Call):
    """Windows as columns: (N, C, H, W) -> (N, C * kernel, places)."""
    x = call.traced("self")
    kernel, dilation, padding, stride = (per_axis(call[n], 2) for n in ("kernel_size", "dilation", "padding", "stride"))
    if len(x.labels) != 4 or recorder.axes != 2:
        return None
    source = call["self"].shape[2:]
    out = [(source[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1 for i in (0, 1)]
    tables = [window(source[i], out[i], kernel[i], stride[i], padding[i], dilation[i]) for i in (0, 1)]
    y = slide(recorder, x, [2, 3], tables, (1, 1, *out))
    kind = FOLDED if max(kernel) > 1 else -1
    return replace(y, labels=(y.labels[0], channel(call.shape[1], kind), y.labels[2] + y.labels[3]))


@rule("col2im")
def fold(recorder: Recorder, call: Call):
    """Columns summed back into an image: the transposed window."""
    x = call.traced("self")
    kernel, dilation, padding, stride = (per_axis(call[n], 2) for n in ("kernel_size", "dilation", "padding", "stride"))
    size = call["output_size"]
    cells = [(size[i] + 2 * padding[i] - dilation[i] * (kernel[i] - 1) - 1) // stride[i] + 1 for i in (0, 1)]
    rows, columns = places(0, cells[0]), places(1, cells[1])
    wanted = tuple(digit for digit in rows + columns if digit.size > 1)
    if recorder.axes != 2 or len(x.labels) != 3 or x.labels[2] != wanted or is_spatial(x.labels[1]):
        return None
    if kind_of(x.labels[1]) == FOLDED:
        x = recorder.doubted(x)  # each column holds places of its own, and here they are told apart again
    channels = channel(call.shape[1])
    y = replace(x, labels=(x.labels[0], channels, rows, columns))
    tables = [transposed_window(cells[i], size[i], kernel[i], stride[i], padding[i], dilation[i]) for i in (0, 1)]
    return slide(recorder, y, [2, 3], tables, call.shape)
