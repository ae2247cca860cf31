"""Xception's three flows, drawn from the network: every width, stride and count is read off its layers."""

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from torch import nn

from course_lib import palette
from course_lib.figures.style import INK, QUIET, Figure, new, styled
from course_lib.models.xception import Block, Xception65

WIDE, LINE, GAP = 6.2, 0.62, 0.75
FACES = {"plain": palette.hex_of(palette.LIGHT), "separable": "#bfe0f5"}


@styled
def flows(net: Xception65) -> Figure:
    """Entry, middle and exit side by side; a line at the right of a block is its shortcut."""
    columns = {
        "entry flow: shrink": [net.conv1, net.conv2, net.entry1, net.entry2, net.entry3],
        f"middle flow: {len(net.middle)} such blocks": [net.middle[0]],
        "exit flow: widen": [net.exit1, net.exit2],
    }
    figure, axes = new(1, 3, size=(9, 4.4))
    told = []
    for axis, (title, parts) in zip(axes[0], columns.items()):
        axis.set(xlim=(-0.3, 9.4), ylim=(13.2, -0.2), title=title)
        axis.axis("off")
        top = 0.4
        for part in parts:
            lines = words(part)
            draw(axis, top, lines, part)
            top += LINE * (len(lines) + 0.7) + GAP
        told.append(f"{title}: {'; '.join(', '.join(words(part)) for part in parts)}")
    figure.alt = f"Xception in three columns. {'. '.join(told)}."
    return figure


def words(part: nn.Module) -> list[str]:
    """One line for each convolution wider than 1x1: kind, channels, and the stride where it is not 1."""
    wide = [layer for layer in part.modules() if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3)]
    lines = []
    for layer in wide:
        separable = layer.groups > 1
        channels = layer.out_channels if not separable else mixed(part, layer)
        stride = f", stride {layer.stride[0]}" if layer.stride[0] > 1 else ""
        lines.append(f"{'separable' if separable else 'plain'} 3x3, {channels}{stride}")
    return lines


def mixed(part: nn.Module, depthwise: nn.Conv2d) -> int:
    """The channels after the 1x1 that follows a depthwise convolution."""
    layers = [layer for layer in part.modules() if isinstance(layer, nn.Conv2d)]
    return layers[layers.index(depthwise) + 1].out_channels


def draw(axis: Axes, top: float, lines: list[str], part: nn.Module) -> None:
    """One block, the arrow out of it, and its shortcut."""
    high = LINE * (len(lines) + 0.7)
    face = FACES[lines[0].split()[0]]
    axis.add_patch(Rectangle((0, top), WIDE, high, facecolor=face, edgecolor=INK, linewidth=0.9))
    for number, line in enumerate(lines):
        axis.text(WIDE / 2, top + LINE * (number + 0.85), line, ha="center", va="center", fontsize=8.6)
    middle, below = WIDE / 2, top + high
    axis.annotate("", (middle, below + GAP), (middle, below), arrowprops={"arrowstyle": "-|>", "color": INK})
    shortcut = part.shortcut if isinstance(part, Block) else None
    if shortcut is None:
        return
    kind = "+ input" if isinstance(shortcut, nn.Identity) else "+ 1x1"
    side = WIDE + 0.45
    axis.plot([middle, side, side, middle + 0.25], [top - 0.2, top - 0.2, below + 0.4, below + 0.4], color=QUIET)
    axis.text(side + 0.15, top + high / 2, kind, va="center", fontsize=8.6, color=INK)
