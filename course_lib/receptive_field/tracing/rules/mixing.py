"""Operations that mix whole dimensions: means, softmax, normalisation, products of matrices, sampling by a grid."""

from __future__ import annotations

from dataclasses import replace
from math import prod

from ..axes import Traced, channel, is_spatial, is_wide, places
from ..graph import ALL, Edge
from ..recorder import Recorder
from .registry import Call, rule
from .windows import mix_channels


def dims_of(call: Call, name: str = "dim") -> list[int]:
    """The dimensions an operation names; all of them when it names none."""
    rank = call["self"].dim()
    given = call.get(name)
    if given is None or given == []:
        return list(range(rank))
    return sorted({dim % rank for dim in ([given] if isinstance(given, int) else given)}) if rank else []


@rule("mean", "sum", "amax", "amin", "max", "min", "logsumexp", "var", "std", "var_mean", "std_mean", "prod", "any",
      "all", "argmax", "argmin", "norm", "linalg_vector_norm", "median", "nanmean", "nansum", "aminmax",
      "count_nonzero", "mode", "kthvalue", "std_mean")  # fmt: skip
def reduce(recorder: Recorder, call: Call):
    """Sum dimensions away, or down to size 1."""
    x = call.traced("self")
    if call.traced("other") is not None:
        return None
    dims = dims_of(call)
    y = recorder.contract(x, dims, keep=False)
    if len(call.shape) < len(x.labels):
        y = replace(y, labels=tuple(digits for dim, digits in enumerate(y.labels) if dim not in dims))
    if call.name in ("var", "std", "var_mean", "std_mean"):
        values = call["self"]
        if all(values.shape[dim] == 1 or values.stride(dim) == 0 for dim in dims):
            y = recorder.doubted(y)  # copies of one value, as `expand` makes them, do not vary
    if call.name in ("median", "mode", "kthvalue"):
        y = recorder.doubted(y)  # they answer with one of the values: where two are the same, a third may never be it
    return [y] * len(call.outputs)


@rule("_softmax", "_log_softmax", "softmax", "log_softmax", "cumsum", "cumprod", "sort", "topk", "argsort",
      "_safe_softmax",
      "_softmax_backward_data", "logcumsumexp", "cummax", "cummin")  # fmt: skip
def mix(recorder: Recorder, call: Call):
    """Mix a dimension and keep it."""
    x = call.traced("self")
    dims = dims_of(call)
    over_places = any(is_wide(x.labels[dim]) for dim in dims)
    y = recorder.contract(x, dims, keep=True)
    if over_places and call.name == "topk":
        return None
    if over_places and "cum" in call.name:
        y = recorder.doubted(y)  # only the positions before it: what we say is an upper bound
    if call.name == "topk":
        y = recorder.along(y, {dim: (None, call.shape[dim]) for dim in dims})
    return [y] * len(call.outputs)


@rule("renorm")
def renorm(recorder: Recorder, call: Call):
    """Each slice along a dimension is scaled by its norm over all other dimensions."""
    x, kept = call.traced("self"), call["dim"] % len(call.shape)
    return recorder.contract(x, [dim for dim in range(len(x.labels)) if dim != kept], keep=True)


@rule("native_batch_norm", "_native_batch_norm_legit", "_native_batch_norm_legit_no_training", "cudnn_batch_norm",
      "_batch_norm_no_update", "_batch_norm_with_update", "batch_norm", "miopen_batch_norm",
      "_native_batch_norm_legit_functional")  # fmt: skip
def batch_norm(recorder: Recorder, call: Call):
    """With its running statistics it works on each value alone; with the image's own it reads all of the image."""
    x = call.traced("input")
    if not call.get("training", False) and call.get("running_mean") is not None:
        return x
    return recorder.contract(x, [dim for dim in range(len(x.labels)) if dim != 1], keep=True)


@rule("native_group_norm", "group_norm")
def group_norm(recorder: Recorder, call: Call):
    """Each value reads its whole image: groups of channels are not told apart."""
    x = call.traced("input")
    return recorder.contract(x, list(range(1, len(x.labels))), keep=True)


@rule("native_layer_norm", "layer_norm", "_fused_rms_norm", "rms_norm")
def layer_norm(recorder: Recorder, call: Call):
    """Each value reads all of the normalised dimensions."""
    x = call.traced("input")
    rank = len(x.labels)
    return recorder.contract(x, list(range(rank - len(call["normalized_shape"]), rank)), keep=True)


@rule("mm", "bmm", "matmul", "mv")
def product(recorder: Recorder, call: Call):
    """A product of two matrices, or of a matrix and a vector."""
    return multiplied(recorder, call, call.traced("self"), call.traced(other_name(call)))


def other_name(call: Call) -> str:
    """The name under which torch passes the second factor."""
    return next(name for name in ("mat2", "other", "vec") if name in call.values)


@rule("addmm", "baddbmm")
def added_product(recorder: Recorder, call: Call):
    """A product plus a term: each value also reads its own place in the term."""
    names = ("mat1", "mat2") if call.name == "addmm" else ("batch1", "batch2")
    added = call.traced("self")
    y = multiplied(recorder, call, *(call.traced(name) for name in names))
    known = [x for x in (y, added) if x is not None]
    return recorder.join(known, call.shape)


@rule("linear")
def linear(recorder: Recorder, call: Call):
    """The last dimension is mixed; all others stay."""
    x = call.traced("input")
    return None if x is None else mix_channels(recorder, x, len(x.labels) - 1, call.shape[-1])


def multiplied(recorder: Recorder, call: Call, a: Traced | None, b: Traced | None) -> Traced | None:
    """(..., M, K) @ (..., K, N): K is summed away, M comes from the first and N from the second.

    Where both come from the image it is attention: the weights are data, so what is said is an upper bound.
    """
    rank = len(call.shape)
    if a is not None and b is not None and len(a.labels) == len(b.labels) == rank:
        b = kept_in_windows(recorder, b, a.labels[rank - 2])
    if a is not None and len(a.labels) == rank:
        before = a.labels[rank - 1]
        a = recorder.contract(a, [rank - 1], keep=False) if is_spatial(before) else a
        a = replace(a, labels=(*a.labels[: rank - 1], ()), pooling=None)
    if b is not None and len(b.labels) == rank and (a is None or b.labels[rank - 2] != a.labels[rank - 2]):
        before = b.labels[rank - 2]
        b = recorder.contract(b, [rank - 2], keep=False) if is_spatial(before) else b
        b = replace(b, labels=(*b.labels[: rank - 2], (), b.labels[rank - 1]), pooling=None)
    if a is not None and b is not None:
        return attended(recorder, call, a, b)
    one = a or b
    if one is None or len(one.labels) != rank:
        return None
    kept = list(one.labels)
    kept[rank - 1 if one is a else rank - 2] = channel(call.shape[rank - 1 if one is a else rank - 2])
    return replace(one, labels=tuple(kept))


def kept_in_windows(recorder: Recorder, b: Traced, rows: tuple) -> Traced:
    """Queries and keys of the same places: every position reads all places of its own window of the second tensor."""
    rank = len(b.labels)
    for dim, summed in ((rank - 2, rank - 1), (rank - 1, rank - 2)):
        if is_spatial(rows) and b.labels[dim] == rows:
            if is_spatial(b.labels[summed]):
                b = recorder.contract(b, [summed], keep=False)
            b = recorder.contract(b, [dim], keep=True)
            return replace(b, labels=(*b.labels[: rank - 2], b.labels[dim], ()))
    return b


def attended(recorder: Recorder, call: Call, a: Traced, b: Traced) -> Traced | None:
    """A product of two tensors of the image: places of the second become channels if the first has its own."""
    rank = len(call.shape)
    if len(a.labels) != rank or len(b.labels) != rank:
        return None
    if is_spatial(a.labels[rank - 2]) and is_spatial(b.labels[rank - 1]):
        b = recorder.contract(b, [rank - 1], keep=False)
        b = replace(b, labels=(*b.labels[: rank - 1], ()))
    a = replace(a, labels=(*a.labels[: rank - 1], ()))
    joined = recorder.join([a, b], (*call.shape[: rank - 2], *_dims(a, b, call.shape)))
    labels = list(joined.labels)
    for dim in (rank - 2, rank - 1):
        labels[dim] = labels[dim] if is_spatial(labels[dim]) else channel(call.shape[dim])
    return recorder.doubted(replace(joined, labels=tuple(labels)))


def _dims(a: Traced, b: Traced, shape: tuple[int, ...]) -> tuple[int, int]:
    """The last two sizes of the product as far as they are places; channels are put back afterwards."""
    rows, columns = a.labels[-2], b.labels[-1]
    return (shape[-2] if is_spatial(rows) else 1, shape[-1] if is_spatial(columns) else 1)


@rule("grid_sampler_2d", "grid_sampler_3d", "grid_sampler", "cudnn_grid_sampler")
def grid_sample(recorder: Recorder, call: Call):
    """Where it samples is data: anywhere in the image, and at the grid's own position."""
    x, grid = call.traced("input"), call.traced("grid")
    sizes = tuple(call.shape[2:])
    if len(sizes) != recorder.axes:
        return None
    labels = (channel(call.shape[0]), channel(call.shape[1]), *(places(axis, size) for axis, size in enumerate(sizes)))
    edges = [Edge(x.node, (ALL,) * recorder.axes)] if x is not None else []
    if grid is not None:
        wanted = ((), *labels[2:], channel(len(sizes)))
        same = tuple(grid.labels[1:-1]) == tuple(labels[2:]) and prod(recorder.sizes(grid)) == prod(sizes)
        edges.append(Edge(grid.node, (None if same and len(wanted) == len(grid.labels) else ALL,) * recorder.axes))
    return Traced(recorder.add(sizes, edges, exact=False), labels)
