"""Dilation: which pixels a stack of dilated convolutions reads, how often, and how many weights a border wastes.

`compute` counts paths along one axis (a square kernel's counts are the outer product); `render` draws them on the
65 x 65 map on which DeepLab v3 (Chen et al. 2017, section 3.3) counted valid weights.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from course_lib import palette
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Slider
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import Chart, Drag, Line, Map, Mark, Panel, Readout

MAP = 65  # the map of DeepLab v3's figure: an image of 513 at output stride 8
CHANNELS = 64
RATES = (*range(1, 25), 32, 48, MAP - 1, MAP)
VIEWS = (17, 33, MAP)  # sides of the part of the map that is shown: the box should fill it
SCHEDULES = {"1, 2, 5, repeated": (1, 2, 5), "1, 2, 4, 8, 16, repeated": (1, 2, 4, 8, 16)}
UNIFORM = "the same everywhere"
MIDDLE = palette.hex_of(palette.VERMILION)


def dilation() -> Explorer:
    """What a stack of dilated convolutions reads."""
    controls = [
        Slider(name="kernel", label="Kernel", values=(3, 5, 7), default=3),
        Slider(name="layers", label="Layers", values=range(1, 9), default=3, play=True),
        Choice(name="schedule", label="Rates", values=(UNIFORM, *SCHEDULES), default=UNIFORM),
        Slider(name="rate", label="Rate", values=RATES, default=2, when={"schedule": [UNIFORM]}),
    ]
    return Explorer(
        render, controls, name="dilation", title="What a stack of dilated convolutions reads", guide=GUIDES["dilation"]
    )


@dataclass(frozen=True)
class Reading:
    """How often each pixel along one axis is read by one output pixel, over the whole box."""

    rates: tuple[int, ...]
    along: np.ndarray

    @property
    def box(self) -> int:
        """The side of the square that holds all pixels read."""
        return len(self.along)

    @property
    def pixels(self) -> int:
        """How many pixels are read; with gaps fewer than the square holds."""
        return int((self.along > 0).sum()) ** 2

    @property
    def coverage(self) -> float:
        """The share of the box's pixels that are read at all."""
        return self.pixels / self.box**2


def compute(*, kernel: int, rates: Sequence[int]) -> Reading:
    """Counts the ways from one output pixel back to each input pixel, layer by layer."""
    along = np.ones(1, dtype=np.int64)
    for rate in rates:
        comb = np.zeros((kernel - 1) * rate + 1, dtype=np.int64)
        comb[::rate] = 1
        along = np.convolve(along, comb)
    return Reading(tuple(rates), along)


def valid_along(*, kernel: int, rate: int) -> np.ndarray:
    """How many of a kernel's weights along one axis fall on the map, for each place of the kernel's centre."""
    offsets = (np.arange(kernel) - kernel // 2) * rate
    reached = np.arange(MAP)[:, None] + offsets
    return ((reached >= 0) & (reached < MAP)).sum(1)


def rates_of(*, layers: int, schedule: str, rate: int) -> tuple[int, ...]:
    """The dilation rate of each layer under a schedule."""
    pattern = SCHEDULES.get(schedule, (rate,))
    return tuple(pattern[i % len(pattern)] for i in range(layers))


def render(*, kernel: int, layers: int, schedule: str, rate: int) -> list[Panel]:
    """The pixels read, the weights that fall on the map at each place, how many at each rate, and the numbers."""
    reading = compute(kernel=kernel, rates=rates_of(layers=layers, schedule=schedule, rate=rate))
    widest = max(reading.rates)
    drags = [Drag(name="rate", axis="away", step=layers * (kernel // 2))]  # the outermost weight stays under the hand
    return [_reads(reading, drags), _valid(kernel, widest), _shares(kernel, widest), _numbers(reading, kernel)]


def _reads(reading: Reading, drags: list[Drag]) -> Map:
    side = next((view for view in VIEWS if view > reading.box), MAP)
    shown = np.zeros(side, dtype=np.int64)
    off = (side - reading.box) // 2
    if off >= 0:
        shown[off : off + reading.box] = reading.along
        note = "In the middle of the outlined box stands the output pixel."
    else:
        shown[:] = reading.along[-off : -off + side]
        seen = int((shown > 0).sum()) ** 2
        note = f"The box is wider than the map, which holds {seen:,} of the {reading.pixels:,} pixels read."
    start, wide = max(off, 0), min(reading.box, side)
    edge = Mark(top=start, left=start, height=wide, width=wide, label=f"box {reading.box} x {reading.box}")
    centre = Mark(top=side // 2 - 0.5, left=side // 2 - 0.5, height=2, width=2, label="the output pixel", colour=MIDDLE)
    return Map(
        title="What the middle pixel reads, and how often",
        values=np.outer(shown, shown),
        says="read {v} times",
        log=True,
        low=0,
        marks=(edge, centre),
        drags=drags,
        note=note,
    )


@lru_cache(maxsize=128)
def _valid(kernel: int, rate: int) -> Map:
    along = valid_along(kernel=kernel, rate=rate)
    span, weights = (kernel - 1) * rate + 1, kernel**2
    whole = int((along == kernel).sum()) ** 2
    if span > MAP:
        note = (
            f"A {kernel} x {kernel} kernel at rate {rate} spans {span} pixels: nowhere on a map of {MAP} x {MAP} "
            f"do all {weights} weights fall on the map. The rest multiply zeros."
        )
    else:
        note = f"All {weights} weights count at {whole:,} of {MAP**2:,} places."
    return Map(
        title=f"Weights that fall on the map, at rate {rate}",
        values=np.outer(along, along),
        says=f"{{v}} of {weights} weights valid",
        low=0,
        high=weights,
        note=note,
    )


@lru_cache(maxsize=128)
def _shares(kernel: int, rate: int) -> Chart:
    curves = _curves(kernel)
    here = curves["mean of all weights"][rate - 1]
    return Chart(
        title=f"Valid weights on a {MAP} x {MAP} map, by rate",
        x="rate",
        y="share of places",
        lines=[Line(name=name, x=range(1, MAP + 6), y=shares) for name, shares in curves.items()],
        at=rate,
        low=0,
        high=1,
        note=f"At rate {rate} the kernel uses {here:.1%} of its weights on average; from rate {MAP} on it is a 1 x 1.",
    )


@lru_cache(maxsize=8)
def _curves(kernel: int) -> dict[str, np.ndarray]:
    """The share of places with so many valid weights, by rate; and the mean share of valid weights."""
    wanted = {9: "9 valid", 6: "6 valid", 4: "4 valid", 1: "1 valid"} if kernel == 3 else {}
    wanted = wanted or {kernel**2: f"all {kernel**2} valid", 1: "1 valid"}
    counts = []
    for rate in range(1, MAP + 6):
        along = valid_along(kernel=kernel, rate=rate)
        counts.append(np.outer(along, along))
    number = np.stack(counts)
    shares = {name: (number == valid).mean((1, 2)) for valid, name in wanted.items()}
    return {"mean of all weights": number.mean((1, 2)) / kernel**2, **shares}


def _numbers(reading: Reading, kernel: int) -> Readout:
    layers = len(reading.rates)
    holes = reading.box**2 - reading.pixels
    weights = layers * kernel**2
    most = int(reading.along.max()) ** 2
    return Readout(
        title="In numbers",
        rows=(
            ("Rates", ", ".join(map(str, reading.rates))),
            ("Box", f"{reading.box} x {reading.box}"),
            ("Pixels read", f"{reading.pixels:,} of {reading.box**2:,}"),
            ("Holes", f"{holes:,}"),
            ("Coverage", f"{reading.coverage:.1%}"),
            ("Read most often", f"{most:,} times" if most > 1 else "once"),
            ("Weights per channel pair", f"{layers} x {kernel**2} = {weights}"),
            (f"Parameters, {CHANNELS} channels", f"{weights * CHANNELS**2:,}"),
            (f"Parameters, one {reading.box} x {reading.box} kernel", f"{reading.box**2 * CHANNELS**2:,}"),
        ),
    )
