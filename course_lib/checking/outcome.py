"""What a check answers: not attempted, your code raised, not yet, or correct; in words, and in a notebook in colour."""

import html
from dataclasses import dataclass

SIGNS = {"not attempted": "○", "your code raised": "✗", "not yet": "△", "correct": "✓"}
COLOURS = {"not attempted": "#8c8c8c", "your code raised": "#d55e00", "not yet": "#e69f00", "correct": "#009e73"}


@dataclass(frozen=True)
class Outcome:
    """`kind` is one of the four; `lines` say what was found, what was expected and the likely slip."""

    exercise: str
    kind: str
    lines: tuple[str, ...] = ()

    @property
    def correct(self) -> bool:
        """True when the answer is right."""
        return self.kind == "correct"

    def __repr__(self) -> str:
        return "\n".join([f"{SIGNS[self.kind]} {self.exercise}: {self.kind}", *(f"  {line}" for line in self.lines)])

    def _repr_html_(self) -> str:
        body = "".join(f"<div>{html.escape(line)}</div>" for line in self.lines)
        return (
            f'<div role="status" style="border-left:4px solid {COLOURS[self.kind]};padding:2px 10px">'
            f"<strong>{SIGNS[self.kind]} {html.escape(self.exercise)}: {self.kind}</strong>{body}</div>"
        )


class NotYet(Exception):
    """Raised by a check: the answer runs, and is not right. Its lines are what the student reads.

    `drawn` says whether the case that shows it was drawn; if not given, it was if the check has drawn anything.
    """

    def __init__(self, *lines: str, drawn: bool | None = None):
        super().__init__("\n".join(lines))
        self.lines = lines
        if drawn is not None:
            self.drawn = drawn
