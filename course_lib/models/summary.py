"""torchinfo's table of a network, with a column that it lacks: how much of the image each layer sees.

    models.summary("segnet", image_size=(360, 480))

The receptive field is the theoretical one in pixels, unclipped; "all" where a layer sees the whole image, whatever its
size.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from course_lib.models.registry import build

if TYPE_CHECKING:
    from torchinfo import ModelStatistics

    from course_lib.receptive_field import Field

HEADING = "Receptive field"


@dataclass(frozen=True)
class Summary:
    """The table, and the numbers behind it: torchinfo's statistics, and (height, width) by layer name."""

    statistics: "ModelStatistics"
    receptive_fields: dict[str, tuple[float, float]]
    names: dict[int, str]  # torchinfo's layer -> its name in the network

    def __str__(self) -> str:
        lines = str(self.statistics).split("\n")
        layers = [info for info in self.statistics.summary_list if info.depth <= self.statistics.formatting.max_depth]
        width = max(map(len, lines)) + 2
        table = ["=" * (width + len(HEADING)) if line.startswith("===") else line for line in lines]
        table[1] = table[1].ljust(width) + HEADING
        for row, info in enumerate(layers, start=3):
            table[row] = table[row].ljust(width) + self.cell(self.names[info.layer_id])
        return "\n".join(table)

    __repr__ = __str__

    def cell(self, layer: str) -> str:
        """The receptive field of a layer as the table prints it: "43", "43 x 27", "all" or "--"."""
        if layer not in self.receptive_fields:
            return "--"
        height, width = self.receptive_fields[layer]
        sides = ["all" if math.isinf(side) else f"{side:g}" for side in (height, width)]
        return sides[0] if height == width else " x ".join(sides)


def summary(
    net: str | nn.Module, *, image_size: tuple[int, int] | None = None, channels: int = 3, depth: int = 3, **options
) -> Summary:
    """The layers of a network down to `depth`: their maps, parameters and receptive fields.

    options go to `build`, as in summary("segnet", num_classes=11); image_size is 321 x 321 unless given.
    """
    import torchinfo

    from course_lib.receptive_field import theoretical

    if isinstance(net, str):
        net = build(net, device="meta", **options)
        channels = options.get("in_channels", channels)
    height, width = image_size or (321, 321)
    device = next(net.parameters()).device
    statistics = torchinfo.summary(
        net,
        input_data=torch.zeros(1, channels, height, width, device=device),
        device=device,
        mode="eval",
        depth=depth,
        col_names=("output_size", "num_params"),
        col_width=20,
        row_settings=("var_names",),
        verbose=0,
    )
    count_every_convolution(statistics)
    names = {id(module): name for name, module in net.named_modules()}
    field = theoretical(net, image_size=(height, width), channels=channels)
    return Summary(statistics, sizes(field, names.values()), names)


def count_every_convolution(statistics: "ModelStatistics") -> None:
    """torchinfo knows a convolution by the word Conv in its class's name; ours have names of their own as well."""
    for info in statistics.summary_list:
        if isinstance(info.module, nn.Conv2d) and "Conv" not in info.class_name:
            work = info.num_params * info.output_size[0] * math.prod(info.output_size[2:])
            statistics.total_mult_adds += work - info.macs
            info.macs = work


def sizes(field: "Field", layers: Iterable[str]) -> dict[str, tuple[float, float]]:
    """The unclipped receptive field of each layer that has one; the network as a whole has no name."""
    found: dict[str, tuple[float, float]] = {}
    for layer in layers:
        try:
            height, width = field.size(layer or None)
        except ValueError:  # a layer that never ran, or whose output is no map
            continue
        found[layer] = height, width
    return found
