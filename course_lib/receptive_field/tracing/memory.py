"""What is known of every tensor of a run, also after something was written into its memory.

Tensors that share memory know of each other in two ways: a view remembers the tensor behind it and how it looks at
it, and a tensor that appears from nowhere (`.data`, a Parameter made from it) is found by its storage. A write is
carried from the view to the tensors behind it; every other view is looked at again when it is next read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .axes import Traced
from .recorder import Recorder
from .rules import Call, apply, base_name
from .rules.written import written_back


class View(NamedTuple):
    """How a tensor looks at the one behind it: the call that made it, and which of its results it was."""

    parent: Tensor
    func: Any
    args: tuple
    kwargs: dict
    position: int


class Memory:
    """Facts by tensor. Whatever is met stays alive, since a tensor that is gone could lend its id to another."""

    def __init__(self, recorder: Recorder):
        self.recorder = recorder
        self.facts: dict[int, Traced | None] = {}
        self.alive: dict[int, Tensor] = {}
        self.storage: dict[int, int] = {}  # tensor -> its storage, as it was met
        self.roots: dict[int, Tensor] = {}  # storage -> the first tensor that was met on it
        self.views: dict[int, View] = {}
        self.writes: dict[int, int] = {}  # storage -> how often it was written
        self.found_at: dict[int, int] = {}  # tensor -> the count of writes at which its facts were found
        self.empty: dict[int, Tensor] = {}  # tensor with values -> its stand-in without
        self.lost: set[int] = set()  # storages whose values are not known any more: something was written
        self.drawn: set[int] = set()  # storages that hold random numbers
        self.made: set[int] = set()  # storages made in the run: writing there changes nobody's values

    # ------------------------------------------------------------------ meeting tensors

    def meet(self, tensor: Tensor) -> None:
        """Before a tensor is used: one that was never seen, or that has another storage by now, is found by it."""
        key, storage = id(tensor), storage_of(tensor)
        if self.storage.get(key) == storage:
            return
        self.alive[key], self.storage[key] = tensor, storage
        root = self.roots.setdefault(storage, tensor)
        if root is not tensor:
            self.remember_view(tensor, self._look_at(root, tensor))
            self.found_at[key] = -1

    def _look_at(self, root: Tensor, tensor: Tensor) -> View:
        """A view that torch did not tell of: the same tensor once more, or any part of it."""
        there, here = ((t.dtype, t.shape, t.stride(), t.storage_offset()) for t in (root, tensor))
        if there == here:
            return View(root, torch.ops.aten.alias.default, (root,), {}, 0)
        where = (list(tensor.shape), list(tensor.stride()), tensor.storage_offset())
        return View(root, torch.ops.aten.as_strided.default, (root, *where), {}, 0)

    def from_storage(
        self, tensor: Tensor, size: list[int], stride: list[int], storage_offset: int | None = None
    ) -> tuple:
        """The arguments of `as_strided`, which counts from where the storage starts, with the tensor there."""
        root = self.roots.get(storage_of(tensor), tensor)
        at = tensor.storage_offset() if storage_offset is None else storage_offset
        return (root if root.dtype == tensor.dtype else tensor), size, stride, at

    def learn(self, tensor: Tensor, fact: Traced | None) -> Traced | None:
        """Note what a new tensor reads."""
        key, storage = id(tensor), storage_of(tensor)
        self.alive[key], self.storage[key], self.facts[key] = tensor, storage, fact
        self.roots.setdefault(storage, tensor)
        self.found_at[key] = self.writes.get(storage, 0)
        return fact

    def remember_view(self, tensor: Tensor, view: View) -> None:
        """Note which tensor lies behind another."""
        if tensor is not view.parent:
            self.views[id(tensor)] = view
            self.alive[id(tensor)], self.alive[id(view.parent)] = tensor, view.parent

    # ------------------------------------------------------------------ what is known

    def known(self, tensor: Tensor) -> Traced | None:
        """What is known of a tensor; a view is looked at again after something was written behind it."""
        chain = [tensor]
        while id(chain[-1]) in self.views and self._is_stale(chain[-1]):
            chain.append(self.views[id(chain[-1])].parent)
        for view in reversed(chain):
            if id(view) in self.views and self._is_stale(view):
                self._look_again(view)
        return self.facts.get(id(tensor))

    def _is_stale(self, tensor: Tensor) -> bool:
        return self.found_at.get(id(tensor), 0) != self.writes.get(self.storage.get(id(tensor), 0), 0)

    def _look_again(self, tensor: Tensor) -> None:
        _, func, args, kwargs, position = self.views[id(tensor)]
        call = Call(func, args, kwargs, self.facts_now, self._outputs_of(func, args, kwargs), self.values)
        self.facts[id(tensor)] = apply(self.recorder, call)[position] if call.every_traced() else None
        self.found_at[id(tensor)] = self.writes.get(self.storage.get(id(tensor), 0), 0)

    def facts_now(self, tensor: Tensor) -> Traced | None:
        """What was last found of a tensor, without looking again."""
        return self.facts.get(id(tensor))

    def _outputs_of(self, func, args, kwargs) -> list[Tensor]:
        with torch._C._DisableTorchDispatch():
            return tensors_in(func(*self.without_values(args), **self.without_values(kwargs)))

    # ------------------------------------------------------------------ values

    def has_values(self, tensor: Tensor) -> bool:
        """Whether a tensor's values can be computed with: it has some, and nothing unknown was written into it."""
        return not tensor.is_meta and storage_of(tensor) not in self.lost

    def is_drawn(self, tensor: Tensor) -> bool:
        """Whether random numbers decided its values."""
        return storage_of(tensor) in self.drawn

    def values(self, tensor: Tensor) -> Tensor | None:
        """A constant's values, the same in every run; None where there are none such."""
        constant = self.has_values(tensor) and not self.is_drawn(tensor) and self.facts_now(tensor) is None
        return tensor if constant else None

    def without_values(self, tree: Any) -> Any:
        """Arguments with a stand-in for every tensor that has values."""
        return each_tensor(self.stand_in, tree)

    def stand_in(self, tensor: Tensor) -> Tensor:
        """A tensor of the same shape without values."""
        if tensor.is_meta:
            return tensor
        key = id(tensor)
        if key not in self.empty or self.empty[key].shape != tensor.shape:
            self.alive[key] = tensor
            self.empty[key] = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="meta")
        return self.empty[key]

    # ------------------------------------------------------------------ writes

    def store(self, target: Tensor, fact: Traced | None) -> None:
        """Note what a tensor holds now, and what the tensors behind it hold."""
        chain = [target]
        while id(chain[-1]) in self.views:
            chain.append(self.views[id(chain[-1])].parent)
        before = [self.known(tensor) for tensor in chain]
        storage = storage_of(target)
        self.writes[storage] = self.writes.get(storage, 0) + 1
        if not target.is_meta:
            self.lost.add(storage)
        self.learn(target, fact)
        for child, parent, old in zip(chain, chain[1:], before[1:]):
            fact = self._behind(child, parent, old, fact)
            self.learn(parent, fact)

    def turned(self, tensor: Tensor, fact: Traced | None) -> None:
        """A tensor that was transposed or squeezed in place: how others look at it is not known any more."""
        for key, view in list(self.views.items()):
            if view.parent is tensor or key == id(tensor):
                self.views[key] = self._look_at(view.parent, self.alive[key])
        self.learn(tensor, fact)

    def _behind(self, child: Tensor, parent: Tensor, old: Traced | None, fact: Traced | None) -> Traced | None:
        """What the tensor behind a view holds after the view was written."""
        _, func, args, kwargs, _ = self.views[id(child)]
        new: Any = False
        if base_name(func) not in ("split", "split_with_sizes", "chunk", "unbind"):
            new = written_back(self.recorder, Call(func, args, kwargs, self.facts_now, [child], self.values), old, fact)
        if new is not False and (new is None or self.recorder.fits(new, tuple(parent.shape))):
            return new
        both = [x for x in (old, fact) if x is not None]
        return self.recorder.unknown(both, tuple(parent.shape)) if both else None


def storage_of(tensor: Tensor) -> int:
    """A number that tensors share when they share memory."""
    try:
        return tensor.untyped_storage()._cdata
    except (NotImplementedError, RuntimeError):  # sparse tensors have no storage of their own
        return -id(tensor)


def tensors_in(tree: Any) -> list[Tensor]:
    """All tensors among arguments or results. torch's own walk knows more kinds of trees: a quarter of a run."""
    if isinstance(tree, Tensor):
        return [tree]
    branches = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list | tuple) else ()
    return [tensor for branch in branches for tensor in tensors_in(branch)]


def each_tensor(changed: Callable[[Tensor], Tensor], tree: Any) -> Any:
    """The same arguments or results with every tensor exchanged."""
    if isinstance(tree, Tensor):
        return changed(tree)
    if isinstance(tree, dict):
        return {name: each_tensor(changed, branch) for name, branch in tree.items()}
    return type(tree)(each_tensor(changed, branch) for branch in tree) if isinstance(tree, list | tuple) else tree
