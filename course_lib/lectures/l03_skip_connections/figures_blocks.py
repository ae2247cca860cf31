"""Schematics of 03: a residual block, a dense block, what each does to a gradient, and FC-DenseNet's three joins."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from course_lib.figures.style import COLOURS, INK, QUIET, WIDTH, Figure, new, styled

LAYER, MAPS = "#bfe0f5", "#ffffff"
SKIP = COLOURS[1]  # the path past the layers, in every schematic
SMALL = 9


@styled
def residual_block(widths: Sequence[int]) -> Figure:
    """A bottleneck block whose layers make these numbers of maps; the first number is the input's."""
    figure, axes = new(size=(WIDTH, 2.3))
    axis, last = _blank(axes[0, 0], 10.4, 2.6), len(widths) - 1
    _box(axis, 0.7, 0.9, f"x\n{widths[0]} maps", MAPS)
    for number, (maps, kernel) in enumerate(zip(widths[1:], ("1x1", "3x3", "1x1"))):
        _box(axis, 2.6 + 1.8 * number, 0.9, f"{kernel}\n{maps} maps", LAYER)
        _arrow(axis, (1.25 + 1.8 * number, 0.9), (2.05 + 1.8 * number, 0.9))
    _arrow(axis, (6.75, 0.9), (7.5, 0.9))
    _route(axis, (0.7, 1.25), (0.7, 1.95), (7.75, 1.95), (7.75, 1.2), colour=SKIP)
    axis.text(4.4, 2.2, "shortcut: x itself", ha="center", va="center", color=SKIP, fontsize=10)
    axis.text(4.4, 0.2, "F(x), what the layers learn", ha="center", va="center", fontsize=10)
    _join(axis, 7.75, 0.9, "+")
    _arrow(axis, (8.0, 0.9), (8.7, 0.9))
    _box(axis, 9.4, 0.9, f"ReLU(x + F(x))\n{widths[last]} maps", MAPS, wide=1.4)
    figure.alt = (
        f"A residual block. The input of {widths[0]} maps takes two paths: through three convolutions that make "
        f"{', '.join(map(str, widths[1:]))} maps, and past them. Both are added, and ReLU follows."
    )
    return figure


@styled
def dense_block(reads: Sequence[int], growth: int) -> Figure:
    """A dense block: each layer reads `reads[i]` maps, everything to its left, and makes `growth` new ones."""
    figure, axes = new(size=(WIDTH, 3.2))
    gap, last = 2.05, len(reads)
    axis = _blank(axes[0, 0], gap * (last + 1) + 1.2, 4.0)
    places = [0.6 + gap * number for number in range(last + 2)]
    _box(axis, places[0], 0.8, f"input\n{reads[0]} maps", MAPS)
    for number, read in enumerate(reads, 1):
        _box(axis, places[number], 0.8, f"layer {number}\nreads {read}\nadds {growth}", LAYER)
    _box(axis, places[-1], 0.8, f"output\n{reads[-1] + growth} maps", MAPS)
    for start in range(last + 1):
        colour, height, shift = COLOURS[start % len(COLOURS)], 3.3 - 0.35 * start, 0.18 * (start - last / 2)
        _arrow(axis, (places[start] + 0.55, 0.8), (places[start + 1] - 0.57, 0.8), colour=colour)
        for end in range(start + 2, last + 2):
            side = places[end] + shift
            _route(axis, (places[start] + shift, 1.3), (places[start] + shift, height), (side, height), (side, 1.48),
                   colour=colour)  # fmt: skip
    axis.text(0.05, 3.75, "One colour for each source. Where arrows arrive, maps are concatenated.", fontsize=10)
    figure.alt = (
        f"A dense block of {last} layers. Arrows lead from the input and from each layer to all later layers and to "
        f"the output. The layers read {', '.join(map(str, reads))} maps and add {growth} each; "
        f"{reads[-1] + growth} go out."
    )
    return figure


@styled
def chains(slope: float, layers: int) -> Figure:
    """The gradient on its way back through layers of one slope, without the sums and with them."""
    figure, axes = new(2, 1, size=(WIDTH, 2.9))
    told = []
    rules = {"y = F(x): each layer multiplies by F'": slope, "y = x + F(x): each layer multiplies by 1 + F'": 1 + slope}
    for axis, (words, factor) in zip(axes[:, 0], rules.items()):
        axis = _blank(axis, 2.2 * layers + 1.9, 1.85)
        axis.text(0, 1.7, f"{words} = {factor:g}", fontsize=10.5, va="center")
        values = [factor**number for number in range(layers + 1)]
        for number, value in enumerate(values):
            place = 2.2 * (layers - number) + 0.7
            axis.text(place, 0.55, f"{value:.4g}", ha="center", va="center", fontsize=11, fontweight="bold")
            if number < layers:
                _box(axis, place - 1.1, 0.55, "F", LAYER, wide=0.5)
                _arrow(axis, (place - 0.42, 0.55), (place - 0.82, 0.55))
                _arrow(axis, (place - 1.38, 0.55), (place - 1.72, 0.55))
                if factor > 1:
                    _arrow(axis, (place - 0.35, 0.85), (place - 1.8, 0.85), colour=SKIP, bend="arc3,rad=0.45")
        axis.text(2.2 * layers + 1.25, 0.55, "loss", va="center", color=QUIET, fontsize=SMALL)
        told.append(f"{words}: {', '.join(f'{value:.4g}' for value in values)}")
    figure.alt = f"A gradient of 1 on its way back through {layers} layers with F' = {slope:g}. {'; '.join(told)}."
    return figure


@styled
def tiramisu(before: int, down: Sequence[int], bottom: int, growth: int) -> Figure:
    """The lower part of FC-DenseNet: two dense blocks down, the bottom, two up; their layers and the maps that pass."""
    figure, axes = new(size=(WIDTH, 4.5))
    axis = _blank(axes[0, 0], 13.4, 7.2)
    one, two, low = (growth * layers for layers in (*down, bottom))
    first, second = before + one, before + one + two
    blocks = ((1.7, 5.0, one, down[0]), (3.9, 3.0, two, down[1]), (9.5, 3.0, two, down[1]), (11.7, 5.0, one, down[0]))
    for x, y, new_maps, layers in blocks:
        _box(axis, x, y, f"dense block\n{layers} layers\n{new_maps} new maps", LAYER, wide=1.9)
    _box(axis, 6.3, 0.8, f"bottleneck, {bottom} layers\n{low} new maps", LAYER, wide=2.4)
    _route(axis, (0.1, 5.0), (0.75, 5.0))
    axis.text(0.1, 5.25, f"{before}", fontsize=10, fontweight="bold")
    for x, y, left, maps in ((1.7, 5.0, 0.4, first), (3.9, 3.0, 2.6, second)):
        _route(axis, (left, y), (left, y - 1.15), (x - 0.27, y - 1.15), colour=SKIP)
        _route(axis, (x, y - 0.63), (x, y - 0.9))
        _join(axis, x, y - 1.15, "c")
        axis.text(x + 0.3, y - 1.42, f"{maps}", fontsize=10, fontweight="bold", va="center")
    _route(axis, (1.7, 3.6), (1.7, 3.0), (2.95, 3.0))
    _route(axis, (3.9, 1.6), (3.9, 0.8), (5.1, 0.8))
    for copied, x, y, maps in ((3.9, 7.9, 3.0, low), (1.7, 10.1, 5.0, two)):
        low_y, turn = y - 1.15, copied + 1.6
        _route(axis, (copied + 0.27, low_y), (turn, low_y), (turn, y), (x - 0.27, y), colour=COLOURS[0])
        _join(axis, x, y, "c")
        _route(axis, (x + 0.27, y), (x + 0.65, y))
        axis.text(x + 0.15, y - 1.0, f"only the {maps}\nnew maps", fontsize=SMALL, va="center")
    _route(axis, (7.5, 0.8), (7.9, 0.8), (7.9, 2.73))
    _route(axis, (9.5, 3.63), (9.5, 4.2), (10.1, 4.2), (10.1, 4.73))
    _route(axis, (12.65, 5.0), (13.2, 5.0))
    axis.text(0.1, 6.9, "within a block, and behind each block on the way down: input kept", color=SKIP, fontsize=10)
    axis.text(0.1, 6.35, "across, from encoder to decoder: skip connection", color=COLOURS[0], fontsize=10)
    figure.alt = (
        f"The lower part of FC-DenseNet. On the way down each dense block's input is concatenated with its new maps: "
        f"{before}, {first}, {second}. From the bottleneck only its {low} new maps go up and the skip adds {second}; "
        f"from the next block only its {two} new maps go up and the skip adds {first}."
    )
    return figure


def _blank(axis: Axes, width: float, height: float) -> Axes:
    axis.set(xlim=(0, width), ylim=(0, height))
    axis.axis("off")
    return axis


def _box(axis: Axes, x: float, y: float, words: str, face: str, *, wide: float = 1.1) -> None:
    high = 0.36 + 0.3 * (1 + words.count("\n"))
    shape = {"boxstyle": "round,pad=0,rounding_size=0.08", "facecolor": face, "edgecolor": INK, "linewidth": 1}
    axis.add_patch(FancyBboxPatch((x - wide / 2, y - high / 2), wide, high, **shape, zorder=3))
    axis.text(x, y, words, ha="center", va="center", fontsize=SMALL, linespacing=1.25, zorder=4)


def _join(axis: Axes, x: float, y: float, sign: str) -> None:
    axis.plot(x, y, "o", markersize=20, markerfacecolor="white", markeredgecolor=INK, zorder=3)
    axis.text(x, y, sign, ha="center", va="center", fontsize=12, zorder=4)


def _route(axis: Axes, *points: tuple[float, float], colour: str = INK) -> None:
    """A line from point to point that ends in an arrow."""
    axis.plot(*zip(*points[:-1]), color=colour, linewidth=1.5, zorder=2)
    _arrow(axis, points[-2], points[-1], colour=colour)


def _arrow(
    axis: Axes, start: tuple[float, float], end: tuple[float, float], *, colour: str = INK, bend: str = "arc3"
) -> None:
    style = {
        "arrowstyle": "-|>",
        "color": colour,
        "linewidth": 1.5,
        "connectionstyle": bend,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    axis.annotate("", end, start, arrowprops=style, zorder=2)
