"""Modules as data: `describe` in the notebook's process, `rebuild` in ours, from torch's own layers.

A layer of torch's becomes the same layer with the same numbers here, so that a check may look into it and run it. A
class of the student's own becomes an `Elsewhere`: its parts are here, and its forward runs in the notebook's process,
with the weights that it has here; the gradient comes back the same way.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checking import expect
from course_lib.grading.wire import Broken

MOST = 2000
CONV = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups", "padding_mode")
NORM = ("num_features", "eps", "momentum", "affine", "track_running_stats")
POOL = ("kernel_size", "stride", "padding", "ceil_mode")
KNOWN: dict[type[nn.Module], tuple[str, ...]] = {
    nn.Sequential: (), nn.ModuleList: (), nn.ModuleDict: (), nn.Identity: (),
    nn.Conv1d: CONV, nn.Conv2d: CONV, nn.ConvTranspose2d: (*CONV, "output_padding"),
    nn.Linear: ("in_features", "out_features"),
    nn.BatchNorm1d: NORM, nn.BatchNorm2d: NORM, nn.InstanceNorm2d: NORM,
    nn.GroupNorm: ("num_groups", "num_channels", "eps", "affine"),
    nn.ReLU: ("inplace",), nn.ReLU6: ("inplace",), nn.LeakyReLU: ("negative_slope", "inplace"),
    nn.ELU: ("alpha", "inplace"), nn.GELU: ("approximate",), nn.SiLU: ("inplace",), nn.Hardswish: ("inplace",),
    nn.PReLU: ("num_parameters",), nn.Softplus: ("beta", "threshold"), nn.Sigmoid: (), nn.Tanh: (),
    nn.Softmax: ("dim",), nn.LogSoftmax: ("dim",), nn.Softmax2d: (),
    nn.Dropout: ("p", "inplace"), nn.Dropout2d: ("p", "inplace"),
    nn.MaxPool2d: (*POOL, "dilation", "return_indices"), nn.AvgPool2d: (*POOL, "count_include_pad"),
    nn.AdaptiveAvgPool2d: ("output_size",), nn.AdaptiveMaxPool2d: ("output_size",),
    nn.Upsample: ("size", "scale_factor", "mode", "align_corners"), nn.Flatten: ("start_dim", "end_dim"),
    nn.ZeroPad2d: ("padding",),
}  # fmt: skip
BIASED = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
BY_NAME = {kind.__name__: kind for kind in KNOWN}


def parts_of(module: nn.Module) -> list[nn.Module]:
    """The module and all that is in it, each once; a place in this list names a part on both sides."""
    return [part for _, part in zip(range(MOST + 1), module.modules())]


def describe(module: nn.Module) -> dict[str, Any]:
    """The module as data that `wire.pack` takes; tensors that are shared stay shared."""
    parts = parts_of(module)
    if len(parts) > MOST:
        raise Broken(f"a module of more than {MOST} parts")
    if expect.lazy(module):
        raise Broken(f"the module {expect.LAZY}")
    place = {id(part): index for index, part in enumerate(parts)}
    tensors: dict[int, tuple[int, Tensor]] = {}
    found = []
    for part in parts:
        held = []
        for table, kind in ((part._parameters, "parameter"), (part._buffers, "buffer")):
            for name, tensor in table.items():
                if tensor is not None:
                    number, _ = tensors.setdefault(id(tensor), (len(tensors), tensor))
                    held.append((name, kind, number))
        base = next((known for known in type(part).__mro__ if known in KNOWN), None)
        found.append({
            "name": type(part).__name__, "base": base.__name__ if base else None, "config": _config(part, base),
            "own": base is not type(part) or _changed(part), "training": bool(part.training), "held": held,
            "children": [(name, place[id(child)]) for name, child in part._modules.items() if id(child) in place],
        })  # fmt: skip
    return {"parts": found, "tensors": [tensor for _, tensor in tensors.values()]}


def _config(part: nn.Module, base: type[nn.Module] | None) -> dict[str, Any]:
    if base is None:
        return {}
    config = {name: getattr(part, name) for name in KNOWN[base]}
    return config | ({"bias": part.bias is not None} if base in BIASED else {})


def _changed(part: nn.Module) -> bool:
    return bool("forward" in vars(part) or part._forward_hooks or part._forward_pre_hooks)


class Elsewhere(nn.Module):
    """A part whose forward is the student's own code: `ask(part, place, inputs)` runs it where that code lives."""

    def forward(self, *inputs: Any) -> Any:
        ask, place = self.__dict__["_asked"]
        if len(inputs) == 1 and isinstance(inputs[0], Tensor) and inputs[0].requires_grad and torch.is_grad_enabled():
            return _Afar.apply(lambda x: ask(self, place, (x,), True), lambda g: ask(self, place, (g,), None), *inputs)
        return ask(self, place, inputs, False)


class _Afar(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, there: Callable, back: Callable, x: Tensor) -> Tensor:
        ctx.back = back
        found = there(x)
        if not isinstance(found, Tensor):
            raise TypeError(f"the module gives {type(found).__name__}, not a tensor")
        return found

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, None, Tensor]:
        return None, None, ctx.back(gradient)


def rebuild(data: dict[str, Any], ask: Callable) -> nn.Module:
    """The module again; what does not fit together is refused (any exception: the caller takes it for Broken)."""
    tensors = data["tensors"]
    if len(data["parts"]) > MOST or not all(isinstance(tensor, Tensor) for tensor in tensors):
        raise Broken("this is no module")
    parameters = [nn.Parameter(tensor, requires_grad=tensor.is_floating_point()) for tensor in tensors]
    parts = [_part(words, index, ask) for index, words in enumerate(data["parts"])]
    for part, words in zip(parts, data["parts"]):
        for name, kind, number in words["held"]:
            table, tensor = (part._parameters, parameters) if kind == "parameter" else (part._buffers, tensors)
            if table.get(name) is not None and table[name].shape != tensor[number].shape:
                raise Broken(f"{name} has another shape than its layer says")
            table[str(name)] = tensor[number]
        for name, place in words["children"]:
            part._modules[str(name)] = parts[place]
        part.training = words["training"] is True
    if any(tensor.is_meta for part in parts for tensor in (*part._parameters.values(), *part._buffers.values())
           if tensor is not None):  # fmt: skip
        raise Broken("a layer without its numbers")
    return parts[0]


def _part(words: dict[str, Any], place: int, ask: Callable) -> nn.Module:
    base = BY_NAME[words["base"]] if words["base"] else nn.Module
    if set(words["config"]) - {*KNOWN.get(base, ()), "bias"}:
        raise Broken("a layer of a kind that is not there")
    own = words["own"] or base is nn.Module
    kind = (
        type(str(words["name"])[:80], (Elsewhere, base) if base is not nn.Module else (Elsewhere,), {}) if own else base
    )
    with torch.device("meta"):  # its numbers come with the data; a lie about its size takes no memory
        made = kind(**words["config"])
    if own:
        made.__dict__["_asked"] = (ask, place)
    return made
