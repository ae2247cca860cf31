"""Views the other way round: what the tensor behind a view holds after something was written into the view."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..axes import Traced
from ..recorder import Recorder
from .registry import Call
from .views import bounds, transpose, viewed


def written_back(recorder: Recorder, call: Call, old: Traced | None, new: Traced | None):
    """What the tensor behind a view holds after `new` was written into the view; False when that is not known.

    `call` is the view: its "self" is the tensor behind, of which `old` is known.
    """
    shape = tuple(call["self"].shape)
    name = call.name.removesuffix("_copy")
    if new is None and old is None:
        return None
    if name in ("alias", "detach"):
        return new
    if name == "slice":
        dim = call["dim"] % len(shape)
        return recorder.place(old, new, {dim: bounds(call, shape[dim])}, shape)
    if name in ("select", "unbind"):
        dim = call["dim"] % len(shape)
        at = call["index"] % shape[dim]
        if new is not None:
            new = replace(new, labels=(*new.labels[:dim], (), *new.labels[dim:]))
        return recorder.place(old, new, {dim: (at, at + 1, 1)}, shape)
    if new is None:
        return None
    if name in ("view", "_unsafe_view", "_reshape_alias", "unsqueeze", "squeeze"):
        return viewed(recorder, new, shape)
    if name == "permute":
        back = np.argsort([dim % len(shape) for dim in call["dims"]])
        return replace(new, labels=tuple(new.labels[dim] for dim in back))
    if name in ("transpose", "t"):
        return transpose(recorder, _As(call, new))
    return False


class _As:
    """A view call as seen with another tensor in the place of its own."""

    def __init__(self, call: Call, x: Traced):
        self.values, self._x = call.values, x

    def __getitem__(self, name: str):
        return self.values[name]

    def traced(self, name: str) -> Traced:
        return self._x
