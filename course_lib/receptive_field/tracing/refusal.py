"""What cannot be traced is refused in words: models that look at values, and models that throw dice to decide.

A trace runs without values. Whatever needs one ends here, with what was met and what to try instead.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import nn

LOOKING = {  # operations whose result, or its size, depends on values
    "_local_scalar_dense", "is_nonzero", "equal", "nonzero", "_unique2", "unique_dim", "masked_select",
    "unique_consecutive", "bincount", "nonzero_static", "allclose",
}  # fmt: skip

REMEDY = "Trace the part before or after it on its own, or replace the decision by a constant."


class DataDependent(ValueError):
    """The model looks at values: a trace without values cannot follow it."""


class DrawnAtRandom(ValueError):
    """The model decides by random numbers: another run reads other places."""


def refuse_to_look(operation: str, layer: str, *, from_image: bool, drawn: bool) -> None:
    """Say that an operation needs values that a trace does not have, or that are drawn anew in every run."""
    where = f" in layer {layer!r}" if layer else ""
    if drawn:
        raise DrawnAtRandom(
            f"the model draws random numbers{where} and decides by them (torch operation {operation}); every run reads "
            "other places, so it has no single receptive field. Give the numbers from outside, or trace a fixed choice."
        )
    what = "values that come from the image" if from_image else "values of a tensor that has none in this run"
    raise DataDependent(
        f"the model looks at {what}{where} (torch operation {operation}, as .item(), `if tensor:`, a mask as index do);"
        f" the theoretical receptive field is found without values. {REMEDY}"
    )


@contextlib.contextmanager
def values_refused() -> Iterator[None]:
    """Turn torch's own words about tensors without values (.numpy(), .data_ptr(), ...) into ours."""
    try:
        yield
    except (TypeError, NotImplementedError, RuntimeError, ValueError) as error:
        words = str(error)
        numpy = "meta" in words and "numpy" in words
        if numpy or "copy out of meta tensor" in words or "data pointer of Tensor" in words:
            how = ".numpy()" if numpy else "its memory"
            raise DataDependent(
                f"the model leaves torch (it asks a tensor for {how}); the theoretical receptive field is found "
                f"without values, so what happens there cannot be seen. {REMEDY} (torch says: {words})"
            ) from error
        raise


@contextlib.contextmanager
def dice_watched(model: nn.Module) -> Iterator[None]:
    """Refuse a model that draws from Python's or numpy's generators, and put their state back; torch's are tagged."""
    generators = list(generators_in_sight(model))
    before = [_state(generator) for generator in generators]
    try:
        yield
        drawn = [g for g, state in zip(generators, before) if not _same(_state(g), state)]
    finally:
        for generator, state in zip(generators, before):
            _restore(generator, state)
    if drawn:
        name = "Python's random" if isinstance(drawn[0], random.Random) or drawn[0] is random else "numpy's random"
        raise DrawnAtRandom(
            f"the model draws from {name} in its forward pass; every run may read other places, so it has no single "
            "receptive field. Give the numbers from outside, or trace a fixed choice."
        )


def generators_in_sight(model: nn.Module) -> Iterator[Any]:
    """The global generators, and those that modules hold or that their forward methods name."""
    found: dict[int, Any] = {id(random): random, id(np.random): np.random}
    kinds = (random.Random, np.random.Generator, np.random.RandomState)
    classes = set()
    for module in model.modules():
        found.update({id(value): value for value in vars(module).values() if isinstance(value, kinds)})
        classes.add(type(module))
    for kind in classes:
        code, names = getattr(kind.forward, "__code__", None), getattr(kind.forward, "__globals__", {})
        seen = (names.get(name) for name in code.co_names) if code else ()
        found.update({id(value): value for value in seen if isinstance(value, kinds)})
    return iter(found.values())


def _state(generator: Any) -> Any:
    if isinstance(generator, np.random.Generator):
        return generator.bit_generator.state
    return generator.getstate() if hasattr(generator, "getstate") else generator.get_state()


def _same(one: Any, other: Any) -> bool:
    return repr(one) == repr(other) if isinstance(one, dict) else all(np.array_equal(a, b) for a, b in zip(one, other))


def _restore(generator: Any, state: Any) -> None:
    if isinstance(generator, np.random.Generator):
        generator.bit_generator.state = state
    elif hasattr(generator, "setstate"):
        generator.setstate(state)
    else:
        generator.set_state(state)
