"""Operations that treat every position alike: each output position reads the same position of every argument."""

from __future__ import annotations

from ..axes import is_wide
from ..recorder import Recorder
from .registry import POINTWISE, Call, rule


@rule("copy")
def copy(recorder: Recorder, call: Call):
    """What was there before is overwritten."""
    call.looked_at.add("self")
    source = call.traced("src")
    return recorder.join([source], call.shape) if source else [None]


@rule(
    POINTWISE, "_to_copy", "clone", "contiguous", "detach", "alias", "lift_fresh", "native_dropout", "_prelu_kernel",
    "prelu", "rrelu_with_noise", "masked_fill", "where", "lerp", "addcmul", "addcdiv", "relu6", "hardtanh",
    "bernoulli", "nan_to_num", "bitwise_not", "dropout", "feature_dropout", "_fused_dropout",
    "clamp", "hardswish", "leaky_relu", "complex", "fake_quantize_per_tensor_affine",
)  # fmt: skip
def pointwise(recorder: Recorder, call: Call):
    """Every output position reads the same position of every argument."""
    call.looked_at.update(call.values)
    known = call.every_traced()
    joined = [recorder.join(known, tuple(out.shape)) for out in call.outputs]
    keeps_pooling = call.name in ("clone", "detach", "alias", "contiguous", "_to_copy") and known[0].pooling
    return known if keeps_pooling else joined


@rule("glu")
def glu(recorder: Recorder, call: Call):
    """Half of the channels gate the other half."""
    x, dim = call.traced("self"), call["dim"]
    dim %= len(x.labels)
    if is_wide(x.labels[dim]):
        return None
    return recorder.along(x, {dim: (None, call.shape[dim])})


@rule(
    "zeros_like", "ones_like", "full_like", "empty_like", "rand_like", "randn_like", "new_zeros", "new_ones",
    "new_full", "new_empty", "new_empty_strided", "zero", "fill", "normal", "uniform", "empty_strided",
)  # fmt: skip
def constant(recorder: Recorder, call: Call):
    """Takes the shape of a tensor and nothing of its values."""
    call.looked_at.update(set(call.values) - {"value", "fill_value"})
    return [None] if not call.every_traced({"value", "fill_value"}) else None
