"""What callers may give, checked at the door: image sizes, inputs, pixels and names of layers.

Each error names what was found, what was expected and, where it can be guessed, what was meant.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from operator import index

import numpy as np
import torch
from torch import Tensor, nn

Pixel = int | Sequence[int]


def whole_numbers(given: object, what: str, example: str) -> tuple[int, ...]:
    """The numbers as ints; text, fractions and anything else that is no whole number is an error."""
    try:
        if isinstance(given, str | bytes):
            raise TypeError
        return tuple(index(n) for n in (given if isinstance(given, Iterable) else (given,)))
    except TypeError:
        raise ValueError(f"{what} must be whole numbers such as {example}, got {given!r}") from None


def checked_model(model: object) -> nn.Module:
    """The model, if it is a module whose operations can be seen."""
    if isinstance(model, torch.jit.ScriptModule):
        raise ValueError("a module compiled by torch.jit hides its operations; give the module that it was made from")
    if isinstance(model, nn.Module):
        return model
    hint = "; an exported program gives one by its method .module()" if hasattr(model, "graph_module") else ""
    raise ValueError(f"the model must be a torch module, got {type(model).__name__}{hint}")


def shapes_of(
    image_size: int | Sequence[int] | None, channels: int, inputs: Sequence[Tensor | Sequence[int]] | None
) -> list[tuple[int, ...]]:
    """The full shapes of all inputs, from an image's size or from the inputs themselves."""
    if (image_size is None) == (inputs is None):
        raise ValueError("give either image_size=(height, width) or inputs=(...), one of the two")
    if inputs is not None:
        if isinstance(inputs, Tensor) or not len(inputs):
            raise ValueError("inputs must be a tuple with at least one tensor or shape")
        shapes = [
            tuple(x.shape) if isinstance(x, Tensor) else whole_numbers(x, "a shape", "(1, 3, 9, 9)") for x in inputs
        ]
    else:
        size = whole_numbers(image_size, "image_size", "(513, 513)")
        size = size * 2 if not isinstance(image_size, Iterable) else size
        if not 1 <= len(size) <= 3:
            raise ValueError(f"image_size must have 1, 2 or 3 numbers such as (513, 513), got {image_size}")
        shapes = [(1, *whole_numbers(channels, "channels", "3"), *size)]
    for shape in shapes:
        if any(size < 1 for size in shape):
            raise ValueError(f"sizes must be at least 1, got {shape}")
    if not 3 <= len(shapes[0]) <= 5:
        raise ValueError(f"the first input must be batch x channels x space, such as (1, 3, 64, 64), got {shapes[0]}")
    return shapes


def resized(shape: tuple[int, ...], first: tuple[int, ...], size: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an input when the first one gets another size: all grow in the same proportion."""
    if len(shape) != len(first):
        return shape
    if shape[2:] == first[2:]:
        return (*shape[:2], *size)
    return (*shape[:2], *(max(1, own * new // old) for own, old, new in zip(shape[2:], first[2:], size)))


def position_of(pixel: Pixel, sizes: tuple[int, ...], layer: str) -> tuple[int, ...]:
    """The pixel as one whole number per spatial axis, inside the layer's map."""
    if isinstance(pixel, np.ndarray | Tensor):
        pixel = pixel.tolist()
    position = whole_numbers(pixel, "pixel", str(tuple(size // 2 for size in sizes)))
    if len(position) != len(sizes):
        raise ValueError(f"pixel must have {len(sizes)} numbers, one per spatial axis, got {pixel!r}")
    if not all(0 <= at < size for at, size in zip(position, sizes)):
        size = " x ".join(map(str, sizes))
        raise ValueError(f"pixel {position} lies outside layer {layer!r}, whose output is {size} (counted from 0)")
    return position


def known_name(layer: str | None, names: Iterable[str]) -> str:
    """The name of a layer, "output" by default, or an error that suggests the closest ones."""
    layer, names = "output" if layer is None else layer, list(names)
    if layer in names:
        return layer
    close = difflib.get_close_matches(str(layer), names, n=3, cutoff=0.4)
    hint = f"did you mean {', '.join(map(repr, close))}? " if close else ""
    raise ValueError(f"no layer is called {layer!r}; {hint}field.layers lists all {len(names)} names")
