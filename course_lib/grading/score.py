"""From points to a score: weights, late days, and the points that an instructor gives by hand.

The rules are a small JSON file, all of it optional:

    {"weights": {"0.1": 2}, "capstone": 4, "late": {"share_per_day": 0.1, "days": 5}}

An exercise weighs 1. `capstone` says how many points are given by hand. Each late day takes its share from what was
won; after so many `days` nothing is left. What is given by hand stands in a table with a line for each student.
"""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from course_lib.files import whole
from course_lib.grading import table
from course_lib.grading.folder import order, title
from course_lib.grading.table import Grade

KNOWN = {"weights", "capstone", "late"}
COLUMNS = ["student", "late_days", "capstone", "remark"]
COPIES = 3  # notebooks of one student that answer the same exercise
MISSING = "nothing was handed in for this exercise"


@dataclass(frozen=True)
class Rules:
    """How points become a score: weights of exercises, points of the capstone, and what a late day costs."""

    weights: dict[str, float] = field(default_factory=dict)
    capstone: float = 0.0
    share_per_day: float = 0.0
    days: float = float("inf")

    def factor(self, late_days: float) -> float:
        """What is left of a point after so many late days."""
        return 0.0 if late_days > self.days else max(0.0, 1.0 - self.share_per_day * late_days)


@dataclass(frozen=True)
class ByHand:
    """What an instructor enters for one student."""

    late_days: float = 0.0
    capstone: float = 0.0
    remark: str = ""


@dataclass(frozen=True)
class Score:
    """What one student won: `won` and `of` are weighted, and `won` is after the late days."""

    student: str
    lines: list[Grade]
    by_hand: ByHand
    won: float
    of: float


def rules(path: Path | None) -> Rules:
    """The rules in a file; without one every exercise weighs 1."""
    if path is None:
        return Rules()
    try:
        held = json.loads(path.read_text("utf-8-sig"))
        if unknown := set(held) - KNOWN:
            raise ValueError(f"it names {sorted(unknown)}, expected some of {sorted(KNOWN)}")
        late = held.get("late", {})
        weights = {str(number): float(weight) for number, weight in held.get("weights", {}).items()}
        found = Rules(weights, float(held.get("capstone", 0)), float(late.get("share_per_day", 0)),
                      float(late.get("days", "inf")))  # fmt: skip
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ValueError(f"{path} holds no rules that can be read: {error}") from None
    if unknown := {number for number in found.weights if not title(number)}:
        raise ValueError(f"{path} weighs {sorted(unknown)}, which are no exercises of the course")
    if min([*found.weights.values(), found.capstone, found.share_per_day, found.days]) < 0:
        raise ValueError(f"{path} holds a number below 0; weights, points, shares and days are 0 or more")
    return found


def by_hand(path: Path | None, students: Iterable[str]) -> dict[str, ByHand]:
    """What was written by hand; a table that is not there yet is made, with a line for each student to fill in."""
    if path is None:
        return {}
    if not path.exists():
        rows = [[table.safe(student), "0", "", ""] for student in students]
        whole.write(path, "\ufeff" + table.as_csv([COLUMNS, *rows]))
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.DictReader(file)
        if lines.fieldnames != COLUMNS:
            raise ValueError(f"{path} has the columns {lines.fieldnames}, expected {', '.join(COLUMNS)}")
        try:
            found = {
                table.plain(line["student"]): ByHand(
                    _number(line["late_days"]), _number(line["capstone"]), line["remark"]
                )
                for line in lines
            }
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path} holds what is no number: {error}") from None
    if unknown := sorted(found.keys() - set(students)):
        raise ValueError(f"{path} names {', '.join(unknown)}, and the grades hold no such student")
    return found


def _number(text: str) -> float:
    number = float((text or "0").replace(",", "."))
    if not 0 <= number < float("inf"):
        raise ValueError(f"{text} is not 0 or more")
    return number


def scores(lines: list[Grade], rules: Rules, hand: dict[str, ByHand]) -> list[Score]:
    """The score of each student, of all exercises that the table holds; of several notebooks the best counts.

    Not of any number: who hands in a notebook for every word that could be right has not answered.
    """
    numbers = sorted({line.exercise for line in lines if line.exercise}, key=order)
    by_student: dict[str, list[Grade]] = {}
    for line in lines:
        by_student.setdefault(line.student, []).append(line)
    of = sum(rules.weights.get(number, 1.0) for number in numbers) + rules.capstone
    found = []
    for student, held in by_student.items():
        given = hand.get(student, ByHand())
        if given.capstone > rules.capstone:
            raise ValueError(
                f"{student} has {given.capstone:g} points for the capstone, the rules allow {rules.capstone:g}"
            )
        broken = next((line.why for line in held if not line.exercise), MISSING)
        best = [
            max([line for line in held if line.exercise == number][:COPIES], key=lambda line: line.point, default=None)
            or Grade(student, number, 0, broken, title(number), "", "none")
            for number in numbers
        ]
        won = sum(line.point * rules.weights.get(line.exercise, 1.0) for line in best) + given.capstone
        found.append(Score(student, best, given, won * rules.factor(given.late_days), of))
    return found
