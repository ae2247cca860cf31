"""The drawn parts of panels as SVG and HTML: charts, diagrams, legends, and what lies over a map.

table.py asks for them; the browser only puts them in place. Classes are those of widget.css, so that lines and
letters follow a light or a dark theme.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from html import escape

import numpy as np

from course_lib import palette
from course_lib.explorers.machinery.panels import (
    CLASSES,
    LINE_COLOURS,
    Chart,
    Collage,
    Diagram,
    Image,
    Line,
    Map,
    number_text,
    tick_text,
    ticks,
)

CELL = 16  # units of the overlay per pixel of a map
SMALL = 700  # a diagram that is no wider may shrink before it scrolls
DASHES = ("", "7 3", "2 3", "9 3 2 3", "5 5", "1 4")
LEFT, TOP, WIDE, HIGH = 57, 32, 293, 150  # the frame of a chart that is 360 x 226


def over(panel: Map | Image | Collage, values: np.ndarray | None = None, colours: np.ndarray | None = None) -> str:
    """The numbers in the cells, the words, and the marks."""
    parts = []
    if values is not None:
        for (row, column), value in np.ndenumerate(values):
            text = number_text(value)
            size = CELL * (0.54 if len(text) < 3 else min(0.42, 1.5 / len(text)))
            ink = "#000" if is_light(colours[row, column]) else "#fff"
            y, x = (row + 0.5) * CELL, (column + 0.5) * CELL
            parts.append(f'<text x="{x:g}" y="{y:g}" font-size="{size:.3g}" fill="{ink}">{text}</text>')
    for word in getattr(panel, "words", ()):
        place = f'x="{CELL * word.left:g}" y="{CELL * word.top:g}" font-size="{CELL * word.size:g}"'
        parts.append(f'<text class="word" {place}>{escape(word.text)}</text>')
    for mark in panel.marks:
        place = " ".join(
            f'{name}="{CELL * value:g}"'
            for name, value in zip(("y", "x", "height", "width"), (mark.top, mark.left, mark.height, mark.width))
        )
        kind = "mark dashed" if mark.dashed else "mark"
        stroke = f' style="stroke:{mark.colour}"' if mark.colour else ""
        parts.append(f'<rect class="mark under" {place}/><rect class="{kind}" {place}{stroke}/>')
    return "".join(parts)


def is_light(colour: np.ndarray) -> bool:
    """Whether black letters read better on it than white ones."""
    red, green, blue = (float(part) for part in colour)
    return 0.3 * red + 0.6 * green + 0.1 * blue > 135


def legend(panel: Map, values: np.ndarray, table: np.ndarray) -> str:
    """What the colours of a map mean."""
    if panel.colours == CLASSES:
        return names(called(panel, values, table))
    low, high = panel.range()
    stops = ",".join(palette.hex_of(table[level]) for level in (0, 64, 128, 192, 255))
    scale = f'<i class="scale" style="background:linear-gradient(90deg,{stops})"></i>'
    return f"<span>{number_text(low)}{scale}{number_text(high)}{' (logarithmic)' if panel.log else ''}</span>"


def called(panel: Map, values: np.ndarray, table: np.ndarray) -> list[tuple[str, str]]:
    """The colour and the name of each class of a map; shades of one name are told once, what has no name is not."""
    found = {panel.names.get(int(v), number_text(v)): palette.hex_of(table[int(v)]) for v in values[::-1]}
    return [(colour, name) for name, colour in reversed(found.items()) if name]


def names(pairs: Sequence[tuple[str, str]]) -> str:
    """A patch of each colour beside its name."""
    return " ".join(f'<span><i style="background:{colour}"></i>{escape(name)}</span>' for colour, name in pairs)


def lines_legend(panel: Chart) -> str:
    """The name of each curve beside a piece of it."""
    if len(panel.lines) < 2:
        return ""
    parts = []
    for line, colour, dash in zip(panel.lines, LINE_COLOURS, DASHES):
        stroke = f'stroke="{colour}" ' + ('class="bar"' if panel.bars else f'stroke-dasharray="{dash}"')
        sample = f'<svg viewBox="0 0 26 8"><path {stroke} d="M0 4h26"/></svg>'
        parts.append(f"<span>{sample}{escape(line.name)}</span>")
    return " ".join(parts)


@dataclass(frozen=True)
class _Frame:
    """Where values stand in the frame of a chart, as text."""

    across: tuple[float, float]
    up: tuple[float, float]
    log_x: bool
    log: bool

    def x(self, value: float) -> str:
        return f"{LEFT + WIDE * share(value, self.across, log=self.log_x):.4g}"

    def y(self, value: float) -> str:
        return f"{TOP + HIGH * (1 - share(value, self.up, log=self.log)):.4g}"


def chart(panel: Chart, alt: str) -> str:
    """Curves or bars in a frame with ticks, under its alt text."""
    frame = _Frame(panel.span("x"), panel.span("y"), log_x=panel.log_x, log=panel.log)
    parts = []
    for value in ticks(*frame.up, log=panel.log):
        parts.append(f'<path class="rule" d="M{LEFT} {frame.y(value)}h{WIDE}"/>')
        parts.append(f'<text class="end" x="{LEFT - 5}" y="{float(frame.y(value)) + 4:g}">{tick_text(value)}</text>')
    across = ((value, tick_text(value)) for value in ticks(*frame.across, log=panel.log_x))
    places = enumerate(panel.bars) if panel.bars else across
    parts += [f'<text x="{frame.x(value)}" y="{TOP + HIGH + 15}">{escape(text)}</text>' for value, text in places]
    for number, line in enumerate(panel.lines):
        parts.append(_bars(panel, number, frame) if panel.bars else _curve(line, number, frame))
    if panel.at is not None:
        parts.append(f'<path class="here" d="M{frame.x(panel.at)} {TOP}v{HIGH}"/>')
    parts.append(f'<path class="axis" d="M{LEFT} {TOP}v{HIGH}h{WIDE}"/>')
    parts.append(f'<text x="{LEFT + WIDE / 2:g}" y="{TOP + HIGH + 38}">{escape(panel.x)}</text>')
    parts.append(f'<text class="start" x="2" y="{TOP - 18}">{escape(panel.y)}</text>')
    return _svg(360, 226, alt, parts)


def share(value: float, span: tuple[float, float], *, log: bool = False) -> float:
    """Where a value stands between both ends of an axis, 0 to 1."""
    low, high = span
    if log:
        value, low, high = np.log10(value), np.log10(low), np.log10(high)
    return float((value - low) / (high - low))


def diagram(panel: Diagram, alt: str) -> str:
    """Boxes with words, and arrows, under their alt text."""
    parts = []
    for block in panel.blocks:
        kind = f"{'' if block.turn is None else 'flows '}block{' strong' if block.strong else ''}"
        looks = [f"fill:{block.colour}"] if block.colour else []
        looks += [] if block.turn is None else [f"animation-delay:{0.3 * block.turn:g}s"]
        fill = f' style="{";".join(looks)}"' if looks else ""
        place = f'x="{block.x:g}" y="{block.y:g}" width="{block.width:g}" height="{block.height:g}"'
        if block.sets:
            parts.append(f'<g data-sets="{escape(json.dumps(block.sets))}">')
        if block.comes:
            parts.append('<g class="glides" style="--x:{:g}px;--y:{:g}px">'.format(*block.comes))
        if block.frame:
            parts.append(f'<rect class="{kind}" {place}{fill}/>')
        rows = block.text.split("\n")
        first = block.y + block.height / 2 - 6.5 * (len(rows) - 1) + 4
        ink = f' style="fill:{_ink_on(block.colour)}"' if block.colour else ""
        for number, row in enumerate(rows):
            middle = f'x="{block.x + block.width / 2:g}" y="{first + 13 * number:g}"'
            parts.append(f"<text {middle}{ink}>{escape(row)}</text>")
        parts += ["</g>"] * (bool(block.sets) + bool(block.comes))
    parts += [_arrow(*arrow) for arrow in panel.arrows]
    shrinks = panel.width < SMALL  # what nearly fits stands whole, and on a narrow page its letters grow
    least, large = (0.89, "--letters:12.4px;") if shrinks else (1, "")
    letters = f"{large}min-width:{least * panel.width:.0f}px;max-width:{1.3 * panel.width:.0f}px"  # 11 pixels and more
    return _svg(panel.width, panel.height, alt, parts, letters)


@cache
def _ink_on(colour: str) -> str:
    return "#000" if is_light(np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])) else "#fff"


@lru_cache(maxsize=256)  # charts that differ by their mark alone share their curves; in a table others stand between
def _curve(line: Line, number: int, frame: _Frame) -> str:
    colour, dash = LINE_COLOURS[number], DASHES[number]
    points = [(frame.x(u), frame.y(v)) for u, v in zip(line.x, line.y)]
    path = " ".join(f"{u},{v}" for u, v in points)
    text = f'<polyline stroke="{colour}" stroke-dasharray="{dash}" points="{path}"/>'
    if len(points) < 13:
        text += "".join(f'<circle fill="{colour}" cx="{u}" cy="{v}" r="2.5"/>' for u, v in points)
    return text


def _bars(panel: Chart, number: int, frame: _Frame) -> str:
    thick = WIDE / len(panel.bars) * 0.75 / len(panel.lines)
    parts = []
    for place, value in enumerate(panel.lines[number].y):
        left = float(frame.x(place)) + (number - len(panel.lines) / 2) * thick
        size = f'width="{thick:.4g}" height="{TOP + HIGH - float(frame.y(value)):.4g}"'
        parts.append(f'<rect fill="{LINE_COLOURS[number]}" x="{left:.4g}" y="{frame.y(value)}" {size}/>')
    return "".join(parts)


def _arrow(x0: float, y0: float, x1: float, y1: float) -> str:
    turn = np.arctan2(y1 - y0, x1 - x0)
    wings = [f"{x1 - 6 * np.cos(turn + t):.4g} {y1 - 6 * np.sin(turn + t):.4g}" for t in (0.5, -0.5)]
    return f'<path class="axis" d="M{x0:g} {y0:g}L{x1:g} {y1:g}M{wings[0]}L{x1:g} {y1:g}L{wings[1]}"/>'


def _svg(width: float, height: float, alt: str, parts: list[str], style: str = "") -> str:
    told = f'viewBox="0 0 {width:g} {height:g}" style="{style}" role="img" aria-label="{escape(alt)}"'
    return f"<svg {told}>{''.join(parts)}</svg>"
