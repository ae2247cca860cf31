"""What a student can move: sliders, choices, switches, a pixel on a picture, a grid of numbers.

Explorers hand controls in; the table asks each for its positions, the widget sends their words to the browser.
A control with `when` counts only while other controls have certain values; otherwise it is greyed out and its
setting is the default, so that no picture exists twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod

from course_lib import checks


@dataclass(frozen=True, kw_only=True)
class Slider:
    """A value out of an ordered list; arrow keys go to its neighbours. With `play` a button steps through them.

    `texts` says how a value is shown, where that is not how it is typed.
    """

    name: str
    label: str
    values: Sequence
    default: object
    unit: str = ""
    play: bool = False
    texts: Mapping = field(default_factory=dict)
    when: Mapping[str, Sequence] = field(default_factory=dict)
    kind = "slider"

    def __post_init__(self) -> None:
        if self.default not in self.values:
            raise ValueError(f"{self.name}: the default {self.default!r} is not one of {list(self.values)}")

    def position(self, value: object) -> int:
        """Where the value stands in the list."""
        if value not in self.values:
            raise ValueError(f"{self.name} must be one of {_words(self.values)}, got {value!r}")
        return list(self.values).index(value)

    def every(self) -> list:
        """All settings that the table holds."""
        return list(self.values)

    def wire(self) -> dict:
        """What the browser needs to draw it: values and their texts."""
        texts = [self.texts.get(value, f"{_text(value)} {self.unit}".rstrip()) for value in self.values]
        return {"values": list(self.values), "texts": texts, "play": self.play}


class Choice(Slider):
    """One of a few words."""

    kind = "choice"


@dataclass(frozen=True, kw_only=True)
class Switch:
    """On or off. With `asks` the table holds only the default, and the other way asks Python each time."""

    name: str
    label: str
    default: bool = False
    asks: bool = False
    when: Mapping[str, Sequence] = field(default_factory=dict)
    kind = "switch"

    def position(self, value: object) -> int:
        """0 for off, 1 for on."""
        if value not in (False, True):
            raise ValueError(f"{self.name} must be True or False, got {value!r}")
        return int(value)

    def every(self) -> list:
        """All settings that the table holds."""
        return [self.default] if self.asks else [False, True]

    def wire(self) -> dict:
        """What the browser needs to draw it: values and their texts."""
        return {"values": [False, True], "texts": ["off", "on"]}


@dataclass(frozen=True, kw_only=True)
class Pixel:
    """A place (row, column) chosen on one of the pictures by click, touch or arrow keys."""

    name: str
    label: str
    size: tuple[int, int]
    default: tuple[int, int]
    panel: int = 0
    when: Mapping[str, Sequence] = field(default_factory=dict)
    kind = "pixel"

    def position(self, value: Sequence[int]) -> int:
        """The pixel's number, row by row."""
        try:
            y, x = (int(number) for number in value)
        except (TypeError, ValueError):
            raise ValueError(f"{self.name} is (row, column), got {value!r}") from None
        height, width = self.size
        if not (0 <= y < height and 0 <= x < width):
            raise ValueError(f"{self.name} ({y}, {x}) lies outside the picture of {height} x {width} (rows x columns)")
        return y * width + x

    def every(self) -> list:
        """All settings that the table holds: every pixel."""
        return [list(place) for place in product(range(self.size[0]), range(self.size[1]))]

    def wire(self) -> dict:
        """What the browser needs to take a click: the picture's size and panel."""
        return {"size": list(self.size), "panel": self.panel}


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A small grid of whole numbers to type into; too many to tabulate, so a changed grid asks Python."""

    name: str
    label: str
    shape: tuple[int, int]
    default: Sequence[int]
    low: int = 0
    high: int = 99
    when: Mapping[str, Sequence] = field(default_factory=dict)
    kind = "grid"

    def position(self, value: Sequence[int]) -> list[int]:
        """The numbers themselves, checked: there are too many settings to number them."""
        numbers = [int(number) for number in value]
        rows, columns = self.shape
        if len(numbers) != rows * columns:
            raise ValueError(f"{self.name} needs {rows} x {columns} = {rows * columns} numbers, got {len(numbers)}")
        if outside := [number for number in numbers if not self.low <= number <= self.high]:
            raise ValueError(f"{self.name} takes numbers from {self.low} to {self.high}, got {outside[0]}")
        return numbers

    def every(self) -> list:
        """All settings that the table holds: the default alone."""
        return [list(self.default)]

    def wire(self) -> dict:
        """What the browser needs to draw it: rows, columns and the allowed numbers."""
        return {"shape": list(self.shape), "low": self.low, "high": self.high}


Control = Slider | Choice | Switch | Pixel | Grid


def complete(controls: Sequence[Control], settings: Mapping) -> dict:
    """All settings, checked: what is missing, or does not count at present, gets its default."""
    names = [control.name for control in controls]
    for name in settings:
        if name not in names:
            raise ValueError(f"no setting {name!r}, expected some of {names}{checks.meant(name, names)}")
    found: dict = {}
    for control in controls:
        value = settings.get(control.name, control.default)
        control.position(value)
        found[control.name] = value if _counts(control, found) else control.default
    return found


def _counts(control: Control, settings: Mapping) -> bool:
    return all(settings[other] in allowed for other, allowed in control.when.items())


def every_setting(controls: Sequence[Control]) -> list[dict]:
    """Each setting that a table holds, once: a control that does not count stands at its default."""
    found: list[dict] = [{}]
    for control in controls:
        found = [
            {**settings, control.name: value}
            for settings in found
            for value in (control.every() if _counts(control, settings) else [control.default])
        ]
    return found


def how_many(controls: Sequence[Control], enough: int) -> int:
    """The number of settings that a table would hold; counting stops when it is clearly more than enough."""
    most = prod(len(control.every()) for control in controls)
    return most if most > 30 * enough else len(every_setting(controls))


def in_words(settings: Mapping) -> str:
    """Settings as text, such as "rate = 2, layers = 3"."""
    return ", ".join(f"{name} = {_text(value)}" for name, value in settings.items())


def _text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _words(values: Sequence) -> str:
    texts = [_text(value) for value in values]
    return ", ".join(texts if len(texts) < 12 else [*texts[:5], "...", *texts[-2:]])
