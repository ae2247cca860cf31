"""The cost of a convolution: parameters, multiply-adds, and the time this machine really takes.

`compute` builds the layers and counts their weights; `measure` runs them, only when the student asks for it.
"""

import time
from dataclasses import dataclass
from functools import cache

import torch
from torch import nn

from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Slider, Switch
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import Chart, Line, Panel, Readout

PLAIN, SEPARABLE = "plain", "depthwise separable"
KERNELS = (1, 3, 5, 7)
CHANNELS = (3, 16, 32, 64, 128, 256)
MEASURE = "Measure the time here"
INVITATION = f"Do fewer products take less time? Tick “{MEASURE}” and see."


def convolution_cost() -> Explorer:
    """What a convolution costs, plain and depthwise separable."""
    controls = [
        Choice(name="kind", label="Kind", values=(PLAIN, SEPARABLE), default=PLAIN),
        Slider(name="kernel", label="Kernel", values=KERNELS, default=3),
        Slider(name="before", label="Channels in", values=CHANNELS, default=64),
        Slider(name="after", label="Channels out", values=CHANNELS, default=64),
        Slider(name="side", label="Map", values=(8, 16, 32, 64, 128), default=64, unit="pixels"),
        Switch(name="timed", label=MEASURE, asks=True),
    ]
    return Explorer(
        render, controls, name="convolution_cost", title="What a convolution costs", guide=GUIDES["convolution_cost"]
    )


@dataclass(frozen=True)
class Cost:
    """Weights, and products per output map."""

    parameters: int
    multiply_adds: int


def layers(kind: str, *, kernel: int, before: int, after: int, device: str | None = None) -> list[nn.Conv2d]:
    """The convolutions, without biases."""
    same = {"padding": kernel // 2, "bias": False, "device": device}
    if kind == PLAIN:
        return [nn.Conv2d(before, after, kernel, **same)]
    return [
        nn.Conv2d(before, before, kernel, groups=before, **same),
        nn.Conv2d(before, after, 1, bias=False, device=device),
    ]


def compute(kind: str, *, kernel: int, before: int, after: int, side: int) -> Cost:
    """Weights and multiply-adds of one kind of convolution."""
    weights = _weights(kind, kernel, before, after)
    return Cost(weights, weights * side**2)


@cache
def _weights(kind: str, kernel: int, before: int, after: int) -> int:
    built = layers(kind, kernel=kernel, before=before, after=after, device="meta")
    return sum(layer.weight.numel() for layer in built)


@torch.no_grad()
def measure(kind: str, *, kernel: int, before: int, after: int, side: int) -> float:
    """Milliseconds on this machine's processor: the fastest of several runs, within a quarter of a second."""
    chain = nn.Sequential(*layers(kind, kernel=kernel, before=before, after=after))
    x = torch.rand(1, before, side, side)
    chain(x)
    best, until = float("inf"), time.perf_counter() + 0.25
    while time.perf_counter() < until:
        began = time.perf_counter()
        chain(x)
        best = min(best, time.perf_counter() - began)
    return 1000 * best


def render(*, kind: str, kernel: int, before: int, after: int, side: int, timed: bool) -> list[Panel]:
    """Cost over channels, cost over kernel size, and the numbers of the chosen convolution."""
    shape = {"kernel": kernel, "before": before, "after": after, "side": side}
    costs = {name: compute(name, **shape) for name in (PLAIN, SEPARABLE)}
    times = {name: measure(name, **shape) for name in costs} if timed else {}
    return [_by_channels(kernel, before, after, side), _by_kernel(shape), _numbers(kind, shape, costs, times)]


def _by_channels(kernel: int, before: int, after: int, side: int) -> Chart:
    def curve(kind: str) -> list[int]:
        return [compute(kind, kernel=kernel, before=before, after=n, side=side).multiply_adds for n in CHANNELS]

    return Chart(
        title="Multiply-adds by output channels",
        x="channels out",
        y="multiply-adds",
        lines=[Line(name=kind, x=CHANNELS, y=curve(kind)) for kind in (PLAIN, SEPARABLE)],
        at=after,
        low=1e2,  # the axis holds every setting, so that the curves move and not the numbers beside them
        high=1e11,
        log=True,
        log_x=True,
    )


def _by_kernel(shape: dict) -> Chart:
    def curve(kind: str) -> list[int]:
        return [compute(kind, **{**shape, "kernel": kernel}).parameters for kernel in KERNELS]

    return Chart(
        title="Weights by kernel",
        x="kernel",
        y="weights",
        lines=[Line(name=kind, x=KERNELS, y=curve(kind)) for kind in (PLAIN, SEPARABLE)],
        bars=[f"{kernel} x {kernel}" for kernel in KERNELS],
        low=0,
    )


def _numbers(kind: str, shape: dict, costs: dict[str, Cost], times: dict[str, float]) -> Readout:
    kernel, before, after, side = shape.values()
    if kind == PLAIN:
        sum_ = f"{kernel} x {kernel} x {before} x {after}"
    else:
        sum_ = f"{kernel} x {kernel} x {before} + {before} x {after}"
    plain, separable = costs[PLAIN], costs[SEPARABLE]
    rows = [
        ("Weights", f"{sum_} = {costs[kind].parameters:,}"),
        ("Multiply-adds", f"weights x {side} x {side} = {costs[kind].multiply_adds:,}"),
        ("Separable / plain", f"{separable.parameters / plain.parameters:.4f}"),
        ("1 / out + 1 / kernel^2", f"1/{after} + 1/{kernel**2} = {1 / after + 1 / kernel**2:.4f}"),
    ]
    if times:
        rows += [(f"Time here, {name}", f"{milliseconds:.3f} ms") for name, milliseconds in times.items()]
        rows += [("Time, separable / plain", f"{times[SEPARABLE] / times[PLAIN]:.2f}")]
    return Readout(title="In numbers", rows=rows, note="" if times else INVITATION)
