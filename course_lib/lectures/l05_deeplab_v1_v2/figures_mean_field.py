"""How the dense CRF decides: mean field on five pixels, and how all pairs are summed without visiting them."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from course_lib.figures.style import COLOURS, HEAT, INK, QUIET, WIDTH, Figure, new, styled

NEAR = 0.5  # pairs with a kernel above this are drawn as tied
LIKELY = "#8fc1de"
DOTS = {"cmap": HEAT, "vmin": 0, "vmax": 1, "edgecolors": INK, "linewidths": 0.5, "zorder": 3}


def rounds(answers: Sequence[float], kernel: np.ndarray, count: int) -> list[np.ndarray]:
    """The probability of the first of two classes at each pixel: the network's, then after 1 to `count` rounds."""
    network = np.asarray(answers, dtype=float)
    found, others = [network], kernel - np.diag(np.diag(kernel))
    for _ in range(count):
        odds = np.log(network / (1 - network)) + others @ (2 * found[-1] - 1)
        found.append(1 / (1 + np.exp(-odds)))
    return found


@styled
def few_pixels(greys: Sequence[int], answers: Sequence[float], kernel: np.ndarray, name: str, asked: int) -> Figure:
    """Mean field on a row of pixels: their greys, what the network says, and two rounds; `asked` is spelled out."""
    found = dict(zip(("network", "round 1", "round 2"), rounds(answers, kernel, 2)))
    figure, axes = new(size=(WIDTH, 3.9))
    axis, beside = axes[0, 0], len(greys) - 0.25
    axis.set(xlim=(-1.5, len(greys) + 2.9), ylim=(4.45, -1.15))
    axis.axis("off")
    for place, grey in enumerate(greys):
        axis.add_patch(Rectangle((place - 0.42, -0.35), 0.84, 0.7, facecolor=(grey / 255,) * 3, edgecolor=INK))
        axis.text(place, 0, str(grey), ha="center", va="center", color="white" if grey < 128 else INK)
        for other in range(place + 1, len(greys)):
            if kernel[place, other] > NEAR:
                bend = f"arc3,rad={-0.35 / (other - place) ** 0.3}"
                arrow = {"arrowstyle": "<->", "color": COLOURS[1], "connectionstyle": bend}
                axis.annotate("", (other - 0.08, -0.38), (place + 0.08, -0.38), arrowprops=arrow)
    axis.text(-0.6, 0, "grey", ha="right", va="center")
    for line, (word, values) in enumerate(found.items(), 1):
        axis.text(-0.6, 1.2 * line, word, ha="right", va="center")
        _bars(axis, values, 1.2 * line)
    odds = float(np.log(answers[asked] / (1 - answers[asked])))
    votes = [kernel[asked, j] * (2 * answers[j] - 1) for j in range(len(answers)) if j != asked and kernel[asked, j]]
    terms, total = " ".join(f"{vote:+.1f}" for vote in votes), odds + sum(votes)
    words = f"pixel {asked + 1}: log-odds\n{odds:.2f} {terms} = {total:.2f}\nso p = {found['round 1'][asked]:.2f}"
    axis.text(beside, 2.4, words, va="center", linespacing=1.5)
    axis.text(beside, 1.2, f"p({name})", va="center")
    axis.text(beside, 0, "arrows: alike, kernel 1\nall others: kernel 0", va="center", color=COLOURS[1])
    told = "; ".join(f"{word} {', '.join(f'{value:.2f}' for value in values)}" for word, values in found.items())
    figure.alt = (
        f"Mean field on {len(greys)} pixels with greys {', '.join(map(str, greys))}. Probability of {name}: {told}. "
        f"For pixel {asked + 1} the log-odds {odds:.2f} and the votes {terms} make {total:.2f}."
    )
    return figure


def _bars(axis: Axes, values: np.ndarray, middle: float) -> None:
    """One box for each pixel, filled as high as its probability."""
    for place, value in enumerate(values):
        left, top = place - 0.42, middle - 0.42
        axis.add_patch(Rectangle((left, top), 0.84, 0.84, facecolor="#f3f3f3", edgecolor=QUIET))
        axis.add_patch(Rectangle((left, top + 0.84 * (1 - value)), 0.84, 0.84 * value, facecolor=LIKELY))
        weight = "bold" if value > 0.5 else "normal"
        axis.text(place, middle, f"{value:.2f}", ha="center", va="center", fontweight=weight)


@styled
def lattice(greys: np.ndarray, values: np.ndarray, *, step: float, shade: float) -> Figure:
    """Splat, blur and slice for a row of pixels; a cell of the grid is `step` pixels by `shade` grey levels."""
    x, y = np.arange(len(greys)) / step, np.asarray(greys) / shade
    splat, blurred, filtered = filtered_by_grid(x, y, values)
    figure, axes = new(1, 3, size=(WIDTH, 3.3), sharex=True, sharey=True)
    high, wide = splat.shape[1:]
    titles = ("1. splat: to the 4 corners", "2. blur: corner to corner", "3. slice: back to the pixels")
    for axis, title in zip(axes[0], titles):
        axis.set(title=title, xlabel="place", xticks=range(wide), yticks=range(high), xticklabels=[], yticklabels=[])
        axis.grid(color="#d0d0d0")
        axis.tick_params(length=0)
    axes[0, 0].set_ylabel("grey")
    axes[0, 0].scatter(x, y, c=values, s=38, **DOTS)
    axes[0, 2].scatter(x, y, c=filtered, s=38, **DOTS)
    rows, columns = np.nonzero(blurred[1] > 0.02)
    sums, counts = blurred[:, rows, columns]
    axes[0, 1].scatter(columns, rows, c=sums / counts, s=14 + 60 * counts / counts.max(), marker="s", **DOTS)
    one = len(x) // 4
    for corner in ((int(x[one]) + right, int(y[one]) + up) for right in (0, 1) for up in (0, 1)):
        arrow = {"arrowstyle": "-|>", "color": COLOURS[1], "linewidth": 1.3, "shrinkB": 2}
        axes[0, 0].annotate("", corner, (x[one], y[one]), arrowprops=arrow, zorder=4)
    figure.alt = (
        f"A row of {len(x)} pixels as points over place and grey, {len(x) ** 2} pairs. They are splatted to "
        f"{int((splat[1] > 0).sum())} corners of a grid, the corners are blurred along both axes, and the pixels read "
        f"their values back. Within the two halves the values scatter by {_scatter(values):.2f} before and by "
        f"{_scatter(filtered):.2f} after."
    )
    return figure


def filtered_by_grid(x: np.ndarray, y: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points at (x, y), in cells: sums and counts (2 x rows x columns) splatted, then blurred; and what each reads."""
    weights = np.zeros((len(x), int(y.max()) + 2, int(x.max()) + 2))
    for point, (a, b) in enumerate(zip(x, y)):
        for right, up in ((0, 0), (0, 1), (1, 0), (1, 1)):
            share = (1 - abs(a - int(a) - right)) * (1 - abs(b - int(b) - up))
            weights[point, int(b) + up, int(a) + right] = share
    splat = np.einsum("nyx,cn->cyx", weights, np.stack([values, np.ones_like(values)]))
    blurred = splat
    for axis in (1, 2):
        padded = np.pad(blurred, [(0, 0), *((1, 1) if number == axis else (0, 0) for number in (1, 2))])
        places = np.arange(blurred.shape[axis])
        before, here, after = (padded.take(places + shift, axis) for shift in (0, 1, 2))
        blurred = (before + 2 * here + after) / 4
    sums, counts = np.einsum("nyx,cyx->cn", weights, blurred)
    return splat, blurred, sums / counts


def _scatter(values: np.ndarray) -> float:
    """The standard deviation within the two halves."""
    half = len(values) // 2
    return float(np.sqrt((values[:half].var() + values[half:].var()) / 2))
