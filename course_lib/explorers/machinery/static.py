"""Panels as one matplotlib figure: what GitHub, print and a page without scripts show before each widget.

explorer.figure() calls `draw`; colours are those of the browser, words are the panels' own.
"""

import textwrap
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from course_lib import palette
from course_lib.explorers.machinery.panels import (
    CLASSES,
    LINE_COLOURS,
    Chart,
    Collage,
    Diagram,
    Image,
    Map,
    Panel,
    Prose,
    Readout,
    number_text,
)
from course_lib.explorers.machinery.svg import called, is_light
from course_lib.explorers.machinery.table import NARROW, colour_table
from course_lib.figures.style import WIDTH, Figure, picture, styled

LINE = 0.18  # inches from line to line of small letters
ACROSS = 120  # letters of a line over the whole width
ROW = 44  # letters of a line in the narrowest panel
DASHES = ("-", "--", ":", "-.", (0, (5, 5)), (0, (1, 4)))


@styled
def draw(title: str, panels: Sequence[Panel]) -> Figure:
    """All panels side by side, wide diagrams below over the whole width."""
    wide = [panel for panel in panels if is_wide(panel)]
    others = [panel for panel in panels if not is_wide(panel)]
    columns = max(2, min(len(others), 4 if len(others) in (4, 7, 8) else 3))  # a single one takes half the width
    rows = [others[i : i + columns] for i in range(0, len(others), columns)]
    across = 3 * columns if columns > 2 else WIDTH
    heights = [_height(row, across / columns - 0.25) for row in rows]
    heights += [0.6 + _drawn(panel, WIDTH) for panel in wide]
    figure = Figure(figsize=(across, sum(heights) + 0.4))
    grid = figure.add_gridspec(len(heights), columns, height_ratios=heights)
    for i, panel in enumerate(others):
        _put(figure.add_subplot(grid[i // columns, i % columns]), panel)
    for i, panel in enumerate(wide):
        _put(figure.add_subplot(grid[len(rows) + i, :]), panel)
    figure.suptitle(title, fontsize=11, fontweight="bold")
    figure.photographs = any(isinstance(panel, Image | Collage) for panel in panels)
    figure.alt = f"{title}. " + " ".join(panel.describe() for panel in panels)
    return figure


def is_wide(panel: Panel) -> bool:
    """Whether it does not fit beside others: paragraphs, and a diagram that is no narrow one."""
    return isinstance(panel, Prose) or (isinstance(panel, Diagram) and panel.width >= NARROW)


def _height(row: Sequence[Panel], width: float) -> float:
    """Inches that panels of this width take side by side, with their words."""
    titles = max(len(_title(panel)) for panel in row)
    return 0.25 + LINE * titles + max(_drawn(panel, width) + LINE * len(_note(panel)) for panel in row)


def _drawn(panel: Panel, width: float) -> float:
    if isinstance(panel, Readout):
        return LINE * sum(len(words) for words in map(_said, panel.rows))
    if isinstance(panel, Prose):
        return LINE * sum(map(len, _paragraphs(panel)))
    if isinstance(panel, Chart):
        return 2.8
    if isinstance(panel, Diagram):
        return width * panel.height / panel.width
    rows, columns = _size(panel)
    return width * rows / columns + LINE * _shared_out(_pairs(panel))[0]


def _size(panel: Map | Image | Collage) -> tuple[int, ...]:
    if isinstance(panel, Collage):
        return panel.size
    return (panel.values if isinstance(panel, Map) else panel.pixels).shape[:2]


def _title(panel: Panel) -> list[str]:
    return textwrap.wrap(panel.title, 100 if is_wide(panel) else 38)


def _note(panel: Panel) -> list[str]:
    if isinstance(panel, Readout):
        return []  # it invites to a control, and on paper there is none
    return textwrap.wrap(panel.note, ACROSS if is_wide(panel) else 52)


def _put(axes: Axes, panel: Panel) -> None:
    _DRAWERS[type(panel)](axes, panel)
    axes.set_title("\n".join(_title(panel)), fontsize=9)
    if note := "\n".join(_note(panel)):
        if isinstance(panel, Chart):
            note = f"{panel.x}\n{note}"
        axes.set_xlabel(note, fontsize=7.5, loc="left" if not isinstance(panel, Chart) else "center")


def _map(axes: Axes, panel: Map) -> None:
    values, index = np.unique(np.asarray(panel.values, dtype=float), return_inverse=True)
    table, levels = colour_table(panel), panel.levels(values)
    colours = table[levels[index.reshape(panel.values.shape)]]
    _picture(axes, colours, panel)
    if panel.numbers:
        for (row, column), value in np.ndenumerate(panel.values):
            ink = "black" if is_light(colours[row, column]) else "white"
            size = min(9, 70 / max(panel.values.shape))
            axes.text(column, row, number_text(value), ha="center", va="center", fontsize=size, color=ink)
    _words(axes, panel, panel.values.shape[1])


def _words(axes: Axes, panel: Map | Collage, width: int) -> None:
    for word in panel.words:
        letters = 150 * word.size / width  # a panel is about 150 points wide
        axes.text(word.left - 0.5, word.top - 0.5, word.text, va="center", fontsize=letters, color="black")


def _pairs(panel: Map | Image | Collage) -> Sequence[tuple[str, str]]:
    """Colour and name of what stands in it."""
    if not isinstance(panel, Map):
        return panel.names
    return called(panel, np.unique(panel.values), colour_table(panel)) if panel.colours == CLASSES else ()


def _names(axes: Axes, pairs: Sequence[tuple[str, str]]) -> None:
    """A patch of each colour beside its name, below the picture."""
    patches = [Patch(facecolor=colour, edgecolor="black", label=name) for colour, name in pairs]
    place = {"loc": "upper left", "bbox_to_anchor": (0, 0), "borderpad": 0, "borderaxespad": 0.4}
    lines, columns = _shared_out(pairs)
    axes.legend(handles=patches, fontsize=6.5, ncols=columns, columnspacing=1, **place)
    axes.xaxis.labelpad = 4 + 72 * LINE * lines


def _shared_out(pairs: Sequence[tuple[str, str]]) -> tuple[int, int]:
    """Lines and columns of so many names: three of them in a line, or two where one is long."""
    columns = 3 if all(len(name) < 14 for _, name in pairs) else 2
    return -(-len(pairs) // columns), columns


def _image(axes: Axes, panel: Image) -> None:
    _picture(axes, panel.pixels, panel)


def _collage(axes: Axes, panel: Collage) -> None:
    _picture(axes, panel.drawn(), panel)
    _words(axes, panel, panel.size[1])


def _picture(axes: Axes, colours: np.ndarray, panel: Map | Image | Collage) -> None:
    picture(axes, colours)
    axes.set_anchor("N")
    for mark in panel.marks:
        place = (mark.left - 0.5, mark.top - 0.5)
        style = "--" if mark.dashed else "-"
        for colour, width in (("black", 2.6), (mark.colour or "white", 1.2)):
            box = Rectangle(place, mark.width, mark.height, fill=False, edgecolor=colour, linewidth=width)
            box.set_linestyle("-" if colour == "black" else style)
            axes.add_patch(box)
    if pairs := _pairs(panel):
        _names(axes, pairs)


def _chart(axes: Axes, panel: Chart) -> None:
    axes.set(xlabel=panel.x, ylabel=panel.y)
    if panel.bars:
        thick = 0.75 / len(panel.lines)
        for i, (line, colour) in enumerate(zip(panel.lines, LINE_COLOURS)):
            places = np.arange(len(panel.bars)) + (i - (len(panel.lines) - 1) / 2) * thick
            axes.bar(places, line.y, thick, color=colour, label=line.name)
    else:
        for line, colour, dash in zip(panel.lines, LINE_COLOURS, DASHES):
            mark = "o" if len(line.x) < 13 else None
            axes.plot(line.x, line.y, color=colour, linestyle=dash, label=line.name, marker=mark, markersize=3)
    axes.set_xscale("log" if panel.log_x else "linear")
    axes.set_yscale("log" if panel.log else "linear")
    if panel.bars:
        axes.set_xticks(range(len(panel.bars)), panel.bars, fontsize=7)
    axes.set_xlim(panel.span("x"))
    axes.set_ylim(panel.span("y"))
    if panel.at is not None:
        axes.axvline(panel.at, color="black", linestyle=":", linewidth=1)
    if len(panel.lines) > 1:
        axes.legend(fontsize=6.5)


def _diagram(axes: Axes, panel: Diagram) -> None:
    letters = min(9, 6300 / panel.width) if is_wide(panel) else 7  # points: boxes are laid out for letters of 11 units
    axes.set(xlim=(0, panel.width), ylim=(panel.height, 0), aspect="equal", anchor="N", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    for block in panel.blocks:
        edge = "black" if block.strong else palette.hex_of(palette.GREY)
        box = Rectangle((block.x, block.y), block.width, block.height, linewidth=2 if block.strong else 1)
        box.set(facecolor=block.colour or "none", edgecolor=edge)
        if block.frame:
            axes.add_patch(box)
        middle = (block.x + block.width / 2, block.y + block.height / 2)
        ink = "black"
        if block.colour and not is_light(np.array([int(block.colour[i : i + 2], 16) for i in (1, 3, 5)])):
            ink = "white"
        axes.text(*middle, block.text, ha="center", va="center", fontsize=letters, color=ink)
    for x0, y0, x1, y1 in panel.arrows:
        axes.annotate("", (x1, y1), (x0, y0), arrowprops={"arrowstyle": "->"})


def _readout(axes: Axes, panel: Readout) -> None:
    axes.axis("off")
    depth = 0.0
    for row in panel.rows:
        for line in _said(row):
            depth += 72 * LINE
            for side, words, look in zip((0, 1), line, ({"color": "0.35"}, {"ha": "right", "fontweight": "bold"})):
                place = {"xycoords": "axes fraction", "xytext": (0, -depth), "textcoords": "offset points"}
                axes.annotate(words, (side, 1), fontsize=7.5, **place, **look)


def _prose(axes: Axes, panel: Prose) -> None:
    axes.axis("off")
    depth = 0.0
    for lines in _paragraphs(panel):
        for number, words in enumerate(lines):
            depth += 72 * LINE
            place = {"xycoords": "axes fraction", "xytext": (0, -depth), "textcoords": "offset points"}
            axes.annotate(words, (0, 1), fontsize=8, fontweight="normal" if number else "bold", **place)


def _paragraphs(panel: Prose) -> list[list[str]]:
    """The lines of each part, its head first."""
    return [[head, *textwrap.wrap(text, ACROSS)] for head, text in panel.parts]


def _said(row: tuple[str, str]) -> list[tuple[str, str]]:
    """What stands left and right in the lines that a row takes: the value below its name where both fill a line."""
    name, value = row
    if len(name) + len(value) < ROW:
        return [row]
    return [(name, ""), *(("", part) for part in textwrap.wrap(value, ROW))]


_DRAWERS = {Map: _map, Image: _image, Collage: _collage, Chart: _chart, Diagram: _diagram, Readout: _readout,
            Prose: _prose}  # fmt: skip
