"""Upsampling: bilinear with both align settings, and transposed convolution, on a tiny map with the exact weights.

`compute` asks torch: the weights along one axis are what the operation makes of the rows of an identity matrix.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Slider
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import Impossible, Map, Mark, Panel, Readout, number_text
from course_lib.metrics.checkerboard import index
from course_lib.models.blocks import bilinear_upsampling

TINY = torch.tensor([[1.0, 3.0, 2.0, 0.0], [4.0, 8.0, 6.0, 2.0], [2.0, 5.0, 9.0, 4.0], [0.0, 1.0, 3.0, 2.0]])
SIDE = len(TINY)
BILINEAR, TRANSPOSED = "bilinear", "transposed convolution"
EDGES, CORNERS = "edges (align_corners=False)", "corner pixels (align_corners=True)"
WHOLE, ODD = "scale x n", "scale x (n - 1) + 1"
ONES, SMOOTH = "all 1", "bilinear"
STAMPS = (*range(1, 9), 12, SIDE**2)  # how many inputs have set down their kernel


def upsampling() -> Explorer:
    """How a small map becomes a large one, weight by weight."""
    bilinear, transposed = {"method": [BILINEAR]}, {"method": [TRANSPOSED]}
    controls = [
        Choice(name="method", label="Method", values=(BILINEAR, TRANSPOSED), default=BILINEAR),
        Choice(name="align", label="Align", values=(EDGES, CORNERS), default=EDGES, when=bilinear),
        Choice(name="size", label="Output size", values=(WHOLE, ODD), default=WHOLE, when=bilinear),
        Slider(name="scale", label="Scale", values=range(2, 9), default=4, when=bilinear),
        Choice(name="weights", label="Weights", values=(ONES, SMOOTH), default=ONES, when=transposed),
        Slider(name="kernel", label="Kernel", values=range(1, 9), default=3, when=transposed),
        Slider(name="stride", label="Stride", values=range(1, 5), default=2, when=transposed),
        Slider(name="padding", label="Padding", values=range(0, 4), default=0, when=transposed),
        Slider(name="stamps", label="Inputs that have stamped", values=STAMPS, default=SIDE**2, play=True,
               when=transposed | {"kernel": [2, 3, 4, 5], "padding": [0]}),
    ]  # fmt: skip
    return Explorer(
        render, controls, name="upsampling", title="Upsampling, weight by weight", main=1, guide=GUIDES["upsampling"]
    )


@dataclass(frozen=True)
class Upsampled:
    """What one axis does: weights[out, in], and how many inputs reach each output; `stamps` inputs take part."""

    weights: Tensor
    stamps: int

    def over(self, values: Tensor) -> Tensor:
        """The upsampled map: the weights of one axis applied to both."""
        taking_part = values * (torch.arange(SIDE**2) < self.stamps).view(SIDE, SIDE)
        return self.weights @ taking_part.double() @ self.weights.T

    @property
    def overlap(self) -> np.ndarray:
        """The number of input pixels with a part in each output pixel."""
        reaching = Upsampled((self.weights != 0).double(), self.stamps)
        return reaching.over(torch.ones_like(TINY)).long().numpy()

    def of_ones(self, stride: int) -> tuple[float, float]:
        """The least and the largest value that a map of ones becomes, away from the border."""
        total = self.weights.sum(1)
        middle = total[len(total) // 2 - stride // 2 :][:stride]
        return float(middle.min()) ** 2, float(middle.max()) ** 2


def compute(
    *, method: str, align: str, size: str, scale: int, weights: str, kernel: int, stride: int, padding: int, stamps: int
) -> Upsampled:
    """The exact weights along one axis."""
    rows = torch.eye(SIDE, dtype=torch.float64)[:, None]  # one map for each input position
    if method == BILINEAR:
        length = scale * SIDE if size == WHOLE else scale * (SIDE - 1) + 1
        out = F.interpolate(rows, size=length, mode="linear", align_corners=align == CORNERS)
    else:
        length = (SIDE - 1) * stride - 2 * padding + kernel
        if length < 1:
            raise Impossible(f"Padding {padding} cuts off everything: the output would have {length} pixels.")
        out = F.conv_transpose1d(rows, _axis(weights, kernel, stride)[None, None], stride=stride, padding=padding)
    return Upsampled(out[:, 0].T, stamps)


@lru_cache(maxsize=64)
def checkerboard(weights: str, kernel: int) -> float:
    """The index of the claim on checkerboards (0 to 1), of one step of stride 2 on a flat map with some noise."""
    axis = _axis(weights, kernel, 2).float()
    step = nn.ConvTranspose2d(1, 1, kernel, stride=2, bias=False)
    with torch.no_grad():
        step.weight.copy_(torch.outer(axis, axis))
    return index(step, 1 + 0.1 * torch.randn(4, 1, 48, 48, generator=torch.Generator().manual_seed(0)))


def _axis(weights: str, kernel: int, stride: int) -> Tensor:
    """The kernel along one axis: ones, or the course's bilinear start."""
    if weights == ONES:
        return torch.ones(kernel, dtype=torch.float64)
    plane = bilinear_upsampling(1, kernel_size=kernel, stride=stride).weight.detach()[0, 0].double()
    return plane.diagonal().sqrt()


def render(**settings: object) -> list[Panel]:
    """The small map, the upsampled map, the weights along one axis, and the numbers."""
    made = compute(**settings)
    bilinear = settings["method"] == BILINEAR
    out, weights = made.over(TINY).numpy(), made.weights.numpy()
    few = len(weights) <= 14
    here, there = _stamp(settings) if settings["stamps"] < SIDE**2 else ((), ())
    return [
        Map(title=f"The map, {SIDE} x {SIDE}", values=TINY.numpy(), low=0, high=9, numbers=True, marks=here),
        Map(
            title=f"Upsampled, {len(out)} x {len(out)}",
            values=np.round(out, 4),
            low=0,
            numbers=len(out) <= 9,
            marks=there,
        ),
        Map(
            title="Weights along one axis: input down, output across",
            values=np.round(weights.T, 6),
            low=0,
            numbers=few,
            says="weight {v}",
            note=_border(made, settings) if bilinear else "Each row is the kernel, set down at stride x input.",
        ),
        Map(title="Input pixels that reach each output", values=made.overlap, low=0, numbers=len(out) <= 14),
        _numbers(made, settings),
    ]


def _stamp(settings: dict) -> tuple[list[Mark], list[Mark]]:
    """The input that stamped last, and where its kernel fell."""
    row, column = divmod(settings["stamps"] - 1, SIDE)
    stride, kernel = settings["stride"], settings["kernel"]
    fallen = Mark(top=stride * row, left=stride * column, height=kernel, width=kernel, label="the last stamp")
    return [Mark(top=row, left=column, label="the input that stamped last")], [fallen]


def _border(made: Upsampled, settings: dict) -> str:
    first = made.weights[0]
    words = " + ".join(f"{number_text(round(float(w), 6))} x input {i}" for i, w in enumerate(first) if w)
    step = (SIDE - 1) / (len(made.weights) - 1) if settings["align"] == CORNERS else SIDE / len(made.weights)
    return f"Output 0 = {words}. Each output pixel is {number_text(round(step, 6))} input pixels further on."


def _numbers(made: Upsampled, settings: dict) -> Readout:
    length, total = len(made.weights), made.weights.sum(1)
    rows = [("Output", f"{length} x {length}")]
    if settings["method"] == BILINEAR:
        rows += [("Learned weights", "0"), ("Largest weight", number_text(round(float(made.weights.max()), 6)))]
        even = torch.allclose(total, torch.ones_like(total))
        rows += [("Weights of an output sum to", "1 everywhere" if even else "not 1")]
        exact = int((made.weights == 1).any(1).sum())
        rows += [("Outputs that copy an input", f"{exact} of {length} along an axis")]
        return Readout(title="In numbers", rows=rows)
    kernel, stride, padding = settings["kernel"], settings["stride"], settings["padding"]
    low, high = (number_text(round(value, 4)) for value in made.of_ones(stride))
    fits = "yes" if kernel % stride == 0 else "no"
    rows += [
        ("(n - 1) x stride - 2 x padding + kernel", f"{SIDE - 1} x {stride} - 2 x {padding} + {kernel} = {length}"),
        ("Learned weights per channel pair", str(kernel**2)),
        ("Kernel divisible by stride", fits),
        ("Most inputs on one output", str(int(made.overlap.max()))),
        ("A map of ones becomes", low if low == high else f"{low} to {high}"),
    ]
    even = f"{checkerboard(settings['weights'], kernel):.3f}" if stride == 2 else "for stride 2 only"
    rows += [("Checkerboard index (0 is none, 1 all)", even)]
    return Readout(title="In numbers", rows=rows)
