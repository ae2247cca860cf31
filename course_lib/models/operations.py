"""Torch's calls in a lecture's words: `describe` turns one call into a kind of fact and a fact.

In comes a function's name with its arguments and its result, out goes ("convolutions", "3x3 rate 12") or None for a
call that no lecture would mention.
"""

import inspect
from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F


def describe(name: str, args: tuple, kwargs: dict, out: Tensor | tuple) -> tuple[str, str] | None:
    """What a call does: ("joins", "concatenation of 5 maps to 1280"), or None."""
    say = WORDS.get(name)
    return say(args, kwargs, out) if say else None


def convolution(args: tuple, kwargs: dict, out: Tensor, *, transposed: bool = False) -> tuple[str, str]:
    names = ("input", "weight", "bias", "stride", "padding", "dilation", "groups")
    if transposed:
        names = ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation")
    given = dict(zip(names, args)) | kwargs
    height, width = given["weight"].shape[-2:]
    text = f"{height}x{width}" + (" transposed" if transposed else "")
    text += " depthwise" if 1 < given.get("groups", 1) == given["input"].shape[1] else ""
    for word, value in (("stride", given.get("stride", 1)), ("rate", given.get("dilation", 1))):
        value = value if isinstance(value, int) else max(value)
        text += f" {word} {value}" if value > 1 and (word == "stride" or height > 1) else ""
    return "convolutions", text


def concatenation(args: tuple, kwargs: dict, out: Tensor) -> tuple[str, str]:
    return "joins", f"concatenation of {len(args[0])} maps to {out.shape[1]}"


def addition(args: tuple, kwargs: dict, out: Tensor) -> tuple[str, str] | None:
    both_maps = len(args) > 1 and all(isinstance(arg, Tensor) and arg.ndim == 4 for arg in args[:2])
    return ("joins", "sum of two maps") if both_maps else None


def pool(kind: str, function: Callable) -> Callable[..., tuple[str, str]]:
    def say(args: tuple, kwargs: dict, out: object) -> tuple[str, str]:
        given = bound(function, args, kwargs)
        text = f"{kind} {side(given['kernel_size'])} stride {first(given.get('stride') or given['kernel_size'])}"
        return "pools", text + (" rounding up" if given.get("ceil_mode") else "")

    return say


def bins(args: tuple, kwargs: dict, out: Tensor) -> tuple[str, str]:
    height, width = out.shape[-2:]
    return "pools", "average of the whole map" if height == width == 1 else f"averages over {height}x{width} bins"


def resizing(args: tuple, kwargs: dict, out: Tensor) -> tuple[str, str]:
    given = bound(F.interpolate, args, kwargs)
    corners = "corners aligned" if given.get("align_corners") else "corners not aligned"
    return "resizes", f"{given.get('mode', 'nearest')}, {corners}"


def dropping(args: tuple, kwargs: dict, out: Tensor) -> tuple[str, str]:
    return "dropout", f"{bound(F.dropout, args, kwargs).get('p', 0.5):g}"


def bound(function: Callable, args: tuple, kwargs: dict) -> dict:
    """The arguments under their names."""
    return dict(inspect.signature(function).bind_partial(*args, **kwargs).arguments)


def first(value: int | tuple[int, ...]) -> int:
    return value if isinstance(value, int) else value[0]


def side(value: int | tuple[int, ...]) -> str:
    return f"{value}x{value}" if isinstance(value, int) else "x".join(map(str, value))


def pool_signature(input, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False): ...


def average_signature(
    input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True, divisor_override=None
): ...


WORDS: dict[str, Callable[..., tuple[str, str] | None]] = {
    "conv2d": convolution,
    "conv_transpose2d": lambda args, kwargs, out: convolution(args, kwargs, out, transposed=True),
    "batch_norm": lambda args, kwargs, out: ("BN", "layer"),
    "relu": lambda args, kwargs, out: ("ReLU", "layer"),
    "cat": concatenation,
    "add": addition,
    "__add__": addition,
    "add_": addition,
    "__iadd__": addition,
    "max_pool2d": pool("maximum of", pool_signature),
    "max_pool2d_with_indices": pool("maximum of", pool_signature),
    "avg_pool2d": pool("average of", average_signature),
    "adaptive_avg_pool2d": bins,
    "max_unpool2d": lambda args, kwargs, out: ("pools", "unpooling to remembered places"),
    "interpolate": resizing,
    "dropout": dropping,
    "dropout2d": dropping,
}
