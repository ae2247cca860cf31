"""A network held still: run as far as one layer, at any precision, and given back exactly as it came.

The effective and the empirical receptive field and the search for a window look at a network through `FrozenNet`. It
runs in evaluation mode, its weights lent to the run without gradient and if need be in float64, and stops at the layer
asked for. On leaving, every module has its own mode again; weights, buffers and hooks were never touched.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import keystr, tree_flatten_with_path, tree_leaves

from ..tracing.shapes import called


class FrozenNet:
    """`with FrozenNet(net, layer) as frozen: frozen(images)` gives the map N x C x h x w of a layer or the output."""

    def __init__(self, net: nn.Module, layer: str | None = None):
        if not isinstance(net, nn.Module):
            raise TypeError(f"net is a torch module, got {type(net).__name__}")
        self.net, self.layer = net, None if layer == "output" else layer
        self.module, self.call, self.leaf = _found(net, self.layer)
        self._weights: dict[torch.dtype | str, dict[str, Tensor]] = {}

    def __enter__(self) -> "FrozenNet":
        self._modes = [(module, module.training) for module in self.net.modules()]
        for module, _ in self._modes:
            module.training = False
        return self

    def __exit__(self, *_: object) -> None:
        for module, mode in self._modes:
            module.training = mode

    @property
    def device(self) -> torch.device:
        """The device of the network's tensors."""
        return next((tensor.device for tensor in self._own()), torch.device("cpu"))

    @property
    def dtype(self) -> torch.dtype:
        """The precision to run at: the network's own, but never less than float32."""
        own = {tensor.dtype for tensor in self._own() if tensor.is_floating_point()}
        return torch.float64 if torch.float64 in own else torch.float32

    def __call__(self, images: Tensor, *, dtype: torch.dtype | None = None) -> Tensor:
        """The layer's map at the network's precision, or at another."""
        dtype = dtype or self.dtype
        if images.device.type == "meta":
            weights = {
                name: tensor.to("meta", self.dtype if tensor.is_floating_point() else None)
                for name, tensor in self._named_tensors()
            }
        else:
            images = images.to(device=self.device, dtype=dtype).clone()  # for a network that works in place
            weights = self._weights.get(dtype) or self._weights.setdefault(dtype, self._lent(dtype))
        answer = self._run(weights, images)
        answer = _main_tensor(answer) if self.leaf is None else _leaves(answer).get(self.leaf)
        name = "the network's output" if self.layer is None else f"layer {self.layer!r}"
        if not isinstance(answer, Tensor):
            raise ValueError(f"{name} holds no tensor")
        if answer.ndim != 4:
            raise ValueError(f"{name} has no spatial axes: its shape is {_by(answer.shape)}, expected N x C x h x w")
        return answer

    def shapes(self, image_shape: Sequence[int]) -> list[tuple[int, ...]]:
        """The shape of every tensor made on the way to the layer, the layer's last; nothing is computed."""
        with _Shapes() as watched:
            answer = self(torch.empty(*image_shape, device="meta", dtype=self.dtype))
        return watched.shapes + [tuple(answer.shape)]

    def _run(self, weights: dict[str, Tensor], images: Tensor) -> object:
        if self.module is None:
            return functional_call(self.net, weights, (images,))
        caught = []

        def stop(_module: nn.Module, _inputs: object, output: object) -> None:
            caught.append(output)
            if len(caught) == self.call:
                raise _Reached

        handle = self.module.register_forward_hook(stop)
        try:
            functional_call(self.net, weights, (images,))
        except _Reached:
            return caught[-1]
        finally:
            handle.remove()
        raise ValueError(f"layer {self.layer!r} is not reached: this network runs it {len(caught)} times")

    def try_on(self, images: Tensor) -> Tensor:
        """The map of one image, or an error that tells a student what the network could not take."""
        try:
            answer = self(images[:1])
        except (RuntimeError, IndexError) as error:
            reason = str(error).strip().splitlines()[0]
            raise ValueError(
                f"the network cannot run on an image of {_by(images.shape[1:])} (channels x height x width); "
                f"is it too small, or has it the wrong number of channels? torch says: {reason}"
            ) from error
        if not torch.isfinite(answer).all():
            raise ValueError("the network answers with values that are not finite (NaN or infinity) on these images")
        return answer

    def _lent(self, dtype: torch.dtype) -> dict[str, Tensor]:
        """Weights without gradient; buffers as copies, for a network that writes into its own."""
        lent = {name: tensor.detach() for name, tensor in self.net.named_parameters()}
        lent |= {name: tensor.detach().clone() for name, tensor in self.net.named_buffers()}
        return {name: tensor.to(dtype) if tensor.is_floating_point() else tensor for name, tensor in lent.items()}

    def _named_tensors(self) -> Iterator[tuple[str, Tensor]]:
        yield from self.net.named_parameters()
        yield from self.net.named_buffers()

    def _own(self) -> Iterator[Tensor]:
        return (tensor for _, tensor in self._named_tensors())


class _Reached(Exception):
    """The layer asked for has answered: the rest of the network need not run."""


class _Shapes(TorchDispatchMode):
    @classmethod
    def _should_skip_dynamo(cls) -> bool:  # as in tracing/watching.py
        return False

    def __init__(self) -> None:
        super().__init__()
        self.shapes: list[tuple[int, ...]] = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        answer = called(function, args, kwargs or {})
        self.shapes += [tuple(leaf.shape) for leaf in tree_leaves(answer) if isinstance(leaf, Tensor)]
        return answer


def checked_images(images: Tensor) -> Tensor:
    """The images as N x C x H x W, or an error that says what is wrong with them."""
    if not isinstance(images, Tensor):
        raise TypeError(f"images is a tensor N x C x H x W, got {type(images).__name__}")
    if images.ndim == 3:
        images = images[None]
    if images.ndim != 4:
        raise ValueError(f"images has {images.ndim} axes ({_by(images.shape)}), expected N x C x H x W or C x H x W")
    if not images.is_floating_point():
        raise ValueError(
            f"images are {str(images.dtype).removeprefix('torch.')}, expected floating point: "
            "divide by 255 and normalise them as the network was trained"
        )
    if 0 in images.shape:
        raise ValueError(f"images is empty: {_by(images.shape)}")
    if not torch.isfinite(images).all():
        raise ValueError("images hold values that are not finite (NaN or infinity)")
    if (
        images.min() >= 0
        and images.max() > 128
        and bool((images == images.round()).all())
        and len(images.unique()) > 16
    ):
        raise ValueError(
            f"images hold whole numbers up to {images.max():g}: divide by 255 and normalise them as the network expects"
        )
    return images.detach()


def checked_pixel(pixel: Sequence[int], size: Sequence[int], layer: str | None) -> tuple[int, int]:
    """The pixel as two whole numbers inside the map of this size; a negative one is an error, not the far side."""
    try:
        y, x = (int(position) for position in pixel)
    except (TypeError, ValueError):
        raise ValueError(f"pixel is (row, column), got {pixel!r}") from None
    if not (0 <= y < size[0] and 0 <= x < size[1]):
        name = "the output's map" if layer is None else f"the map of layer {layer!r}"
        raise ValueError(f"pixel ({y}, {x}) lies outside {name}, which is {size[0]} x {size[1]} (rows x columns)")
    return y, x


def _found(net: nn.Module, layer: str | None) -> tuple[nn.Module | None, int, str | None]:
    """The module of that name, which of its calls is meant ("name#2": the second), and a leaf ("output['aux']")."""
    if layer is None:
        return None, 1, None
    if str(layer).startswith("output["):
        return None, 1, layer.removeprefix("output")
    modules = dict(net.named_modules())
    name, _, call = str(layer).partition("#")
    if name in modules and name and (call.isdecimal() or not call):
        return modules[name], int(call or 1), None
    close = difflib.get_close_matches(str(layer), [name for name in modules if name], n=3)
    hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise ValueError(f"this network has no layer {layer!r}{hint}")


def _main_tensor(answer: object) -> Tensor | None:
    """What stands for an answer: the tensor, "out" of a dictionary, or the first tensor in it."""
    if isinstance(answer, Mapping) and isinstance(answer.get("out"), Tensor):
        return answer["out"]
    return next((leaf for leaf in tree_leaves(answer) if isinstance(leaf, Tensor)), None)


def _leaves(answer: object) -> dict[str, object]:
    return {keystr(path): leaf for path, leaf in tree_flatten_with_path(answer)[0]}


def _by(shape: Sequence[int]) -> str:
    return " x ".join(map(str, shape))
