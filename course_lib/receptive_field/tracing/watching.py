"""The mode under which the model runs: it sees each operation, lets it compute shapes only, and asks the rules.

In: operations as torch dispatches them. Out: facts in a `Memory`. Constants are really computed while they are small,
so that indices and masks stay known; what takes part in the image's way has shapes only.
"""

from __future__ import annotations

from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from . import shapes
from .axes import Traced, channel, places
from .memory import Memory, View, each_tensor, storage_of, tensors_in
from .recorder import Recorder
from .refusal import LOOKING, refuse_to_look
from .rules import Call, apply, base_name
from .rules.views import moves_nothing

SMALL = 1 << 16  # constants up to this many values are really computed
LARGE = 1 << 24  # constants of more values are not even made: 64 MB in single precision
STRIDED = (torch.ops.aten.as_strided.default, torch.ops.aten.as_strided_copy.default)
INDEXING = ("index", "index_put", "_unsafe_index", "_unsafe_index_put")


class Watching(TorchDispatchMode):
    """Records one run."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Nobody compiles here, and to keep its compiler out torch would load it: 150 MB."""
        return False

    def __init__(self, recorder: Recorder):
        super().__init__()
        self.recorder = recorder
        self.memory = Memory(recorder)

    def begin(self, tensor: Tensor) -> Traced | None:
        """An input: the last dimensions are space, if it has that many."""
        first = tensor.dim() - self.recorder.axes
        if first < 0 or tensor.dim() == 0:
            return self.memory.learn(tensor, None)
        sizes = tuple(tensor.shape[first:])
        labels = (*map(channel, tensor.shape[:first]), *(places(axis, size) for axis, size in enumerate(sizes)))
        return self.memory.learn(tensor, Traced(self.recorder.graph.add(sizes, [], "input"), labels))

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        self.recorder.budget.spend()
        if func in STRIDED and not moves_nothing(*args, **kwargs):
            args, kwargs = self.memory.from_storage(*args, **kwargs), {}
        tensors = tensors_in((args, kwargs))
        for tensor in tensors:
            self.memory.meet(tensor)
        from_image = any(self.memory.known(tensor) is not None for tensor in tensors)
        self.recorder.operation = name = base_name(func)
        if not from_image and all(map(self.memory.has_values, tensors)):
            return self._constant(func, name, args, kwargs, tensors)
        masks = [t for t in tensors[1:] if t.dtype == torch.bool] if name in INDEXING else []
        if name in LOOKING or any(self.memory.values(mask) is None for mask in masks):
            drawn = bool(masks) and any(map(self.memory.is_drawn, masks))
            refuse_to_look(name, self.recorder.layer, from_image=from_image, drawn=drawn)
        if masks:
            args = (args[0], [part for index in args[1] for part in _places_of(index)], *args[2:])
        result = self._run(func, args, kwargs)
        if func._schema.is_mutable:
            return self._written(func, args, kwargs, result)
        outputs = tensors_in(result)
        call = Call(func, args, kwargs, self.memory.known, outputs, self.memory.values)
        facts = apply(self.recorder, call) if from_image else [None] * len(outputs)
        for out, fact in zip(outputs, facts):
            self.memory.learn(out, fact)
        self._views(func, args, kwargs, tensors, outputs)
        return result

    def _run(self, func, args, kwargs):
        """Shapes only. An operation that has no such form is run on zeros."""
        args, kwargs = self.memory.without_values(args), self.memory.without_values(kwargs)
        try:
            return shapes.called(func, args, kwargs)
        except NotImplementedError:
            zeros = each_tensor(lambda t: torch.zeros(t.shape, dtype=t.dtype), (args, kwargs))
            result = func(*zeros[0], **zeros[1])
            return each_tensor(lambda t: torch.empty_like(t, device="meta"), result)

    def _views(self, func, args, kwargs, tensors: list[Tensor], outputs: list[Tensor]) -> None:
        """Results that share the memory of the first argument."""
        if tensors and not func._schema.is_mutable and any(out.alias_info is not None for out in func._schema.returns):
            for position, out in enumerate(outputs):
                self.memory.remember_view(out, View(tensors[0], func, args, kwargs, position))

    # ------------------------------------------------------------------ constants

    def _constant(self, func, name: str, args, kwargs, tensors: list[Tensor]):
        """Nothing of the image takes part: small things are really computed, but the model's own are never written."""
        drawn = any(map(self.memory.is_drawn, tensors))
        if drawn and name in LOOKING:
            refuse_to_look(name, self.recorder.layer, from_image=False, drawn=True)
        written = _written_by(func, args, kwargs) if func._schema.is_mutable else []
        own = all(storage_of(tensor) in self.memory.made for tensor in written)
        if any(tensor.numel() > SMALL for tensor in tensors) or not own:
            result = self._run(func, args, kwargs)
            for tensor in written:
                self.memory.store(tensor, None)
            return _same_objects(result, [self.memory.stand_in(tensor) for tensor in written], written)
        if not tensors and args and isinstance(args[0], list | tuple) and prod(args[0]) > LARGE:
            return self._run(func, args, {**kwargs, "device": torch.device("meta")})
        if not tensors and torch.device(kwargs.get("device") or "cpu").type == "meta":
            kwargs = {**kwargs, "device": torch.device("cpu")}
        result = func(*args, **kwargs)
        outputs = tensors_in(result)
        for out in outputs:
            self.memory.learn(out, None)
        storages = {storage_of(tensor) for tensor in outputs + written}
        self.memory.made |= storages - {storage_of(tensor) for tensor in tensors}
        if drawn or torch.Tag.nondeterministic_seeded in func.tags:
            self.memory.drawn |= storages
        self._views(func, args, kwargs, tensors, outputs)
        return result

    # ------------------------------------------------------------------ writes in place

    def _written(self, func, args, kwargs, result):
        """An in-place operation: its result is what the written tensors now hold, and all views of them."""
        written = _written_by(func, args, kwargs)
        if torch.Tag.inplace_view in func.tags and not any(tensor.is_meta for tensor in written):
            func(*args, **kwargs)  # only the shape counts
        call = Call(func, args, kwargs, self.memory.known, written, self.memory.values)
        facts = apply(self.recorder, call) if call.every_traced() else [None] * len(written)
        for target, fact in zip(written, facts):
            if torch.Tag.inplace_view in func.tags:
                self.memory.turned(target, fact)
            else:
                self.memory.store(target, fact)
        return _same_objects(result, [self.memory.stand_in(tensor) for tensor in written], written)


def _places_of(index: Tensor | None) -> tuple[Tensor | None, ...]:
    """A mask as the positions where it is true: without values, nobody could count them."""
    with torch._C._DisableTorchDispatch():
        return index.nonzero(as_tuple=True) if index is not None and index.dtype == torch.bool else (index,)


def _written_by(func, args: tuple, kwargs: dict) -> list[Tensor]:
    """The tensors that an operation writes into, also those in lists."""
    given = dict(zip((argument.name for argument in func._schema.arguments), args)) | kwargs
    writing = (a.name for a in func._schema.arguments if a.alias_info and a.alias_info.is_write)
    return tensors_in([given.get(name) for name in writing])


def _same_objects(result: Any, stand_ins: list[Tensor], written: list[Tensor]) -> Any:
    """An in-place operation returns the very tensor it was given."""
    back = {id(stand_in): tensor for stand_in, tensor in zip(stand_ins, written)}
    return each_tensor(lambda t: back.get(id(t), t), result)
