"""What happens inside: the maps of named layers during a forward pass.

    with models.activations(net, "unpool3", "deconv3_2") as maps:
        net(image)
    maps["unpool3"]       # N x C x h x w

The forward pass fills the dictionary. A name may be a layer's full name or its last part, where only one layer ends so.
The maps are copies without gradients: a layer that later works in place does not change them, and a network that runs
twice leaves its last maps.
"""

import difflib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from torch import Tensor, nn


@contextmanager
def activations(net: nn.Module, *layers: str) -> Iterator[dict[str, Tensor]]:
    """The outputs of these layers, under the names they were asked for."""
    if not layers:
        raise ValueError("name at least one layer, such as activations(net, 'conv1_1')")
    maps: dict[str, Tensor] = {}
    with ExitStack() as hooks:
        for layer in layers:
            handle = find(net, layer).register_forward_hook(keep(maps, layer))
            hooks.callback(handle.remove)
        yield maps


def keep(maps: dict[str, Tensor], name: str):
    """A hook that stores what the layer gave; of several tensors the first."""

    def hook(module: nn.Module, inputs: tuple, output) -> None:
        tensor = output if isinstance(output, Tensor) else output[0]
        maps[name] = tensor.detach().clone()

    return hook


def find(net: nn.Module, layer: str) -> nn.Module:
    """The layer of that name, or of that last part; the closest names in an error."""
    known = {name: module for name, module in net.named_modules() if name}
    if layer in known:
        return known[layer]
    ending = [name for name in known if name.endswith(f".{layer}")]
    if len(ending) == 1:
        return known[ending[0]]
    if ending:
        raise ValueError(f"{len(ending)} layers end in {layer!r}: {', '.join(ending[:6])}; use one of these names")
    last_parts = {name.rsplit(".", 1)[-1]: name for name in reversed(known)}
    close = difflib.get_close_matches(layer, [*known, *last_parts], n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"it begins with {', '.join(list(known)[:8])}"
    raise ValueError(f"{type(net).__name__} has no layer {layer!r}; {hint}")
