"""Output stride: a ResNet drawn stage by stage, with sizes, strides, rates and the memory of its maps.

`compute` builds the course's own ResNet without values and watches every convolution that runs.
"""

from dataclasses import dataclass, replace
from functools import cache

import torch
from torch import nn

from course_lib import palette
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Slider
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import Block, Chart, Diagram, Line, Panel, Readout
from course_lib.models.deeplab_v3 import aspp_rates
from course_lib.models.resnet import resnet
from course_lib.models.shapes import ShapesAlone

GRIDS = {"1, 1, 1": (1, 1, 1), "1, 2, 1": (1, 2, 1), "1, 2, 4 (DeepLab v3)": (1, 2, 4)}
STAGES = ("stem", "pool1", "conv2", "conv3", "conv4", "conv5")
STRIDES = (8, 16, 32)
TRADES = {"conv4": (8, 16), "conv5": (16, 32)}  # the output stride after a click on a stage: that strides, that dilates
DILATED = palette.hex_of(palette.ORANGE)
PLAIN = palette.hex_of(palette.SKY)


def output_stride() -> Explorer:
    """Which stages give up their stride, and what that costs."""
    controls = [
        Slider(name="stride", label="Output stride", values=STRIDES, default=16, play=True),
        Slider(name="depth", label="ResNet", values=(50, 101), default=50),
        Choice(name="multi_grid", label="Multi-grid of conv5", values=tuple(GRIDS), default="1, 1, 1"),
        Slider(name="side", label="Image", values=(224, 513, 769), default=513, unit="pixels"),
    ]
    return Explorer(
        render, controls, name="output_stride", title="The output stride of a backbone", guide=GUIDES["output_stride"]
    )


@dataclass(frozen=True)
class Stage:
    """What one stage does to an image: the map it leaves, its rates, the values it keeps, its products."""

    name: str
    channels: int
    size: int
    stride: int
    rates: tuple[int, ...]
    values: int
    multiply_adds: int


def compute(*, stride: int, depth: int, multi_grid: tuple[int, int, int], side: int) -> tuple[Stage, ...]:
    """Every number is read off layers that ran; multi-grid moves taps and changes no size."""
    rates = _rates_of(stride, depth, multi_grid)
    return tuple(replace(stage, rates=rates[stage.name]) for stage in _run(stride, depth, side))


@cache
def _backbone(stride: int, depth: int, multi_grid: tuple[int, int, int]) -> nn.Module:
    with torch.device("meta"):
        return resnet(depth, output_stride=stride, multi_grid=multi_grid).eval()


@cache
def _rates_of(stride: int, depth: int, multi_grid: tuple[int, int, int]) -> dict[str, tuple[int, ...]]:
    net, rates = _backbone(stride, depth, multi_grid), {}
    for name in STAGES:
        layers = [layer for layer in getattr(net, name).modules() if isinstance(layer, nn.Conv2d)]
        rates[name] = tuple(layer.dilation[0] for layer in layers if layer.kernel_size[0] > 1)
    return rates


@cache
def _run(stride: int, depth: int, side: int) -> tuple[Stage, ...]:
    """One run on tensors without values."""
    net, x, before, found = _backbone(stride, depth, (1, 1, 1)), torch.empty(1, 3, side, side, device="meta"), 1, []
    for name in STAGES:
        stage = getattr(net, name)
        with Watch(stage) as watch, ShapesAlone():
            x = stage(x)
        before *= watch.stride
        found.append(Stage(name, x.shape[1], x.shape[2], before, (), watch.values, watch.multiply_adds))
    return tuple(found)


class Watch:
    """Sums up the convolutions of a stage while it runs, and takes its hooks off again."""

    def __init__(self, stage: nn.Module):
        self.stage, self.values, self.multiply_adds, self.stride = stage, 0, 0, 1

    def __enter__(self) -> "Watch":
        kinds = (nn.Conv2d, nn.MaxPool2d)
        self.hooks = [
            layer.register_forward_hook(self._ran) for layer in self.stage.modules() if isinstance(layer, kinds)
        ]
        self.shortcuts = {id(layer) for name, layer in self.stage.named_modules() if "shortcut" in name}
        return self

    def __exit__(self, *_: object) -> None:
        for hook in self.hooks:
            hook.remove()

    def _ran(self, layer: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        self.values += output.numel()
        if isinstance(layer, nn.Conv2d):
            self.multiply_adds += layer.weight.numel() * output.shape[-2] * output.shape[-1]
        if id(layer) not in self.shortcuts:  # a shortcut strides beside the main path, not after it
            step = layer.stride if isinstance(layer.stride, int) else layer.stride[0]
            self.stride *= step


def render(*, stride: int, depth: int, multi_grid: str, side: int) -> list[Panel]:
    """The stages as a drawing, the costs of each output stride, and the numbers of the chosen one."""
    grid = GRIDS[multi_grid]
    stages = compute(stride=stride, depth=depth, multi_grid=grid, side=side)
    every = {s: compute(stride=s, depth=depth, multi_grid=grid, side=side) for s in STRIDES}
    return [_drawing(stages, side), _costs(every), _numbers(stages, stride, side)]


def _drawing(stages: tuple[Stage, ...], side: int) -> Diagram:
    """Maps as boxes: as high as the map is wide (by its root, or the last would be a dot)."""
    floor, tallest, wide, step = 160, 150, 66, 88
    image = Block(x=10, y=floor - tallest, width=wide, height=tallest, text=f"image\n{side} x {side}\n3 channels")
    blocks, arrows = [image], []
    for number, stage in enumerate(stages):
        height = max(48, tallest * (stage.size / side) ** 0.5)
        x = 10 + (number + 1) * step
        dilated = bool(stage.rates) and max(stage.rates) > 1
        text = f"{stage.name}\n{stage.size} x {stage.size}\n{stage.channels}"
        sets = {"stride": TRADES[stage.name][dilated]} if stage.name in TRADES else {}
        look = {"colour": DILATED if dilated else PLAIN, "strong": dilated, "sets": sets}
        blocks.append(Block(x=x, y=floor - height, width=wide, height=height, text=text, **look))
        rates = f"rate {_rates(stage)}" if stage.rates else "no weights"
        below = Block(x=x - 11, y=floor + 4, width=step, height=34, text=f"stride {stage.stride}\n{rates}", frame=False)
        blocks.append(below)
        arrows.append((x - step + wide + 2, floor - 22, x - 2, floor - 22))
    return Diagram(
        title="Click conv4 or conv5: orange stages gave up their stride and dilate instead",
        width=22 + 6 * step + wide,
        height=204,
        blocks=blocks,
        arrows=arrows,
    )


def _rates(stage: Stage) -> str:
    """The rates of a stage's 3 x 3 convolutions, each named once."""
    return ", ".join(map(str, dict.fromkeys(stage.rates)))


def _costs(every: dict[int, tuple[Stage, ...]]) -> Chart:
    return Chart(
        title="Values that convolutions and pools make",
        x="stage",
        y="million values per image",
        lines=[
            Line(name=f"output stride {s}", x=range(len(STAGES)), y=[stage.values / 1e6 for stage in stages])
            for s, stages in every.items()
        ],
        bars=STAGES,
        low=0,
    )


def _numbers(stages: tuple[Stage, ...], stride: int, side: int) -> Readout:
    last, values = stages[-1], sum(stage.values for stage in stages)
    rows = [
        ("Encoder output", f"{last.size} x {last.size} x {last.channels}"),
        ("Output stride = input / output", f"{side} / {last.size} = {side / last.size:.2f}, nominally {last.stride}"),
        ("Rates of conv4", _rates(stages[4])),
        ("Rates of conv5", _rates(stages[5])),
        ("Outputs of convolutions and pools", f"{values:,} values"),
        ("Their memory in float32", f"{4 * values / 2**20:,.0f} MiB per image"),
        ("Multiply-adds", f"{sum(stage.multiply_adds for stage in stages) / 1e9:,.1f} billion"),
    ]
    if stride in (8, 16):
        rows.append(("ASPP rates of DeepLab v3", ", ".join(map(str, aspp_rates(stride)))))
    return Readout(title="In numbers", rows=rows)
