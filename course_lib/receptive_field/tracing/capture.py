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

from .axes import Traced
from .budget import Budget
from .graph import Graph
from .layers import Layer, layer_of, main_tensor, modules_named, outputs_named, unused
from .recorder import Recorder
from .refusal import dice_watched, values_refused
from .watching import Watching


@dataclass
class Trace:
    """What one run left behind."""

    graph: Graph
    axes: int
    inputs: list[Traced | None] = field(default_factory=list)
    layers: dict[str, Layer] = field(default_factory=dict)
    was_training: bool = False

    @property
    def doubts(self) -> dict[str, str]:
        """The operations that make some layer an upper bound, each with the layer where it first did so."""
        return self.graph.doubts(layer.fact.node for layer in self.layers.values() if layer.fact)


def capture(model: nn.Module, inputs: tuple[Tensor, ...], axes: int, budget: Budget | None = None) -> Trace:
    """Run the model once and return what was seen. `inputs` are meta tensors; the last `axes` dimensions are space."""
    recorder = Recorder(axes, budget or Budget())
    mode = Watching(recorder)
    trace = Trace(recorder.graph, axes)
    trace.inputs = [mode.begin(tensor) for tensor in inputs]
    trace.was_training = any(module.training for module in model.modules())

    def note(name: str, tensor: Tensor) -> None:
        fact = mode.memory.known(tensor)
        trace.layers[unused(name, trace.layers)] = layer_of(recorder, fact, tuple(tensor.shape))

    def answered(name: str, result: Any) -> None:
        tensor = main_tensor(result, mode.memory.known)
        if name and tensor is not None:
            note(name, tensor)

    hooks = modules_named(model, recorder, answered)
    with untouched(model), dice_watched(model), hooks, values_refused(), torch.no_grad(), mode:
        result = model(*inputs)
    main = main_tensor(result, mode.memory.known)
    if main is None:
        raise ValueError(
            f"the model returned no tensor but {type(result).__name__}; give a module that returns tensors"
        )
    for name, tensor in outputs_named(result, main):
        note(name, tensor)
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
