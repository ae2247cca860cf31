"""Shapes of common operations without torch's compiler, which torch loads to find them: a second, and 150 MB.

In: an operation and its arguments, without values. Out: its results, without values. What is known here to treat each
image alone is called on no image; for all else torch is asked.
"""

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from .memory import each_tensor, tensors_in
from .rules import base_name

ON_MAPS = {  # the first argument are images, and all others say what is done with them
    "convolution", "native_batch_norm", "max_pool2d_with_indices", "avg_pool2d", "_adaptive_avg_pool2d",
    "reflection_pad2d", "replication_pad2d", "upsample_bicubic2d", "upsample_bilinear2d", "upsample_nearest2d",
}  # fmt: skip
ON_PAIRS = {"max_unpool2d", "hardswish"}  # image by image, as what torch calls pointwise


def called(func, args: tuple, kwargs: dict) -> Any:
    """What the operation gives, as tensors without values."""
    result = found(func, args, kwargs)
    return func(*args, **kwargs) if result is None else result


def found(func, args: tuple, kwargs: dict) -> Any:
    """The same without torch's compiler, or None."""
    name = base_name(func)
    tensors = tensors_in((args, kwargs))
    if not tensors or "memory_format" in kwargs or not all(tensor.is_meta and by_rows(tensor) for tensor in tensors):
        return None
    first, pointwise = tensors[0], torch.Tag.pointwise in func.tags or name in ON_PAIRS
    if func._schema.is_mutable:
        return first if pointwise and len(tensors) == 1 and args and args[0] is first else None
    if name in ON_MAPS and first.dim() == 4:
        in_training = name == "native_batch_norm" and args[5]
        return None if in_training else of_no_image(func, args, kwargs, [first])
    if name == "mean" and len(args) > 1 and args[1]:
        alone = all(axis % first.dim() for axis in args[1]) and len(args[1]) < first.dim() - 1
        return of_no_image(func, args, kwargs, [first]) if alone else None
    joined = name == "cat" and first.dim() > 1 and (args[1] if len(args) > 1 else 0) % first.dim()
    images = [tensor for tensor in tensors if tensor.dim() == first.dim()]
    lengths = {len(image) for image in images} if first.dim() > 1 else set()
    if not (pointwise or joined) or len(lengths) != 1 or any(tensor.dim() > first.dim() for tensor in tensors):
        return None
    return of_no_image(func, args, kwargs, images)


def by_rows(tensor: Tensor) -> bool:
    """Whether it lies in memory in the order of its axes, with gaps or without, so that results of it do so too."""
    strides = [stride for stride, size in zip(tensor.stride(), tensor.shape) if size > 1]
    return all(left >= right > 0 for left, right in pairwise(strides))


def of_no_image(func, args: tuple, kwargs: dict, images: list[Tensor]) -> Any:
    """The results of a call on these images, from the real call on none of them."""
    number = len(images[0])

    def without(tensor: Tensor) -> Tensor:
        none = any(tensor is image for image in images)
        return torch.empty((0, *tensor.shape[1:]) if none else tensor.shape, dtype=tensor.dtype)

    def put_back(result: Tensor) -> Tensor:
        shape = (number, *result.shape[1:]) if result.dim() > 1 else result.shape  # statistics have one axis
        return torch.empty(shape, dtype=result.dtype, device="meta")

    args, kwargs = each_tensor(without, (args, kwargs))
    return each_tensor(put_back, func(*args, **kwargs))
