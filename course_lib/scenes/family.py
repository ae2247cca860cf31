"""What a family of scenes is: its classes, its knobs and the function that paints it.

In: the arguments a student gives. Out: knobs that are complete and within their range, or an error that helps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from numbers import Real

from course_lib import palette
from course_lib.scenes.canvas import Colour, Parts

BASE = 64  # the size at which lengths are given by default

COLOURS = {
    "sky": palette.SKY, "road": palette.GREY, "bus": palette.BLUE, "car": palette.VERMILION,
    "bicycle": palette.ORANGE, "pole": palette.BLACK, "background": palette.LIGHT, "tram": palette.PURPLE,
    "square": palette.BLUE, "disc": palette.VERMILION, "cross": palette.GREEN, "water": palette.SKY,
    "fog": palette.LIGHT, "boat": palette.BLUE, "ground": palette.GREY, "house": palette.ORANGE,
    "tower": palette.BLUE, "wall": palette.LIGHT, "floor": palette.GREY, "bed": palette.SKY,
    "pillow": palette.PURPLE, "upright": palette.BLUE, "level": palette.ORANGE, "checker": palette.GREEN,
    "building": palette.YELLOW, "tree": palette.GREEN, "person": palette.PURPLE,
}  # fmt: skip


@dataclass(frozen=True)
class Knob:
    """Something that a lecture turns. Lengths are pixels; left alone they grow with the picture."""

    default: float | int | str
    low: float | int | None = None
    high: float | int | None = None
    choices: tuple[str, ...] = ()
    length: bool = False
    about: str = ""

    def at(self, size: int) -> float | int | str:
        """The default at this size of picture."""
        return self.default * size // BASE if self.length else self.default

    def check(self, name: str, value: object, size: int) -> float | int | str:
        """The value as the family takes it, or a ValueError that names what it may be."""
        if self.choices:
            if value not in self.choices:
                raise ValueError(f"{name} must be one of {', '.join(self.choices)}, got {value!r}")
            return value
        whole = isinstance(self.default, int)
        if isinstance(value, bool) or not isinstance(value, Real) or (whole and value != int(value)):
            raise ValueError(f"{name} must be a {'whole number' if whole else 'number'}, got {value!r}")
        high = self.high * size // BASE if self.length else self.high
        if not self.low <= value <= high:
            at = f" in pictures of {size} pixels" if self.length else ""
            raise ValueError(f"{name} must be from {self.low} to {high}{at}, got {value}")
        return int(value) if whole else float(value)


@dataclass(frozen=True)
class Family:
    """One kind of scene."""

    name: str
    about: str
    classes: tuple[str, ...]
    parts: Parts
    paint: Callable[..., None]
    knobs: dict[str, Knob]
    check: Callable[..., None] | None = None  # refuses knobs that do not go together

    @property
    def colours(self) -> tuple[Colour, ...]:
        """The colour of each class, in the order of their numbers."""
        return tuple(COLOURS[name] for name in self.classes)

    def settings(self, given: dict[str, object], size: int) -> dict[str, float | int | str]:
        """Every knob, as given or at its default."""
        for name in given:
            if name not in self.knobs:
                close = get_close_matches(name, self.knobs, n=1, cutoff=0.0)[0]
                raise ValueError(
                    f"scenes {self.name!r} have no knob {name!r}; did you mean {close!r}? "
                    f"Its knobs: {', '.join(self.knobs)}"
                )
        settings = {
            name: knob.check(name, given[name], size) if name in given else knob.at(size)
            for name, knob in self.knobs.items()
        }
        if self.check:
            self.check(settings)
        return settings


GRAIN = Knob(6, 0, 40, about="strength of the noise, in grey levels of 255")
