"""The explorer of receptive fields in parts: the trace as tables, and the way back from a unit to the picture.

For a fixed picture a network of convolutions, norms, ReLUs and pools is linear piece by piece, so the gradient of any
unit is a chain of the same layers turned round, with the places of the ReLUs and of the maxima stored. The chain
becomes ONNX; in the page it runs as any network does.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib import explorers
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.table import heat
from course_lib.explorers.receptive_field import ENDS, STEP, Looker
from course_lib.training import checkpoints
from notebooks.site.networks import exported
from notebooks.site.scenes import packed, zipped

HEAVY = 500_000  # weights; before a layer with more, what arrives there is stored for each unit


def made() -> dict[str, Explorer]:
    """The two that the lectures show; the random weights are the same in each build."""
    torch.manual_seed(0)
    layers = ("pool3", "pool4", "pool5", "fc7")
    untrained = explorers.receptive_field("fcn32s", photo="cat", layers=layers)
    rounded(untrained._render.__self__.net)
    return {
        "receptive_field_segnet_street": explorers.receptive_field(checkpoints.load("segnet_street")),
        "receptive_field_fcn32s": untrained,
    }


@torch.no_grad()
def rounded(net: nn.Module) -> None:
    """Weights with four binary digits: of random ones the page need not fetch more."""
    for weight in net.parameters():
        digits, exponent = torch.frexp(weight)
        weight.copy_(torch.ldexp((16 * digits).round() / 16, exponent))


class Step(nn.Module):
    """One layer turned round: from the gradient behind it to the gradient before it."""

    def __init__(self, layer: nn.Module, before: Tensor, after: Tensor, places: Tensor | None):
        super().__init__()
        self.layer, self.size = layer, before.shape[-2:]
        if isinstance(layer, nn.ReLU):
            self.register_buffer("alive", after > 0)
        elif isinstance(layer, nn.BatchNorm2d):
            scale = layer.weight / (layer.running_var + layer.eps).sqrt()
            self.register_buffer("scale", scale.detach()[:, None, None])
        elif isinstance(layer, nn.MaxPool2d | nn.MaxUnpool2d):
            large = before if isinstance(layer, nn.MaxPool2d) else after
            chosen = torch.zeros(large.shape, dtype=torch.bool).flatten(2).scatter_(2, places.flatten(2), True)
            self.register_buffer("chosen", chosen.view(large.shape))
        else:
            self.register_buffer("turned", layer.weight.detach().flip(2, 3).transpose(0, 1).contiguous())

    def forward(self, gradient: Tensor) -> Tensor:
        if isinstance(self.layer, nn.ReLU):
            return gradient * self.alive
        if isinstance(self.layer, nn.BatchNorm2d):
            return gradient * self.scale
        if isinstance(self.layer, nn.MaxUnpool2d):
            return 4 * F.avg_pool2d(gradient * self.chosen, 2)
        height, width = self.size
        if isinstance(self.layer, nn.MaxPool2d):
            return F.interpolate(gradient, scale_factor=2.0, mode="nearest")[..., :height, :width] * self.chosen
        border, kernel = self.layer.padding[0], self.layer.kernel_size[0]
        padding = max(kernel - 1 - border, 0)
        cut = padding + border - kernel + 1
        return F.conv2d(gradient, self.turned, padding=padding)[..., cut : cut + height, cut : cut + width]


class Backwards(nn.Module):
    """Gradients at some layers to the size of the gradient at each pixel of the picture."""

    def __init__(self, steps: Sequence[Step], seeded: Sequence[int]):
        super().__init__()
        self.steps, self.seeded = nn.ModuleList(steps), list(seeded)

    def forward(self, *seeds: Tensor) -> Tensor:
        gradient = torch.zeros(())
        waiting = dict(zip(self.seeded, seeds))
        for number in reversed(range(max(self.seeded) + 1)):
            if number in waiting:
                gradient = gradient + waiting[number]
            gradient = self.steps[number](gradient)
        return gradient.abs().sum(1)


def watched(looker: Looker) -> tuple[list[Step], list[str], list[Tensor]]:
    """The layers of a network that is one chain, turned round, with their names and what came out of each."""
    steps, names, outputs = [], [], []

    def keep(name: str) -> Callable:
        def hook(layer: nn.Module, inputs: tuple, output: Tensor | tuple) -> None:
            after, memory = output if isinstance(output, tuple) else (output, None)
            if isinstance(layer, nn.MaxUnpool2d):
                where = inputs[1][0]
            elif isinstance(layer, nn.MaxPool2d):
                where = memory[0] if memory else F.max_pool2d(inputs[0], 2, ceil_mode=True, return_indices=True)[1]
            else:
                where = None
            steps.append(Step(layer, inputs[0], after, where))
            names.append(name)
            outputs.append(after)

        return hook

    kinds = nn.Conv2d | nn.BatchNorm2d | nn.ReLU | nn.MaxPool2d | nn.MaxUnpool2d
    modules = [(name, one) for name, one in looker.net.named_modules() if isinstance(one, kinds)]
    handles = [one.register_forward_hook(keep(name)) for name, one in modules]
    with torch.no_grad():
        looker.net(looker.image[None])
    for handle in handles:
        handle.remove()
    return steps, names, outputs


def told(explorer: Explorer) -> dict:
    """What the engine starts from: the picture, the trace, and the network that runs backwards."""
    looker: Looker = explorer._render.__self__
    offered = layers_of(explorer)
    steps, names, outputs = watched(looker)
    end = next((n for n, step in enumerate(steps) if weights_of(step) > HEAVY), len(steps))
    last = {layer: last_of(layer, names) for layer in offered}
    inputs = {f"seed{n}": list(outputs[n].shape) for n in sorted({min(n, end - 1) for n in last.values()})}
    network = Backwards(steps[:end], [int(one.removeprefix("seed")) for one in inputs])
    onnx = exported(network, **{one: torch.zeros(shape) for one, shape in inputs.items()})
    return {
        "size": list(looker.image.shape[-2:]),
        "step": STEP,
        "image": packed((255 * looker.image).round().byte().permute(1, 2, 0)),
        "objects": packed(looker.objects.byte()),
        "layers": {layer: layer_of(looker, layer, n, end, steps, outputs) for layer, n in last.items()},
        "trace": zipped(np.concatenate([traced(looker, layer) for layer in offered])),
        "heat": packed(heat()),
        "ends": ENDS,
        "weights": looker.weights(),
        "backward": {"name": explorer.title, "inputs": inputs, "onnx": onnx},
    }


def layers_of(explorer: Explorer) -> list[str]:
    """The layers that its control offers."""
    return next(control for control in explorer.controls if control.name == "layer").values


def weights_of(step: Step) -> int:
    return step.turned.numel() if hasattr(step, "turned") else 0


def last_of(layer: str, names: list[str]) -> int:
    """The last step inside a layer, which may hold others."""
    inside = [n for n, one in enumerate(names) if layer == "output" or f"{one}.".startswith(f"{layer}.")]
    return inside[-1]


def layer_of(looker: Looker, layer: str, last: int, end: int, steps: list[Step], outputs: list[Tensor]) -> dict:
    """Its units, how far they see, and where their gradient starts."""
    channels = outputs[last].shape[1]
    signs = torch.randint(0, 2, (1, 1, channels), generator=torch.Generator().manual_seed(0))  # as `effective` draws
    told = {
        "units": list(looker.field.output_size(layer)),
        "unclipped": looker.unclipped(layer),
        "signs": (2 * signs - 1).flatten().tolist(),
        "input": f"seed{last}",
    }
    return told | ({"stored": arrived(last, end, steps, outputs, told["signs"])} if last >= end else {})


def arrived(last: int, end: int, steps: list[Step], outputs: list[Tensor], signs: list[int]) -> dict:
    """For each unit of a layer behind heavy ones, the gradient that arrives before them, in the window it fills."""
    _, channels, height, width = outputs[last].shape
    units = torch.eye(height * width).view(-1, 1, height, width)
    gradient = units * torch.tensor(signs, dtype=torch.float32).view(1, channels, 1, 1)
    for step in reversed(steps[end : last + 1]):
        gradient = step(gradient)
    window = gradient.shape[-1] - width + 1
    cut = [gradient[y * width + x, :, y : y + window, x : x + window] for y in range(height) for x in range(width)]
    return {"input": f"seed{end - 1}", "window": window, "seeds": zipped(torch.stack(cut).numpy())}


def traced(looker: Looker, layer: str) -> np.ndarray:
    """Which rows of the picture each row of units reads, then the same for columns: 1 or 0, all in one line."""
    units, lines = looker.field.output_size(layer), []
    for axis in (0, 1):
        for position in range(units[axis]):
            unit = [side // 2 for side in units]
            unit[axis] = position
            line = np.zeros(looker.image.shape[1 + axis], dtype=np.uint8)
            line[looker.field.sets(unit, layer)[axis]] = 1
            lines.append(line)
    return np.concatenate(lines)
