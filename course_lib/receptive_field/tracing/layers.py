"""The layers of a run by name, and which places of the graph a pixel of each one means.

In: modules as they answer. Out: a `Layer` for each name. A pixel counts along dimensions of the tensor as it is, also
where these are transposed, merged or interleaved; the labels tell which places of the node that is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.utils._pytree import keystr, tree_flatten, tree_flatten_with_path

from .axes import CHANNEL, Dimension, Traced, is_spatial, kind_of
from .recorder import Recorder


@dataclass(frozen=True)
class Layer:
    """One named tensor of the run."""

    fact: Traced | None  # None: it reads nothing of the image
    shape: tuple[int, ...]
    node_sizes: tuple[int, ...]
    dims: tuple[int, ...] | None  # the dimensions that a pixel counts along; None: the axes of the image themselves

    @property
    def is_map(self) -> bool:
        """Whether it has places at all."""
        return self.fact is not None and any(map(is_spatial, self.fact.labels))

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many pixels it has along each dimension that a pixel counts along."""
        return self.node_sizes if self.dims is None else tuple(self.shape[dim] for dim in self.dims)

    def places(self, pixel: tuple[int, ...]) -> tuple[np.ndarray, ...]:
        """The places of the node that a pixel means: per axis an array of bool."""
        chosen = [np.zeros(1, int) for _ in self.node_sizes]
        if self.dims is None:
            chosen = [np.array([at]) for at in pixel]
        else:
            at = dict(zip(self.dims, pixel))
            for dim, dimension in enumerate(self.fact.labels):
                for axis, values in _decoded(dimension, at.get(dim)):
                    chosen[axis] = (chosen[axis][:, None] + values).ravel()
        read = tuple(np.zeros(size, bool) for size in self.node_sizes)
        for one, values in zip(read, chosen):
            one[values] = True
        return read


def _decoded(dimension: Dimension, index: int | None) -> Iterator[tuple[int, np.ndarray]]:
    """What an index along a dimension says about each axis; all values of the digits where there is no index."""
    left = index or 0
    for digit in reversed(dimension):
        value, left = left % digit.size, left // digit.size
        if digit.is_place:
            yield digit.axis, digit.stride * (np.arange(digit.size) if index is None else np.array([value]))


def layer_of(recorder: Recorder, fact: Traced | None, shape: tuple[int, ...]) -> Layer:
    """A tensor as a layer: its pixels count along the dimensions with places, or along those behind the channels."""
    if fact is None:
        return Layer(None, shape, (), None)
    rank, axes = len(shape), recorder.axes
    spatial = tuple(dim for dim, label in enumerate(fact.labels) if is_spatial(label))
    behind = tuple(range(2, rank)) if rank == axes + 2 else None
    dims = spatial if len(spatial) == axes else behind
    if dims is not None:
        others = [dim for dim in spatial if dim not in dims]  # a pixel means all of their places
        fact = recorder.contract(fact, others, keep=False, is_global=False) if others else fact
        fact = recorder.spatial(recorder.in_order(fact, dims), list(dims))
        if any(kind_of(fact.labels[dim]) != CHANNEL for dim in dims):
            fact = recorder.doubted(fact)  # a pixel chooses one of several channels that read different places
    return Layer(fact, shape, recorder.sizes(fact), dims)


def unused(name: str, taken: dict) -> str:
    """The name, or `name#2` and so on when it is taken."""
    if name not in taken:
        return name
    times = 2
    while f"{name}#{times}" in taken:
        times += 1
    return f"{name}#{times}"


@contextlib.contextmanager
def modules_named(model: nn.Module, recorder: Recorder, note: Callable[[str, Any], None]) -> Iterator[None]:
    """Hooks that note the answer of every module by its name."""
    names = {id(module): name for name, module in reversed(list(model.named_modules()))}
    running: list[str] = []

    def before(module: nn.Module, args: tuple) -> None:
        if id(module) in names:
            running.append(names[id(module)])
            recorder.layer = running[-1]

    def after(module: nn.Module, args: tuple, result: Any) -> None:
        if id(module) in names:
            recorder.layer = running[-2] if len(running) > 1 else ""
            note(running.pop(), result)

    hooks = [register_module_forward_pre_hook(before), register_module_forward_hook(after)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def main_tensor(result: Any, known: Callable[[Tensor], Traced | None]) -> Tensor | None:
    """The tensor that stands for a result: "out" of a dictionary, else the first that comes from the image."""
    if isinstance(result, Tensor):
        return result
    if isinstance(result, dict) and isinstance(result.get("out"), Tensor):
        return result["out"]
    tensors = [leaf for leaf in tree_flatten(result)[0] if isinstance(leaf, torch.Tensor)]
    return next((t for t in tensors if known(t) is not None), tensors[0] if tensors else None)


def outputs_named(result: Any, main: Tensor) -> Iterator[tuple[str, Tensor]]:
    """The model's answer is the layer "output"; further tensors in it are "output['aux']", "output[1]"."""
    yield "output", main
    for path, leaf in tree_flatten_with_path(result)[0]:
        if isinstance(leaf, Tensor) and leaf is not main:
            yield "output" + keystr(path), leaf
