"""The shapes of what a network computes, without computing it: what `structure`, `compare` and pictures of sizes need.

To tell the shape of a sum, a convolution or a pool of tensors without values, torch loads its compiler, for seconds.
The same functions tell it at once from tensors that have values, if the batch holds no image.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map_only

from course_lib.models.operations import POOLS, convolved

IN_PLACE = ("relu_", "add_", "__iadd__")
ALONE = ("relu", "hardtanh", "hardswish", "sigmoid", "square", "pow", "zeros_like")  # nn.ReLU6 calls hardtanh
SPREAD = ("add", "__add__", "__radd__", "mul", "__mul__", "__rmul__", "div")  # over maps of other sizes
SHAPE_STAYS = ("batch_norm", *ALONE, *SPREAD, *IN_PLACE)
EACH_ALONE = (*POOLS, "adaptive_avg_pool2d", "max_unpool2d", "interpolate", "pad", *SPREAD)


class ShapesAlone(TorchFunctionMode):
    """Runs on tensors without values as `shape_of` does."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        return shape_of(func, args, kwargs or {})


def shape_of(func: Callable, args: tuple, kwargs: dict) -> Tensor | tuple:
    """What a call gives, without values."""
    name, maps = func.__name__, [each for each in args if isinstance(each, Tensor) and each.ndim == 4]
    if name == "cat" and 1 in (*args[1:], kwargs.get("dim")):
        return of_no_images(func, args, kwargs, batch=len(args[0][0]))
    if not maps:
        return func(*args, **kwargs)
    if name in SHAPE_STAYS and len({each.shape for each in maps}) == 1 and "dtype" not in kwargs:
        return maps[0] if name in IN_PLACE or kwargs.get("inplace") else without_values(maps[0], maps[0].shape)
    if name in ("conv2d", "conv_transpose2d") and len(maps) == 2:
        return of_few_channels(func, convolved(args, kwargs, name == "conv_transpose2d"))
    if name == "max_unpool2d" and (size := kwargs.get("output_size") if func is F.max_unpool2d else args[2]):
        return without_values(maps[0], (*maps[0].shape[:2], *size[-2:]))
    alone = name in EACH_ALONE or (name == "mean" and (*args[1:], kwargs.get("dim"))[0] == (2, 3))
    alike = len({len(each) for each in maps}) == 1
    return of_no_images(func, args, kwargs, batch=len(maps[0])) if alone and alike else func(*args, **kwargs)


def of_few_channels(func: Callable, given: dict) -> Tensor:
    """The shape of a convolution, which does not depend on how many channels each group reads."""
    image, weight, groups = given["input"], given["weight"], given.get("groups", 1)
    transposed = func.__name__ == "conv_transpose2d"
    if image.shape[1] != (weight.shape[0] if transposed else groups * weight.shape[1]):
        return func(**given)  # torch has the words for it
    thin = weight[:groups] if transposed else weight[:, :1]
    few = {"input": image[:, :groups], "weight": torch.empty(thin.shape, dtype=thin.dtype), "bias": None}
    return of_no_images(func, (), {**given, **few}, batch=len(image))


def of_no_images(func: Callable, args: tuple, kwargs: dict, *, batch: int) -> Tensor | tuple:
    """What the call gives for maps of no images, with so many put back."""
    args, kwargs = tree_map_only(Tensor, no_images, (args, kwargs))
    return tree_map_only(Tensor, lambda out: without_values(out, (batch, *out.shape[1:])), func(*args, **kwargs))


def no_images(maps: Tensor) -> Tensor:
    """Maps of this size and of an empty batch; what has values already stays."""
    return torch.empty(0, *maps.shape[1:], dtype=maps.dtype) if maps.is_meta else maps


def without_values(like: Tensor, shape: tuple[int, ...]) -> Tensor:
    """A tensor of this shape that takes no memory."""
    return torch.empty(shape, dtype=like.dtype, device="meta")
