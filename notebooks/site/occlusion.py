"""What the explorer of receptive fields hides and sees in the page: its network in stages, and what covers a patch.

A sweep runs the network hundreds of times, and only as far as one layer. So the network is cut at the layers on offer,
and each stage starts from what the one before gave. The stages are a script of their own, which the page fetches when
somebody hides the first patch.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib.evidence import code_shape
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.receptive_field import PATCH, Looker
from course_lib.receptive_field.probing.occlusion import hidden_under
from notebooks.site.fields import last_of, layers_of, watched
from notebooks.site.networks import exported
from notebooks.site.scenes import zipped

Pairs = dict[int, tuple[int, torch.Size]]  # an unpooling -> its pool, and the size it restores


class Stage(nn.Module):
    """Layers of a network that is one chain, by their number.

    In come the map before them and the places of the maxima of `asks`, pools of earlier stages; out come the map behind
    them and the places of `gives`, pools of its own that later stages ask for.
    """

    def __init__(self, layers: dict[int, nn.Module], pairs: Pairs):
        super().__init__()
        self.layers, self.numbers, self.pairs = nn.ModuleList(layers.values()), list(layers), pairs
        self.asks = [pool for n, (pool, _) in pairs.items() if n in layers and pool not in layers]
        self.gives = [pool for n, (pool, _) in pairs.items() if n not in layers and pool in layers]

    def forward(self, x: Tensor, *asked: Tensor) -> tuple[Tensor, ...]:
        places = dict(zip(self.asks, asked))
        for number, layer in zip(self.numbers, self.layers):
            if number in self.pairs:
                pool, size = self.pairs[number]
                x = layer(x, (places[pool], size))
            elif isinstance(layer, nn.MaxPool2d) and layer.return_indices:
                x, (places[number], _) = layer(x)
            else:
                x = layer(x)
        return x, *(places[pool] for pool in self.gives)


def paired(layers: Sequence[nn.Module], outputs: Sequence[Tensor]) -> Pairs:
    """The last pool that remembers is undone first."""
    pairs, waiting = {}, []
    for number, layer in enumerate(layers):
        if isinstance(layer, nn.MaxUnpool2d):
            pairs[number] = waiting.pop(), outputs[number].shape[-2:]
        elif isinstance(layer, nn.MaxPool2d) and layer.return_indices:
            waiting.append(number)
    return pairs


def stages(looker: Looker, offered: Sequence[str]) -> dict[str, dict]:
    """From the first layer on offer to the last, the stage that ends there, and what else goes in and comes out."""
    steps, names, outputs = watched(looker)
    layers = [step.layer for step in steps]
    pairs, known, made, start = paired(layers, outputs), {}, {}, 0
    x = looker.image[None]
    for end, layer in sorted((last_of(layer, names) + 1, layer) for layer in offered):
        stage = Stage({number: layers[number] for number in range(start, end)}, pairs)
        inputs = {"map": x} | {f"places{pool}": known[pool] for pool in stage.asks}
        gives = [f"places{pool}" for pool in stage.gives]
        made[layer] = {"asks": list(inputs), "onnx": exported(stage, "scores", *gives, **inputs)}
        with torch.no_grad():
            x, *places = stage(*inputs.values())
        known |= dict(zip(stage.gives, places))
        start = end
    return made


def write(name: str, explorer: Explorer, folder: Path) -> None:
    """The stages, and the noise that lies where the picture is hidden; once for the same code."""
    path, made_by = folder / f"{name}.js", f"// {code_shape.of_modules('notebooks.site.occlusion')}\n"
    if path.exists() and path.read_text().startswith(made_by):
        return
    looker: Looker = explorer._render.__self__
    told = {
        "patch": PATCH,
        "hidden": zipped(hidden_under(looker.image, "noise", 0).numpy()),
        "stages": stages(looker, layers_of(explorer)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{made_by}course.network({json.dumps(name)}, {json.dumps(told)});\n")
