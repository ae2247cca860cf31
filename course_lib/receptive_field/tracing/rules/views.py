"""Operations that only look at a tensor in another way: views, permutations, slices, and putting tensors together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import Tensor

from ..axes import FOLDED, Traced, channel, is_spatial, regroup, with_dimension
from ..index_tables import sliced, table
from ..recorder import Recorder
from .registry import Call, rule


@rule("view", "_unsafe_view", "reshape", "_reshape_alias", "view_copy", "_reshape_copy", "flatten", "unflatten")
def view(recorder: Recorder, call: Call):
    """The same numbers under another shape."""
    return viewed(recorder, call.traced("self"), call.shape)


def viewed(recorder: Recorder, x: Traced, shape: tuple[int, ...]) -> Traced:
    """The labels in their new dimensions; where an axis would be cut raggedly, its places become channels."""
    labels = regroup(x.labels, shape)
    if labels is None:
        for dim, digits in enumerate(x.labels):
            x = recorder.forgotten(x, dim) if is_spatial(digits) else x
        x = recorder.doubted(x)
        labels = regroup(x.labels, shape) or tuple(channel(size, FOLDED) for size in shape)
    return replace(x, labels=labels, pooling=None)


@rule("permute", "permute_copy")
def permute(recorder: Recorder, call: Call):
    """Dimensions change their order."""
    x = call.traced("self")
    return replace(x, labels=tuple(x.labels[dim] for dim in call["dims"]), pooling=None)


@rule("transpose", "t", "transpose_copy", "swapaxes", "numpy_T", "t_copy")
def transpose(recorder: Recorder, call: Call):
    """Two dimensions change places."""
    x = call.traced("self")
    a, b = (call["dim0"], call["dim1"]) if "dim0" in call.values else (0, min(1, len(x.labels) - 1))
    labels = list(x.labels)
    labels[a], labels[b] = labels[b], labels[a]
    return replace(x, labels=tuple(labels), pooling=None)


@rule("unsqueeze", "unsqueeze_copy")
def unsqueeze(recorder: Recorder, call: Call):
    """A new dimension of size 1, which is no place."""
    x = call.traced("self")
    labels = list(x.labels)
    labels.insert(call["dim"] % len(call.shape), ())
    return replace(x, labels=tuple(labels))


@rule("squeeze", "squeeze_copy")
def squeeze(recorder: Recorder, call: Call):
    """Dimensions of size 1 go."""
    x, rank = call.traced("self"), call["self"].dim()
    wanted = call.get("dim", range(rank))
    wanted = {dim % rank for dim in ([wanted] if isinstance(wanted, int) else wanted)} if rank else set()
    gone = {dim for dim in wanted if call["self"].shape[dim] == 1}
    return replace(x, labels=tuple(digits for dim, digits in enumerate(x.labels) if dim not in gone))


@rule("view_as_real", "view_as_real_copy")
def real_and_imaginary(recorder: Recorder, call: Call):
    """A complex number becomes two channels: what one of them reads, both are said to read."""
    x = call.traced("self")
    return replace(x, labels=(*x.labels, channel(2, FOLDED)))


@rule("view_as_complex", "view_as_complex_copy")
def complex_number(recorder: Recorder, call: Call):
    """Two numbers become one, which reads what both read."""
    x = call.traced("self")
    pair = len(x.labels) - 1
    if is_spatial(x.labels[pair]):
        x = recorder.contract(x, [pair], keep=False)
    return replace(x, labels=x.labels[:pair])


@rule("expand", "expand_copy", "broadcast_to")
def expand(recorder: Recorder, call: Call):
    """A dimension of size 1 is read by all of its copies."""
    return recorder.join([call.traced("self")], call.shape)


@rule("slice", "slice_copy")
def slice_(recorder: Recorder, call: Call):
    """The positions that a slice keeps."""
    x, dim = call.traced("self"), call["dim"] % len(call.shape)
    size, end = call["self"].shape[dim], call.get("end")
    start, stop, step = bounds(call, size)
    reads = sliced(size, start, stop, step, end is None or end < 0 or end >= size)
    if reads is not None and (call.get("start") or 0) < 0:
        reads = table(reads.reads, size, step)  # counted from the end: what it does on a longer axis is another slice
    return recorder.along(x, {dim: (reads, call.shape[dim])})


def bounds(call: Call, size: int) -> tuple[int, int, int]:
    """Start, stop and step of a slice as Python counts them, inside 0..size."""
    return slice(call.get("start"), call.get("end"), call.get("step") or 1).indices(size)


@rule("select", "select_copy")
def select(recorder: Recorder, call: Call):
    """One position of a dimension."""
    x = call.traced("self")
    dim = call["dim"] % len(x.labels)
    return one_of(recorder, x, dim, call["index"] % call["self"].shape[dim], call["self"].shape[dim])


def one_of(recorder: Recorder, x: Traced, dim: int, index: int, size: int) -> Traced:
    """One position of a dimension, which is then gone."""
    if size > 1:
        x = recorder.along(x, {dim: (table(np.array([index]), size), 1)})
    return replace(x, labels=tuple(digits for d, digits in enumerate(x.labels) if d != dim), pooling=None)


@rule("unbind", "unbind_copy")
def unbind(recorder: Recorder, call: Call):
    """All positions of a dimension, one by one."""
    x = call.traced("self")
    dim = call["dim"] % len(x.labels)
    return [one_of(recorder, x, dim, i, len(call.outputs)) for i in range(len(call.outputs))]


@rule("split", "split_with_sizes", "chunk", "tensor_split", "split_copy", "split_with_sizes_copy", "unsafe_split",
      "unsafe_chunk", "unsafe_split_with_sizes")  # fmt: skip
def split(recorder: Recorder, call: Call):
    """Consecutive parts of a dimension."""
    x = call.traced("self")
    dim, start, parts = call["dim"] % len(x.labels), 0, []
    whole = call["self"].shape[dim]
    for out in call.outputs:
        stop = start + out.shape[dim]
        parts.append(recorder.along(x, {dim: (sliced(whole, start, stop, 1), out.shape[dim])}))
        start = stop
    return parts


@rule("unfold")
def sliding_windows(recorder: Recorder, call: Call):
    """Tensor.unfold: windows along a dimension, their content in a new last one."""
    x, size, step = call.traced("self"), call["size"], call["step"]
    dim = call["dimension"] % len(x.labels)
    n, m = call["self"].shape[dim], call.shape[dim]
    spatial = is_spatial(x.labels[dim])
    x = recorder.along(x, {dim: (table(np.arange(m)[:, None] * step + np.arange(size), n, step), m)})
    return replace(x, labels=(*x.labels, channel(size, FOLDED if spatial else -1)))


@rule("index_select")
def index_select(recorder: Recorder, call: Call):
    """The positions that an index lists; an index that comes from the image is not followed."""
    x, index = call.traced("self"), call["index"]
    dim = call["dim"] % len(x.labels)
    if not is_spatial(x.labels[dim]):
        return recorder.along(x, {dim: (table(np.zeros(1, int), 1), call.shape[dim])})
    if call.values_of(index) is None:
        return None
    places = index.cpu().numpy().reshape(-1) % call["self"].shape[dim]
    return recorder.along(x, {dim: (table(places, call["self"].shape[dim]), call.shape[dim])})


@rule("index")
def index(recorder: Recorder, call: Call):
    """Fancy indexing with constant, known positions that form a grid."""
    x, indices = call.traced("self"), call["indices"]
    used = [dim for dim, one in enumerate(indices) if one is not None]
    known = [indices[dim] for dim in used]
    if any(call.values_of(one) is None for one in known):
        return None
    call.looked_at.add("indices")
    if any(one.dtype.itemsize == 1 for one in known) or used != list(range(used[0], used[0] + len(used))):
        return None
    rank = max(one.dim() for one in known)
    if len(used) == 1 and rank == 1:
        pass
    elif rank != len(used) or any(not _along_one(one, i, rank) for i, one in enumerate(known)):
        return None
    changes = {}
    for dim, one in zip(used, known):
        size = call["self"].shape[dim]
        places = one.cpu().numpy().ravel() % size
        changes[dim] = (table(places, size), len(places))
    return recorder.along(x, changes)


def _along_one(one: Tensor, position: int, rank: int) -> bool:
    """Whether an index varies along its own dimension of the grid only."""
    shape = (1,) * (rank - one.dim()) + tuple(one.shape)
    return all(size == 1 for dim, size in enumerate(shape) if dim != position)


@rule("as_strided", "as_strided_copy")
def as_strided(recorder: Recorder, call: Call):
    """Only where it changes nothing but the strides of dimensions of size 1, as torch's own pooling does."""
    unmoved = moves_nothing(call["self"], call["size"], call["stride"], call.get("storage_offset"))
    return call.traced("self") if unmoved else None


def moves_nothing(tensor: Tensor, size: list[int], stride: list[int], storage_offset: int | None = None) -> bool:
    """Whether a view of a tensor's memory shows the same values in the same places."""
    same = zip(tensor.shape, tensor.stride(), size, stride)
    in_place = storage_offset in (None, tensor.storage_offset())
    return in_place and len(size) == tensor.dim() and all(n == m and (n == 1 or s == t) for n, s, m, t in same)


@rule("cat", "_cat", "concat", "concatenate")
def cat(recorder: Recorder, call: Call):
    """Tensors one after the other along a dimension."""
    known = call.traced_list("tensors")
    dim = call["dim"] % len(call.shape)
    parts = [(x, t.shape[dim]) for x, t in zip(known, call["tensors"]) if t.dim() == len(call.shape)]
    return recorder.concatenate(parts, dim, call.shape)


@rule("stack")
def stack(recorder: Recorder, call: Call):
    """Tensors side by side along a new dimension."""
    known = call.traced_list("tensors")
    dim = call["dim"] % len(call.shape)
    parts = [(x and replace(x, labels=(*x.labels[:dim], (), *x.labels[dim:])), 1) for x in known]
    joined = recorder.concatenate(parts, dim, call.shape)
    if is_spatial(joined.labels[dim]):
        return joined
    return replace(joined, labels=with_dimension(joined.labels, dim, channel(len(known), FOLDED)))
