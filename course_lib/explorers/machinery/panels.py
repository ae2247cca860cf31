"""The pictures an explorer is made of, as plain data: a map, an image, a collage, a chart, a diagram, words, numbers.

A render returns them; table.py turns them into bytes for the browser, static.py into a matplotlib figure. Nothing here
draws. Every panel can `describe()` itself from its own numbers: that is its alt text, in the browser and in print.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from course_lib import palette

HEAT = "heat"  # from nothing (dark) to much (light): even steps to the eye, readable in grey
CLASSES = "classes"  # whole numbers as classes, in the colours of `palette`
LINE_COLOURS = tuple(
    palette.hex_of(colour)
    for colour in (palette.BLUE, palette.VERMILION, palette.GREEN, palette.ORANGE, palette.PURPLE, palette.SKY)
)


class Impossible(ValueError):
    """Raised by a render whose settings make no sense together; the words are shown in the picture's place."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A rectangle drawn on a map or image, in pixels; cells from (top, left) on. White, or of a colour."""

    top: float
    left: float
    height: float = 1
    width: float = 1
    label: str = ""
    dashed: bool = False
    colour: str = ""


@dataclass(frozen=True, kw_only=True)
class Word:
    """Black words on a map or a collage: `left` is where they begin, `top` their middle, `size` their height."""

    top: float
    left: float
    size: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Drag:
    """Dragging on a picture moves the slider `name`: one position for each `step` pixels of the picture.

    `axis` is "x" (to the right), "y" (up) or "away" (from the middle).
    """

    name: str
    axis: str = "x"
    step: float = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Map:
    """Numbers on a grid, each with a colour; `says` is what the cursor reads there, with the value for {v}."""

    title: str
    values: np.ndarray
    says: str = "{v}"
    colours: str = HEAT
    low: float | None = None
    high: float | None = None
    log: bool = False
    numbers: bool = False
    names: Mapping[int, str] = field(default_factory=dict)
    palette: Sequence[tuple[int, int, int]] = palette.ORDER
    marks: Sequence[Mark] = ()
    words: Sequence[Word] = ()
    drags: Sequence[Drag] = ()
    note: str = ""

    def range(self) -> tuple[float, float]:
        """The values at both ends of the colours."""
        low = float(self.values.min()) if self.low is None else self.low
        high = float(self.values.max()) if self.high is None else self.high
        return low, high

    def levels(self, values: np.ndarray) -> np.ndarray:
        """The place of each value in the colour table, 0 to 255."""
        if self.colours == CLASSES:
            return values.astype(np.uint8)
        low, high = self.range()
        if self.log:
            values, low, high = np.log1p(np.maximum(values, 0)), np.log1p(max(low, 0)), np.log1p(max(high, 0))
        share = (values - low) / (high - low) if high > low else np.zeros(len(values))
        return np.clip(np.rint(255 * share), 0, 255).astype(np.uint8)

    def describe(self) -> str:
        """Alt text: size, and the shares of the classes or the range of the values."""
        height, width = self.values.shape
        if self.colours == CLASSES:
            number = np.bincount(np.ravel(self.values))
            found, number = np.flatnonzero(number), number[number > 0]
            counts: dict[str, int] = {}
            for value, count in zip(found, number):
                name = self.names.get(int(value), str(value))
                counts[name] = counts.get(name, 0) + int(count)
            words = ", ".join(f"{name} {count / self.values.size:.1%}" for name, count in counts.items() if name)
        else:
            words = f"from {number_text(self.values.min())} to {number_text(self.values.max())}"
        if self.numbers and self.values.size <= 64:
            rows = ("; ".join(" ".join(number_text(v) for v in row) for row in self.values),)
            words += f"; rows: {rows[0]}"
        return f"{self.title}: map of {height} x {width}, {words}.{_rest(self)}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Image:
    """A picture in colour, H x W x 3 uint8."""

    title: str
    pixels: np.ndarray
    names: Sequence[tuple[str, str]] = ()  # (colour, name) of what is drawn on it
    marks: Sequence[Mark] = ()
    drags: Sequence[Drag] = ()
    note: str = ""

    def describe(self) -> str:
        """Alt text: size, and what is drawn on it."""
        height, width = self.pixels.shape[:2]
        return f"{self.title}: picture of {height} x {width} pixels.{_rest(self)}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Piece:
    """A part of a picture, and where it is pasted in which size: both are (top, left, height, width), in pixels.

    One that moves `comes` from another such place.
    """

    pixels: np.ndarray
    part: tuple[int, int, int, int]
    place: tuple[int, int, int, int]
    comes: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Collage:
    """Pieces of pictures pasted on paper of a size: settings that show parts of one picture need its pixels once.

    While a control plays, those that are `moving` glide over the rest to their places, and are gone.
    """

    title: str
    size: tuple[int, int]
    pieces: Sequence[Piece]
    moving: Sequence[Piece] = ()
    words: Sequence[Word] = ()
    names: Sequence[tuple[str, str]] = ()
    marks: Sequence[Mark] = ()
    note: str = ""

    def drawn(self) -> np.ndarray:
        """The pixels, H x W x 3; widget.js pastes in the same way."""
        drawn = np.full((*self.size, 3), palette.PAPER, np.uint8)
        for piece in self.pieces:
            (top, left, height, width), (y, x, high, wide) = piece.part, piece.place
            rows, columns = top + np.arange(high) * height // high, left + np.arange(wide) * width // wide
            drawn[y : y + high, x : x + wide] = piece.pixels[rows[:, None], columns]
        return drawn

    def describe(self) -> str:
        """Alt text: the words on it."""
        return f"{self.title}: {len(self.pieces)} pieces of pictures.{_rest(self)}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Line:
    """One curve, or a set of bars, of a chart."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True, kw_only=True, eq=False)
class Chart:
    """Curves over one axis; `at` marks where the settings stand. Bars instead of curves with `bars`."""

    title: str
    x: str
    y: str
    lines: Sequence[Line]
    at: float | None = None
    low: float | None = None
    high: float | None = None
    log: bool = False
    log_x: bool = False
    bars: Sequence[str] = ()
    note: str = ""

    def span(self, axis: str) -> tuple[float, float]:
        """From where to where an axis runs."""
        values = np.concatenate([np.asarray(getattr(line, axis), dtype=float) for line in self.lines])
        low, high = float(values.min()), float(values.max())
        if axis == "x" and self.bars:
            return -0.5, len(self.bars) - 0.5
        if axis == "y":
            low = low if self.low is None else self.low
            high = high if self.high is None else self.high
        return (low, high) if high > low else (low - 0.5, high + 0.5)

    def describe(self) -> str:
        """Alt text: each line's range, or each bar's value."""
        words = []
        for line in self.lines:
            y = np.asarray(line.y, dtype=float)
            if self.bars:
                each = ", ".join(f"{name} {number_text(value)}" for name, value in zip(self.bars, y))
                words.append(f"{line.name}: {each}")
                continue
            here = ""
            if self.at is not None:
                here = f", {number_text(np.interp(self.at, line.x, y))} at {number_text(self.at)}"
            words.append(f"{line.name} from {number_text(y.min())} to {number_text(y.max())}{here}")
        return f"{self.title}: {self.y} over {self.x}; {'; '.join(words)}.{_rest(self)}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Block:
    """A box of a diagram, in the diagram's own units, with lines of text; `strong` for what the settings changed.

    `sets` are the settings that a click on it makes, such as {"family": "SegNet"}; a control offers the same to keys.
    `told` is what alt text says of it, where its lines are a sentence that was broken and not a list, and "" where
    another box tells of it. Boxes with a `turn` light up one after the other, as a map passes them; one that `comes`
    glides to its place from so far away.
    """

    x: float
    y: float
    width: float
    height: float
    text: str = ""
    colour: str = ""
    strong: bool = False
    frame: bool = True
    sets: Mapping[str, object] = field(default_factory=dict)
    told: str | None = None
    turn: int | None = None
    comes: tuple[float, float] | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Diagram:
    """Boxes and arrows; sizes in units of about one pixel, text is 11 high."""

    title: str
    width: float
    height: float
    blocks: Sequence[Block]
    arrows: Sequence[tuple[float, float, float, float]] = ()
    note: str = ""

    def describe(self) -> str:
        """Alt text: what each block says."""
        told = (block.text.replace("\n", ", ") if block.told is None else block.told for block in self.blocks)
        return f"{self.title}: {'; '.join(words for words in told if words)}.{_rest(self)}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Readout:
    """Exact numbers with their names; the note says what else can be asked for, where somebody can ask."""

    rows: Sequence[tuple[str, str]]
    title: str = ""
    note: str = ""

    def describe(self) -> str:
        """Alt text: names and values."""
        return "; ".join(f"{name}: {value}" for name, value in self.rows) + "."


@dataclass(frozen=True, kw_only=True, eq=False)
class Prose:
    """Paragraphs under their heads, which wrap where a page is narrow."""

    title: str
    parts: Sequence[tuple[str, str]]
    note: str = ""

    def describe(self) -> str:
        """Alt text: heads and paragraphs."""
        return f"{self.title}: {'; '.join(f'{head}: {text}'.rstrip('.') for head, text in self.parts)}.{_rest(self)}"


Panel = Map | Image | Collage | Chart | Diagram | Readout | Prose


def number_text(value: float) -> str:
    """A number as a reader wants it: whole numbers in full with separators, others with four digits."""
    value = float(value)
    if value == int(value) and abs(value) < 2**53:
        return f"{int(value):,}"
    return f"{value:.4g}"


def tick_text(value: float) -> str:
    """A number short enough for an axis: 50,000 is 50k."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= max(size, 1e4):
            return f"{value / size:g}{letter}"
    return number_text(value)


def ticks(low: float, high: float, *, log: bool = False) -> list[float]:
    """Round places on an axis, at most about six."""
    if log:
        exponents = range(int(np.ceil(np.log10(low) - 1e-9)), int(np.floor(np.log10(high) + 1e-9)) + 1)
        every = max(1, -(-len(exponents) // 6))
        return [10.0**e for e in exponents][::every]
    raw = (high - low) / 5
    size = 10 ** np.floor(np.log10(raw))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= raw * 0.999)
    first = int(np.ceil(low / step - 1e-9))
    last = int(np.floor(high / step + 1e-9))
    return [round(float(i * step), 10) for i in range(first, last + 1)]


def _rest(panel: Map | Image | Collage | Chart | Diagram | Prose) -> str:
    labels = ", ".join(mark.label for mark in getattr(panel, "marks", ()) if mark.label)
    outlined = f"Outlined: {labels}" if labels else ""
    written = "; ".join(word.text for word in getattr(panel, "words", ()))
    return "".join(f" {words.rstrip('.')}." for words in (outlined, written, panel.note) if words)
