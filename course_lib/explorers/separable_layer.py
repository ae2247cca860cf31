"""A separable convolution taken apart: every multiply of one output pixel is a square, and so the cost is an area.

Left the plain layer, a kernel for each pair of input and output; right the separable one, a kernel for each input and a
weight for each pair. Both are computed square by square, so one sees which is done first and whether both agree.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np

from course_lib import palette
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Slider
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import CLASSES, Drag, Map, Panel, Readout, Word, number_text

KERNELS, BEFORE, AFTER = (1, 3, 5), (1, 2, 3), (1, 2, 3, 4, 5, 6)
SHARED, ANY = "outputs share the shapes", "any kernels"
ALL = "all"
DONE = (*range(10), 18, *range(27, 40), 54, 81, ALL)
TOP, EDGE = 3, 1  # of the drawing, in squares: the words above, and the paper at the left of each layer
INPUTS = (palette.BLUE, palette.ORANGE, palette.GREEN)
TONES = ((0.3, 0.22), (1.0, 0.8))  # of a colour on paper: waiting and done, as on a chessboard each in two shades


PALETTE = (
    palette.PAPER,
    *(palette.on_paper(ink, TONES[done][dark]) for ink in INPUTS for dark in (0, 1) for done in (0, 1)),
)
NAMES = {0: ""} | {
    1 + 4 * m + 2 * dark + done: f"input {m + 1}, {'done' if done else 'waits'}"
    for m in range(len(INPUTS)) for dark in (0, 1) for done in (0, 1)
}  # fmt: skip


def separable_layer() -> Explorer:
    """Plain and separable, multiply by multiply."""
    shared = {"kernels": [SHARED]}
    controls = [
        Slider(name="kernel", label="Kernel", values=KERNELS, default=3),
        Slider(name="before", label="Channels in", values=BEFORE, default=3),
        Slider(name="after", label="Channels out", values=AFTER, default=4),
        Choice(name="kernels", label="The plain layer has", values=(SHARED, ANY), default=SHARED),
        Slider(name="done", label="Multiplies done", values=DONE, default=ALL, play=True, when=shared),
    ]
    return Explorer(
        render,
        controls,
        name="separable_layer",
        title="A separable layer, multiply by multiply",
        guide=GUIDES["separable_layer"],
    )


@dataclass(frozen=True, eq=False)
class Layer:
    """The products of one output pixel, in the order in which they are computed: plain N x M x k^2; then two steps."""

    plain: np.ndarray
    depthwise: np.ndarray  # M x k^2
    pointwise: np.ndarray  # N x M


@cache
def compute(kernel: int, before: int, after: int, kernels: str) -> Layer:
    """All products. With any kernels the separable layer is the nearest there is: one shape for each input (SVD)."""
    dice = np.random.default_rng(5)
    pixels = dice.integers(0, 4, (BEFORE[-1], KERNELS[-1] ** 2))[:before, : kernel**2].astype(float)
    shapes = dice.integers(-1, 3, (BEFORE[-1], KERNELS[-1] ** 2))[:before, : kernel**2].astype(float)
    mix = dice.integers(-1, 3, (AFTER[-1], BEFORE[-1]))[:after, :before].astype(float)
    weights = mix[:, :, None] * shapes
    if kernels == ANY:
        weights = dice.integers(-1, 3, (AFTER[-1], BEFORE[-1], KERNELS[-1] ** 2))[:after, :before, : kernel**2]
        left, size, right = np.linalg.svd(weights.transpose(1, 0, 2).astype(float), full_matrices=False)
        mix, shapes = (left[..., 0] * size[:, :1]).T, right[:, 0]
    depthwise = shapes * pixels
    return Layer(weights * pixels, depthwise, mix * depthwise.sum(1))


def render(*, kernel: int, before: int, after: int, kernels: str, done: int | str) -> list[Panel]:
    """Both layers as areas, the outputs so far, the sums that the outputs share, and the numbers."""
    layer = compute(kernel, before, after, kernels)
    enough = max(layer.plain.size, layer.depthwise.size + layer.pointwise.size)
    most = enough if done == ALL else min(int(done), enough)
    return [*_maps(layer, kernel, most), _numbers(layer, kernel, most)]


@lru_cache(maxsize=4096)
def _maps(layer: Layer, kernel: int, most: int) -> list[Map]:
    left = max(0, most - layer.depthwise.size)  # what the pointwise step may do
    outputs = np.stack([_so_far(layer.plain, most).sum((1, 2)), _so_far(layer.pointwise, left).sum(1)]).round(2)
    shared = _so_far(layer.depthwise, most).sum(1).round(2)
    scale = {"low": -20, "high": 60, "numbers": True, "says": "sum {v}"}
    return [
        _areas(layer, kernel, most),
        Map(title="The outputs so far: above plain, below separable", values=outputs, **scale),
        Map(title="Depthwise sums, one for each input; all outputs mix them", values=shared[None], **scale),
    ]


def _so_far(products: np.ndarray, done: int) -> np.ndarray:
    """The products that are computed by now, the others 0."""
    return products * (np.arange(products.size) < done).reshape(products.shape)


def _areas(layer: Layer, kernel: int, most: int) -> Map:
    """Squares on paper: pale while they wait, in full colour once they are done."""
    after, before, _ = layer.plain.shape
    below = TOP + kernel + 1 + TOP
    side = max(TOP + AFTER[-1] * (kernel + 1), below + 2 * AFTER[-1])  # holds the largest layers of this kernel
    paper, right = np.zeros((side, side), np.uint8), side // 2 + EDGE
    left = most - layer.depthwise.size
    inputs = np.broadcast_to(np.arange(before)[:, None], layer.plain.shape)
    plain = _colours(inputs, most).reshape(after, before, kernel, kernel)
    depthwise = _colours(inputs[0], most).reshape(before, kernel, kernel)
    pointwise = _colours(inputs[..., 0], left)
    for (n, m), value in np.ndenumerate(pointwise):
        paper[below + 2 * n, right + 2 * m] = value
        _square(paper, TOP + n * (kernel + 1), EDGE + m * (kernel + 1), plain[n, m])
    for m in range(before):
        _square(paper, TOP, right + m * (kernel + 1), depthwise[m])
    told = ((1.6, EDGE, "plain", layer.plain), (1.6, right, "depthwise", layer.depthwise))
    told += ((below - 1.4, right, "pointwise", layer.pointwise),)
    words = [Word(top=y, left=x, size=side / 22, text=f"{name}: {part.size}") for y, x, name, part in told]
    return Map(
        title=f"Multiplies for one pixel of {after} output maps: a square is one multiply",
        values=paper,
        colours=CLASSES,
        palette=PALETTE,
        names=NAMES,
        words=words,
        drags=[Drag(name="before", step=kernel + 1), Drag(name="after", axis="y", step=-kernel - 1)],
        note="Drag to the right for more inputs, down for more outputs.",
    )


def _colours(inputs: np.ndarray, done: int) -> np.ndarray:
    """The class of each square: whose input it reads, light or dark as on a chessboard, and whether it is done."""
    order = np.arange(inputs.size).reshape(inputs.shape)
    return 1 + 4 * inputs + 2 * (order % 2) + (order < done)


def _square(paper: np.ndarray, top: int, left: int, values: np.ndarray) -> None:
    paper[top : top + len(values), left : left + len(values)] = values


def _numbers(layer: Layer, kernel: int, most: int) -> Readout:
    """What both cost, and whether they agree."""
    after, before, _ = layer.plain.shape
    separable = layer.depthwise.size + layer.pointwise.size
    apart = float(np.abs(layer.plain.sum((1, 2)) - layer.pointwise.sum(1)).max())
    same = "yes" if apart < 1e-9 else f"no, up to {number_text(round(apart, 2))} apart"
    return Readout(
        title="In numbers",
        rows=(
            ("Plain, k x k x in x out", f"{kernel} x {kernel} x {before} x {after} = {layer.plain.size}"),
            ("Separable, two steps", f"{layer.depthwise.size} + {layer.pointwise.size} = {separable}"),
            ("Done of plain", f"{min(most, layer.plain.size)} of {layer.plain.size}"),
            ("Done of separable", f"{min(most, separable)} of {separable}"),
            ("Separable / plain", f"{separable / layer.plain.size:.2f}"),
            ("1 / out + 1 / kernel^2", f"{1 / after + 1 / kernel**2:.2f}"),
            ("The same output, once done?", same),
        ),
    )
