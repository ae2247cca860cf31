"""The theoretical receptive field: which input pixels can influence an output pixel, for some weights and some image.

In: a model and the size of its image. Out: a `Field`, which answers for every pixel of every layer: a box, a mask,
sets with holes, the size without borders. One run of the model without values is all it takes (see tracing/capture.py).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from .arguments import Pixel, checked_model, known_name, position_of, resized, shapes_of
from .layer_table import LayerTable, Row
from .solving.backward import Product, fewer, painted, products, share_of_box
from .solving.cover import unions
from .solving.unclipped import Unclipped, tidy
from .tracing.budget import Budget
from .tracing.capture import Trace, capture
from .tracing.layers import Layer


def theoretical(
    model: nn.Module,
    image_size: int | Sequence[int] | None = None,
    channels: int = 3,
    *,
    inputs: Sequence[Tensor | Sequence[int]] | None = None,
    stop_at_global: bool = False,
    dtype: torch.dtype | None = None,
) -> Field:
    """The exact receptive field of every pixel of every layer of `model`.

    image_size      (height, width); one number per spatial axis, so (length,) and (depth, height, width) work too
    channels        of the image
    inputs          instead of both, for models with several inputs: tensors, or whole shapes such as (1, 3, 64, 64);
                    their spatial axes are those after the first two dimensions of the first one
    stop_at_global  leave out branches that read the whole map (global pooling, squeeze-excitation, the statistics of
                    GroupNorm): what remains is the local part of the field
    dtype           of the image, where it is not that of the model's first weights

    The model is traced in evaluation mode (in training BatchNorm would read the whole image) and left as it was.
    """
    model, shapes = checked_model(model), shapes_of(image_size, channels, inputs)
    axes = len(shapes[0]) - 2
    dtype = dtype or next((w.dtype for w in model.parameters() if w.is_floating_point()), torch.float32)
    kinds = [t.dtype if isinstance(t, Tensor) else dtype for t in inputs] if inputs is not None else [dtype]

    def shapes_at(size: tuple[int, ...]) -> list[tuple[int, ...]]:
        return [resized(shape, shapes[0], size) for shape in shapes]

    def trace_at(size: tuple[int, ...], budget: Budget | None = None) -> Trace:
        tensors = (torch.empty(shape, dtype=kind, device="meta") for shape, kind in zip(shapes_at(size), kinds))
        return capture(model, tuple(tensors), axes, budget)

    image = tuple(shapes[0][2:])
    try:
        trace = trace_at(image)
    except RuntimeError as error:
        given = f"{' x '.join(map(str, image))} with {shapes[0][1]} channels"
        raise ValueError(
            f"the model does not run on an image of {given}; try a larger one, or others: {error}"
        ) from error
    if doubts := trace.doubts:
        named = ", ".join(f"{name} (in {layer!r})" if layer else name for name, layer in doubts.items())
        words = f"the receptive field is an upper bound, not exact, after these operations: {named}; "
        words += "where it is not known what they read, the whole image is assumed (exact=False)"
        warnings.warn(words, stacklevel=2)
    return Field(trace, trace_at, shapes_at, image, stop_at_global=stop_at_global)


class Field:
    """The theoretical receptive fields of one model on one image size."""

    def __init__(self, trace: Trace, trace_at, shapes_at, image: tuple[int, ...], *, stop_at_global: bool):
        self.image_size = image
        self.stop_at_global = stop_at_global
        self.notes = ["traced in evaluation mode, though the model is in training mode"] if trace.was_training else []
        self._trace, self._trace_at, self._shapes_at = trace, trace_at, shapes_at
        self._unclipped: dict[int, Unclipped] = {}
        self._products = lru_cache(maxsize=256)(self._find_products)

    # ------------------------------------------------------------------ what there is to ask about

    @property
    def layers(self) -> list[str]:
        """All names that `layer=` understands, in the order of the run; "output" is the default."""
        return list(self._trace.layers)

    @property
    def exact(self) -> bool:
        """Whether the field of the output is exact; otherwise it is an upper bound."""
        return self.is_exact()

    def is_exact(self, layer: str | None = None) -> bool:
        """Whether the layer's field is exact; otherwise it is an upper bound."""
        fact = self._trace.layers[self._name(layer)].fact
        return fact is None or self._trace.graph.nodes[fact.node].exact

    def output_size(self, layer: str | None = None) -> tuple[int, ...]:
        """The spatial size of a layer's output."""
        return self._map(layer).sizes

    # ------------------------------------------------------------------ one pixel

    def box(self, pixel: Pixel, layer: str | None = None, *, input: int = 0) -> tuple[int, ...]:
        """(top, left, bottom, right), half open, clipped to the image; all zeros when the pixel reads nothing.

        With one or three axes: all starts, then all stops.
        """
        sets = self.sets(pixel, layer, input=input)
        if not all(len(side) for side in sets):
            return (0,) * (2 * len(sets))
        return (*(int(side[0]) for side in sets), *(int(side[-1]) + 1 for side in sets))

    def mask(self, pixel: Pixel, layer: str | None = None, *, input: int = 0) -> np.ndarray:
        """True where the pixel can see: an array of bool of the image's size."""
        union = self._union(pixel, layer, input)
        return painted(union) if union else np.zeros(self._input_sizes(input), bool)

    def sets(self, pixel: Pixel, layer: str | None = None, *, input: int = 0) -> tuple[np.ndarray, ...]:
        """Per axis the positions that are read in some row or column: with their holes."""
        union = self._union(pixel, layer, input)
        if not union:
            return tuple(np.zeros(0, int) for _ in self._input_sizes(input))
        return tuple(np.flatnonzero(np.logical_or.reduce(sides)) for sides in zip(*union))

    def coverage(self, pixel: Pixel | None = None, layer: str | None = None, *, input: int = 0) -> float:
        """The share of the box that is really read; of the middle pixel unless told otherwise."""
        if pixel is None:
            pixel = tuple(size // 2 for size in self.output_size(layer))
        return share_of_box(self._union(pixel, layer, input))

    # ------------------------------------------------------------------ all pixels

    def size(self, layer: str | None = None, *, input: int = 0) -> tuple[float, ...]:
        """(height, width) without borders, the largest over all phases; `math.inf` along an axis that is read whole."""
        return tuple(tidy(extent.size) for extent in self._extent(layer, input))

    def stride(self, layer: str | None = None, *, input: int = 0) -> tuple[float, ...]:
        """The distance between the fields of neighbouring pixels, on average over the phases; nan where it has none."""
        return tuple(tidy(extent.stride) for extent in self._extent(layer, input))

    def offset(self, layer: str | None = None, *, input: int = 0) -> tuple[float, ...]:
        """The centre of the field of pixel 0, as it would be without borders."""
        return tuple(tidy(extent.offset) for extent in self._extent(layer, input))

    def table(self) -> LayerTable:
        """One row per layer: name, output size, size, stride, offset, coverage, exact. A list that prints as text."""
        maps = {name: layer for name, layer in self._trace.layers.items() if layer.is_map}
        starts = {layer.fact.node: layer.places(tuple(size // 2 for size in layer.sizes)) for layer in maps.values()}
        found = unions(self._trace.graph, self._root(0), starts, stop_at_global=self.stop_at_global)
        return LayerTable([self._row(name, found.get(layer.fact.node)) for name, layer in maps.items()], self.notes)

    def __repr__(self) -> str:
        known = "exact" if self.exact else "an upper bound"
        image = " x ".join(map(str, self.image_size))
        questions = ".box((y, x)), .mask((y, x)), .size(), .table()"
        return f"Field of {len(self.layers)} layers on an image of {image}, {known}; ask {questions}"

    # ------------------------------------------------------------------ inside

    def _row(self, layer: str, middle: list[Product] | None) -> Row:
        size, stride, offset = self.size(layer), self.stride(layer), self.offset(layer)
        covered = self.coverage(layer=layer) if middle is None else share_of_box(middle)
        return Row(layer, self.output_size(layer), size, stride, offset, covered, self.is_exact(layer))

    def _name(self, layer: str | None) -> str:
        return known_name(layer, self._trace.layers)

    def _map(self, layer: str | None) -> Layer:
        name = self._name(layer)
        known = self._trace.layers[name]
        if known.fact is None:
            raise ValueError(f"layer {name!r} reads nothing of the image: its output is constant")
        if not known.is_map:
            raise ValueError(
                f"layer {name!r} has no spatial axes: its output has shape {known.shape}; "
                f"ask an earlier layer{self._last_spatial(name)}"
            )
        return known

    def _last_spatial(self, name: str) -> str:
        names = list(self._trace.layers)
        for earlier in reversed(names[: names.index(name)]):
            if self._trace.layers[earlier].is_map:
                return f", such as {earlier!r}"
        return ""

    def _root(self, number: int) -> int:
        roots = self._trace.inputs
        if not 0 <= number < len(roots):
            raise ValueError(f"input must be between 0 and {len(roots) - 1}, got {number}")
        if roots[number] is None:
            raise ValueError(f"input {number} has no spatial axes")
        return roots[number].node

    def _input_sizes(self, number: int) -> tuple[int, ...]:
        return self._trace.graph.nodes[self._root(number)].sizes

    def _union(self, pixel: Pixel, layer: str | None, number: int) -> list[Product]:
        name = self._name(layer)
        return self._products(name, position_of(pixel, self._map(layer).sizes, name), self._root(number))

    def _find_products(self, layer: str, position: tuple[int, ...], root: int) -> list[Product]:
        known = self._trace.layers[layer]
        start = known.places(position)
        found = products(self._trace.graph, known.fact.node, start, [root], stop_at_global=self.stop_at_global)
        return fewer(found[root]) if found[root] else []

    def _extent(self, layer: str | None, number: int):
        root = self._root(number)
        self._map(layer)
        if root not in self._unclipped:
            self._unclipped[root] = Unclipped(
                self._trace_at, self._shapes_at, self.image_size, self._trace, root, self.stop_at_global
            )
        extent = self._unclipped[root].extent(self._name(layer))
        note = self._unclipped[root].note
        if note and note not in self.notes:
            self.notes.append(note)
            warnings.warn(note, stacklevel=4)
        return extent
