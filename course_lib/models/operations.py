"""Torch's calls in a lecture's words: `describe` turns one call into a kind of fact and a fact.

It returns a pair such as ("convolutions", "3x3 rate 12"), or None for a call that no lecture would mention.
"""

from collections.abc import Callable

from torch import Tensor

SUM = "sum of two maps"
LAYER = "layer"
POOLS = ("max_pool2d", "max_pool2d_with_indices", "avg_pool2d")


def describe(name: str, args: tuple, kwargs: dict, out: Tensor | tuple) -> tuple[str, str] | None:
    """What a call does: ("joins", "concatenation of 5 maps to 1280"), or None."""
    say = WORDS.get(name)
    return say(args, kwargs, out) if say else None


def convolution(args: tuple, kwargs: dict, out: Tensor, *, transposed: bool = False) -> tuple[str, str]:
    """Kernel, stride and rate of a convolution, as (kind, words)."""
    given = convolved(args, kwargs, transposed)
    height, width = given["weight"].shape[-2:]
    text = f"{height}x{width}" + (" transposed" if transposed else "")
    text += " depthwise" if 1 < given.get("groups", 1) == given["input"].shape[1] else ""
    for word, value in (("stride", given.get("stride", 1)), ("rate", given.get("dilation", 1))):
        text += f" {word} {largest(value)}" if largest(value) > 1 and (word == "stride" or height > 1) else ""
    return "convolutions", text


def convolved(args: tuple, kwargs: dict, transposed: bool) -> dict:
    """The arguments of torch's conv2d or conv_transpose2d by their names; the two list them in different orders."""
    last = ("output_padding", "groups", "dilation") if transposed else ("dilation", "groups")
    return dict(zip(("input", "weight", "bias", "stride", "padding", *last), args)) | kwargs


def concatenation(args: tuple, kwargs: dict, out: Tensor) -> tuple[str, str]:
    """How many maps a concatenation joins, as (kind, words)."""
    return "joins", f"concatenation of {len(args[0])} maps to {out.shape[1]} channels"


def addition(args: tuple, kwargs: dict, out: Tensor) -> tuple[str, str] | None:
    """A sum of two maps, as (kind, words); None where no maps are added."""
    both_maps = len(args) > 1 and all(isinstance(arg, Tensor) and arg.ndim == 4 for arg in args[:2])
    return ("joins", SUM) if both_maps else None


def pool(kind: str) -> Callable[..., tuple[str, str]]:
    """The describer of max or average pooling: `kind` is its name in words."""

    def say(args: tuple, kwargs: dict, out: object) -> tuple[str, str]:
        names = ("input", "kernel_size", "stride", "padding", *(["dilation"] if kind == "maximum" else []), "ceil_mode")
        given = dict(zip(names, args)) | kwargs
        kernel = largest(given["kernel_size"])
        text = f"{kind} of {kernel}x{kernel} stride {largest(given.get('stride') or kernel)}"
        return "pools", text + (" rounding up" if given.get("ceil_mode") else "")

    return say


def bins(args: tuple, kwargs: dict, out: Tensor) -> tuple[str, str]:
    """The bins of adaptive average pooling, as (kind, words)."""
    height, width = out.shape[-2:]
    return "pools", "average of the whole map" if height == width == 1 else f"average in each of {height}x{width} bins"


def resizing(args: tuple, kwargs: dict, out: Tensor) -> tuple[str, str]:
    """Mode and corners of a resize, as (kind, words)."""
    corners = "corners aligned" if kwargs.get("align_corners") else "corners not aligned"
    return "resizes", f"{kwargs.get('mode', 'nearest')}, {corners}"


def largest(value: int | tuple[int, ...]) -> int:
    """The larger side of a size given as one number or as one per axis."""
    return value if isinstance(value, int) else max(value)


WORDS: dict[str, Callable[..., tuple[str, str] | None]] = {
    "conv2d": convolution,
    "conv_transpose2d": lambda args, kwargs, out: convolution(args, kwargs, out, transposed=True),
    "batch_norm": lambda args, kwargs, out: ("BN", LAYER),
    "relu": lambda args, kwargs, out: ("ReLU", LAYER),
    "cat": concatenation,
    "add": addition,
    "__add__": addition,
    "add_": addition,
    "__iadd__": addition,
    "max_pool2d": pool("maximum"),
    "max_pool2d_with_indices": pool("maximum"),
    "avg_pool2d": pool("average"),
    "adaptive_avg_pool2d": bins,
    "max_unpool2d": lambda args, kwargs, out: ("pools", "unpooling to remembered places"),
    "interpolate": resizing,
    "dropout": lambda args, kwargs, out: ("dropout", f"{kwargs.get('p', 0.5):g}"),
}


def count(text: str, times: int) -> str:
    """A fact that was seen several times."""
    if text == SUM:
        return f"sum of {times + 1} maps" if times > 1 else SUM
    if text == LAYER:
        return f"{times} layers" if times > 1 else "1 layer"
    return f"{times} of {text}" if times > 1 else text
