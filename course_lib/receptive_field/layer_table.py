"""The per-layer table: a list of rows that prints as text."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan


@dataclass(frozen=True)
class Row:
    """One layer. Numbers are given per axis; `size` is infinite where the whole image is read."""

    name: str
    output_size: tuple[int, ...]
    size: tuple[float, ...]
    stride: tuple[float, ...]
    offset: tuple[float, ...]
    coverage: float
    exact: bool


class LayerTable(list):
    """Rows, one per layer; print it."""

    def __init__(self, rows: list[Row], notes: list[str]):
        super().__init__(rows)
        self.notes = notes

    def __str__(self) -> str:
        head = ("layer", "output", "field", "stride", "offset", "coverage", "exact")
        lines = [head] + [
            (
                r.name,
                by(r.output_size),
                by(r.size),
                by(r.stride),
                by(r.offset),
                f"{r.coverage:.0%}",
                "yes" if r.exact else "no",
            )
            for r in self
        ]
        widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
        text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines]
        return "\n".join([text[0], "-" * len(text[0]), *text[1:], *(f"note: {note}" for note in self.notes)])

    __repr__ = __str__


def by(numbers: tuple[float, ...]) -> str:
    """23 when all axes agree, else 23 x 45."""
    words = [word(number) for number in numbers]
    return words[0] if len(set(words)) == 1 else " x ".join(words)


def word(number: float) -> str:
    """A number as the table prints it."""
    if number == inf:
        return "whole"
    return "-" if isnan(number) else f"{number:g}"
