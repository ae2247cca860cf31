"""What a network did with an image, call by call, and which call read which: the wiring behind `structure`.

The network runs once on weightless copies of its own tensors, so what is written down is what it computes and not what
its author calls it. Calls that only change values (BN, ReLU, dropout), crops and copies are wires.
"""

from contextlib import ExitStack
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from course_lib.models.compare import evaluating, without_memory
from course_lib.models.operations import POOLS, convolved, largest
from course_lib.models.shapes import shape_of

ADDS = ("add", "__add__", "__radd__", "add_", "__iadd__")


@dataclass(frozen=True)
class Wire:
    """A tensor that a call reads: the call that made it, whether by its places or its values, channels and size."""

    source: int
    places: bool
    channels: int
    size: tuple[int, int]


@dataclass(frozen=True)
class Call:
    """One call: `inside` are the running modules from the outermost in, each with the number of its run."""

    kind: str  # image, convolution, transposed, pool, average, bins, unpool, resize, mirror, concatenation, sum
    inside: tuple[tuple[str, int], ...]
    inputs: tuple[Wire, ...]
    channels: int
    size: tuple[int, int]
    stride: float  # pixels of the image from one cell to the next
    kernel: int = 0
    step: int = 1  # its own stride, or the factor of a resize
    rate: int = 1
    depthwise: bool = False


def wiring(net: nn.Module, image_size: tuple[int, int]) -> tuple[list[Call], int]:
    """The calls of one forward pass, the image first, and the number of the call whose map went out."""
    weights, image = without_memory(net, image_size)
    with torch.no_grad(), evaluating(net), Listen(net, image) as heard:
        out = torch.func.functional_call(net, weights, (image,))
    return heard.calls, heard.made[id(out)][1]


class Listen(TorchFunctionMode):
    """Notes the calls that change what a map shows, and for each tensor which of them made it."""

    def __init__(self, net: nn.Module, image: Tensor):
        super().__init__()
        self.calls = [Call("image", (), (), image.shape[1], tuple(image.shape[-2:]), 1.0)]
        self.made: dict[int, tuple[Tensor, int, bool]] = {id(image): (image, 0, False)}  # holds on to every tensor
        self.running: list[tuple[str, int]] = []
        self.depths: list[int] = []
        self.runs = 0
        self.hooks = ExitStack()
        self.parts = {name for name, module in net.named_modules() if not isinstance(module, nn.ModuleList)}
        for name, module in net.named_modules():
            if name:
                self.hooks.callback(module.register_forward_pre_hook(self.enter(name)).remove)
                self.hooks.callback(module.register_forward_hook(self.leave).remove)

    def enter(self, name: str):
        """The hook that runs before a module and notes that it is running."""

        def hook(module: nn.Module, inputs: tuple) -> None:
            self.runs += 1
            self.depths.append(len(self.running))
            outer, number = self.running[-1] if self.running else ("", 0)
            ends = [i for i, letter in enumerate(name) if letter == "." and i > len(outer)]
            self.running += [(name[:i], number) for i in ends if name[:i] in self.parts]  # parts never called whole
            self.running.append((name, self.runs))

        return hook

    def leave(self, module: nn.Module, inputs: tuple, output: object) -> None:
        """The hook that runs after a module."""
        del self.running[self.depths.pop() :]

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        out = shape_of(func, args, kwargs)
        wires = self.wires([*args, *kwargs.values()])
        made = [each for each in (out if isinstance(out, tuple | list) else [out]) if isinstance(each, Tensor)]
        if not wires or not made:
            return out
        source, facts = wires[0].source, self.facts(func.__name__, args, kwargs, made[0], wires)
        if facts is not None:
            size = tuple(made[0].shape[-2:])
            self.calls.append(Call(inputs=wires, inside=tuple(self.running), channels=made[0].shape[1], size=size,
                                   **facts))  # fmt: skip
            source = len(self.calls) - 1
        for number, tensor in enumerate(made):
            places = (func.__name__ in POOLS and number == 1) or (facts is None and wires[0].places)
            self.made[id(tensor)] = (tensor, source, places)
        return out

    def wires(self, values: list) -> tuple[Wire, ...]:
        """Where the tensors among these values came from."""
        flat = [each for value in values for each in (value if isinstance(value, tuple | list) else [value])]
        found = []
        for tensor in flat:
            if isinstance(tensor, Tensor) and id(tensor) in self.made:
                _, source, places = self.made[id(tensor)]
                channels, size = (tensor.shape[1], tuple(tensor.shape[-2:])) if tensor.ndim == 4 else (0, (0, 0))
                found.append(Wire(source, places, channels, size))
        return tuple(found)

    def facts(self, name: str, args: tuple, kwargs: dict, out: Tensor, wires: tuple[Wire, ...]) -> dict | None:
        """What a call is, in a lecture's words; None for a wire."""
        stride = self.calls[wires[0].source].stride
        if name in ("conv2d", "conv_transpose2d"):
            return convolution(name, args, kwargs, stride)
        if name in POOLS:
            given = dict(zip(("input", "kernel_size", "stride"), args)) | kwargs
            kernel = largest(given["kernel_size"])
            step = largest(given.get("stride") or kernel)
            kind = "average" if name == "avg_pool2d" else "pool"
            return {"kind": kind, "kernel": kernel, "step": step, "stride": stride * step}
        if name in ("adaptive_avg_pool2d", "interpolate", "max_unpool2d"):
            kind = {"interpolate": "resize", "max_unpool2d": "unpool"}.get(name, "bins")
            factor = max(a / b for a, b in zip(out.shape[-2:], wires[0].size))
            factor = max(1, round(factor)) if kind == "unpool" else factor  # pools that round up leave half cells
            return {"kind": kind, "stride": stride / factor, "step": round(factor), "kernel": out.shape[-1]}
        if name == "cat":
            return {"kind": "concatenation", "stride": stride}
        maps = {wire.source for wire in wires}
        if name in ADDS and len(maps) > 1 and out.ndim == 4:
            return {"kind": "sum", "stride": stride}
        if name == "pad" and "reflect" in (*args, *kwargs.values()):
            return {"kind": "mirror", "stride": stride}
        return None

    def __exit__(self, *error: object) -> None:
        self.hooks.close()
        super().__exit__(*error)


def convolution(name: str, args: tuple, kwargs: dict, stride: float) -> dict:
    """What the drawing needs of a convolution: kind, kernel, step, rate, channels."""
    transposed = name == "conv_transpose2d"
    given = convolved(args, kwargs, transposed)
    kernel, step = largest(tuple(given["weight"].shape[-2:])), largest(given.get("stride", 1))
    depthwise = 1 < given.get("groups", 1) == given["input"].shape[1]
    upwards = transposed and step > 1  # with stride 1 it is a convolution, mirrored
    return {
        "kind": "transposed" if upwards else "convolution",
        "kernel": kernel,
        "step": step,
        "rate": largest(given.get("dilation", 1)) if kernel > 1 else 1,
        "stride": stride / step if transposed else stride * step,
        "depthwise": depthwise,
    }
