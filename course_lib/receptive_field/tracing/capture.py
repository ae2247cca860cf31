"""One run of the model on tensors without values, in which every operation is written down.

In: a model and its inputs (shapes are enough). Out: a `Trace`: the graph, and the node of every layer and output.
The model is not changed: what its modules hold is put back afterwards, also when the run fails. Parameters keep
their values and are swapped for empty ones only as an operation meets them, so no arithmetic is done.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

from .axes import Traced, channel
from .graph import Graph
from .recorder import Recorder
from .rules import Call, apply, base_name
from .rules.views import written_back

SMALL = 1 << 16  # constants up to this many values are really computed, so that indices and masks stay known


LOOKING = {  # operations whose result, or its size, depends on values
    "_local_scalar_dense", "is_nonzero", "equal", "nonzero", "_unique2", "unique_dim", "masked_select",
    "unique_consecutive",
}  # fmt: skip


class DataDependent(ValueError):
    """The model looks at values: a trace without values cannot follow it."""


@dataclass
class Trace:
    """What one run left behind."""

    graph: Graph
    axes: int
    inputs: list[Traced | None] = field(default_factory=list)
    layers: dict[str, Traced | None] = field(default_factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)
    was_training: bool = False


def capture(model: nn.Module, inputs: tuple[Tensor, ...], axes: int, output: Any = None) -> Trace:
    """Run the model once and return what was seen. `inputs` are meta tensors; the last `axes` dimensions are space."""
    recorder = Recorder(axes)
    mode = Watching(recorder)
    trace = Trace(recorder.graph, axes, doubts=recorder.doubts)
    trace.inputs = [mode.begin(tensor, axes) for tensor in inputs]
    trace.was_training = any(module.training for module in model.modules())
    with untouched(model), names_of_layers(model, mode, trace), torch.no_grad(), mode:
        result = model(*inputs)
    name_outputs(result, mode, trace)
    return trace


@contextlib.contextmanager
def untouched(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside; on the way out every module holds again exactly what it held."""
    saved = []
    for module in model.modules():
        inner = {k: v.copy() for k, v in module.__dict__.items() if isinstance(v, (dict, list))}
        saved.append((module, dict(module.__dict__), inner))
    try:
        for module, _, _ in saved:
            if module.training:
                module.__dict__["training"] = False
        yield
    finally:
        for module, before, inner in saved:
            module.__dict__.clear()
            module.__dict__.update(before)
            for name, content in inner.items():
                _restore(before[name], content)


def _restore(container: dict | list, content: dict | list) -> None:
    container.clear()
    container.update(content) if isinstance(container, dict) else container.extend(content)


@contextlib.contextmanager
def names_of_layers(model: nn.Module, mode: Watching, trace: Trace) -> Iterator[None]:
    """Hooks that note the output of every module; a module called again gets `name#2`."""
    names = {id(module): name for name, module in reversed(list(model.named_modules()))}
    running: list[str] = []

    def before(module: nn.Module, args: tuple) -> None:
        if id(module) in names:
            running.append(names[id(module)])
            mode.recorder.layer = running[-1]

    def after(module: nn.Module, args: tuple, result: Any) -> None:
        if id(module) not in names:
            return
        mode.recorder.layer = running[-2] if len(running) > 1 else ""
        name = running.pop()
        tensor = first_tensor(result, mode)
        if name and tensor is not None:
            note(trace, unused(name, trace.layers), mode.place_of(tensor), tensor)

    hooks = [register_module_forward_pre_hook(before), register_module_forward_hook(after)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def unused(name: str, taken: dict) -> str:
    if name not in taken:
        return name
    times = 2
    while f"{name}#{times}" in taken:
        times += 1
    return f"{name}#{times}"


def note(trace: Trace, name: str, known: Traced | None, tensor: Tensor) -> None:
    trace.layers[name] = known
    trace.shapes[name] = tuple(tensor.shape)


def first_tensor(result: Any, mode: Watching) -> Tensor | None:
    """The tensor that stands for a result: "out" of a dictionary, else the first that comes from the image."""
    if isinstance(result, Tensor):
        return result
    if isinstance(result, dict) and isinstance(result.get("out"), Tensor):
        return result["out"]
    tensors = [leaf for leaf in tree_flatten(result)[0] if isinstance(leaf, Tensor)]
    return next((t for t in tensors if mode.known(t) is not None), tensors[0] if tensors else None)


def name_outputs(result: Any, mode: Watching, trace: Trace) -> None:
    """The model's answer is the layer "output"; further tensors in it are "output['aux']", "output[1]"."""
    main = first_tensor(result, mode)
    if main is None:
        raise ValueError(
            f"the model returned no tensor but {type(result).__name__}; give a module that returns tensors"
        )
    note(trace, "output", mode.place_of(main), main)
    for path, leaf in torch.utils._pytree.tree_flatten_with_path(result)[0]:
        if isinstance(leaf, Tensor) and leaf is not main:
            note(trace, unused("output" + torch.utils._pytree.keystr(path), trace.layers), mode.place_of(leaf), leaf)


class Watching(TorchDispatchMode):
    """Sees each operation, lets it compute shapes only, and asks the rules what it reads."""

    def __init__(self, recorder: Recorder):
        super().__init__()
        self.recorder = recorder
        self.facts: dict[int, Traced | None] = {}
        self.alive: dict[int, Tensor] = {}  # a tensor that is gone could lend its id to another
        self.empty: dict[int, Tensor] = {}  # real tensor -> its stand-in without values
        self.views: dict[int, tuple[Tensor, Any, tuple, dict]] = {}  # view -> the tensor behind, and how
        self.stale: dict[int, int] = {}  # view -> version of the tensor behind, at the time its facts were found
        self.version: dict[int, int] = {}

    def begin(self, tensor: Tensor, axes: int) -> Traced | None:
        """An input: the last dimensions are space, if it has that many."""
        if tensor.dim() < axes or tensor.dim() == 0:
            return None
        sizes = tuple(tensor.shape[tensor.dim() - axes :])
        labels = tuple(channel(size) for size in tensor.shape[: tensor.dim() - axes])
        labels += tuple(((axis, 1, size),) for axis, size in enumerate(sizes))
        return self.learn(tensor, Traced(self.recorder.graph.add(sizes, [], "input"), labels))

    # ------------------------------------------------------------------ what is known

    def learn(self, tensor: Tensor, fact: Traced | None) -> Traced | None:
        self.facts[id(tensor)], self.alive[id(tensor)] = fact, tensor
        return fact

    def known(self, tensor: Tensor) -> Traced | None:
        """What is known of a tensor; views are looked at again after something was written behind them."""
        key = id(tensor)
        if key in self.views:
            parent, func, args, kwargs, position = self.views[key]
            self.known(parent)
            if self.stale.get(key) != self.version.get(id(parent), 0):
                self.stale[key] = self.version.get(id(parent), 0)
                self.version[key] = self.version.get(key, 0) + 1
                call = Call(func, args, kwargs, self.known, self._outputs_of(func, args, kwargs))
                self.facts[key] = apply(self.recorder, call)[position] if call.every_traced() else None
        return self.facts.get(key)

    def place_of(self, tensor: Tensor) -> Traced | None:
        """What is known of a layer's output, its places in order."""
        fact = self.known(tensor)
        if fact is None:
            return None
        fact, rank = self.recorder.settled(fact), tensor.dim()
        return self.recorder.spatial(fact, list(range(2, rank)))

    def _outputs_of(self, func, args, kwargs) -> list[Tensor]:
        with torch._C._DisableTorchDispatch():
            return _tensors(func(*self._without_values(args), **self._without_values(kwargs)))

    def _without_values(self, tree: Any) -> Any:
        return tree_map_only(Tensor, self._stand_in, tree)

    def _stand_in(self, tensor: Tensor) -> Tensor:
        if tensor.is_meta:
            return tensor
        key = id(tensor)
        if key not in self.empty:
            self.alive[key] = tensor
            self.empty[key] = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
        return self.empty[key]

    # ------------------------------------------------------------------ each operation

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        tensors = [leaf for leaf in tree_flatten((args, kwargs))[0] if isinstance(leaf, Tensor)]
        from_image = any(self.known(t) is not None for t in tensors)
        if not from_image and not any(t.is_meta or id(t) in self.empty for t in tensors):
            return self._constant(func, args, kwargs, tensors)
        name = base_name(func)
        self.recorder.operation = name
        if name in LOOKING or (name == "index" and any(t.dtype == torch.bool and self.known(t) for t in tensors[1:])):
            self._refuse(name, from_image)
        result = self._run(func, args, kwargs)
        outputs = _tensors(result)
        self.alive.update((id(t), t) for t in outputs)
        call = Call(func, args, kwargs, self.known, outputs)
        if func._schema.is_mutable:
            return self._written(func, call, args, kwargs, result, outputs)
        facts = apply(self.recorder, call) if from_image else [None] * len(outputs)
        for position, (out, fact) in enumerate(zip(outputs, facts)):
            self.learn(out, fact)
            if _is_view(func):
                self._remember_view(out, tensors[0], func, args, kwargs, position)
        return result

    def _run(self, func, args, kwargs):
        """Shapes only. An operation that has no such form is run on zeros."""
        args, kwargs = self._without_values(args), self._without_values(kwargs)
        try:
            return func(*args, **kwargs)
        except NotImplementedError:
            real = tree_map_only(Tensor, lambda t: torch.zeros(t.shape, dtype=t.dtype), (args, kwargs))
            result = func(*real[0], **real[1])
            return tree_map_only(Tensor, lambda t: torch.empty_like(t, device="meta"), result)

    def _constant(self, func, args, kwargs, tensors):
        """Nothing of the image takes part: small things are really computed, on copies if they would be written."""
        if not tensors and kwargs.get("device") is not None and torch.device(kwargs["device"]).type == "meta":
            kwargs = {**kwargs, "device": torch.device("cpu")}
        if any(t.numel() > SMALL for t in tensors) or func._schema.is_mutable:
            result = self._run(func, args, kwargs)
            if func._schema.is_mutable:
                return args[0] if isinstance(args[0], Tensor) else result
            return result
        result = func(*args, **kwargs)
        self.alive.update((id(t), t) for t in _tensors(result))
        for position, out in enumerate(_tensors(result)):
            if tensors and _is_view(func):
                self._remember_view(out, tensors[0], func, args, kwargs, position)
        return result

    def _remember_view(self, out, parent, func, args, kwargs, position) -> None:
        if out is parent:
            return
        self.views[id(out)] = (parent, func, args, kwargs, position)
        self.alive[id(out)], self.alive[id(parent)] = out, parent
        self.stale[id(out)] = self.version.get(id(parent), 0)

    def _refuse(self, name: str, from_image: bool) -> None:
        where = f" in layer {self.recorder.layer!r}" if self.recorder.layer else ""
        what = "values that come from the image" if from_image else "values of a tensor that has none in this run"
        raise DataDependent(
            f"the model looks at {what}{where} (torch operation {name}, as .item(), `if tensor:`, a mask as index do); "
            "the theoretical receptive field is found without values. Trace the part before or after it on its own, "
            "or replace the decision by a constant."
        )

    # ------------------------------------------------------------------ writes in place

    def _written(self, func, call: Call, args, kwargs, result, outputs):
        """An in-place operation: its result is what the written tensor now holds, and all views of it."""
        written = [call.values[a.name] for a in func._schema.arguments if a.alias_info and a.alias_info.is_write]
        written = [t for t in written if isinstance(t, Tensor)]
        call.outputs = [self._stand_in(t) for t in written]
        facts = apply(self.recorder, call) if call.every_traced() else [None] * len(written)
        for target, fact in zip(written, facts):
            self._store(target, fact)
        return _same_objects(result, outputs, call.outputs, written)

    def _store(self, target: Tensor, fact: Traced | None) -> None:
        """Write down what a tensor holds now, and what the tensors behind it hold."""
        key = id(target)
        self.learn(target, fact)
        self.version[key] = self.version.get(key, 0) + 1
        if key not in self.views:
            return
        parent, func, args, kwargs, _ = self.views[key]
        call = Call(func, args, kwargs, self.known, [target])
        old = self.known(parent)
        if base_name(func) in ("split", "split_with_sizes", "chunk", "unbind"):
            new = False
        else:
            new = written_back(self.recorder, call, old, fact)
        if new is False:
            both = [x for x in (old, fact) if x is not None]
            new = self.recorder.unknown(both, tuple(parent.shape)) if both else None
        self._store(parent, new)
        self.stale[key] = self.version[id(parent)]


def _is_view(func) -> bool:
    """Whether the result shares the memory of the first argument."""
    return not func._schema.is_mutable and any(out.alias_info is not None for out in func._schema.returns)


def _tensors(result: Any) -> list[Tensor]:
    return [leaf for leaf in tree_flatten(result)[0] if isinstance(leaf, Tensor)]


def _same_objects(result: Any, outputs: list[Tensor], stand_ins: list[Tensor], written: list[Tensor]) -> Any:
    """An in-place operation returns the very tensor it was given."""
    back = {id(s): w for s, w in zip(stand_ins, written)}
    return tree_map_only(Tensor, lambda t: back.get(id(t), t), result)
