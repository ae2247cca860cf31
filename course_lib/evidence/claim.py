"""A claim: a statement of a lecture, and the function that measures it.

@claim("R6", "M", "One large rate repeated leaves holes.", seeds=5)
def gridding(seeds: Seeds) -> Evidence: ...
"""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from course_lib.evidence import probe
from course_lib.evidence.verdict import Evidence, deviation, difference, mean

KINDS = {"E": "exact", "M": "measured", "S": "shown", "C": "corrected"}
Seeds = Sequence[int]
TRAININGS = "CPU s of all trainings"  # among the settings of a claim that keeps what it trained


class NeedsPhotographs(FileNotFoundError):
    """The claim is measured on photographs that are not in the repository, and they are not beside it either."""


@dataclass(frozen=True)
class Claim:
    """`tests` names the unit tests that assert an exact claim; `paper` is the published number with its source.

    `painted` names the claim, and its comparison, that asks the same on painted scenes.
    """

    id: str
    kind: str
    statement: str
    measure: Callable[[Seeds], Evidence]
    seeds: int
    tests: tuple[str, ...]
    paper: str
    painted: tuple[str, ...] = ()

    @property
    def notebook(self) -> str:
        """The notebook of the lecture in whose room the measuring function lies."""
        found = re.fullmatch(r"course_lib\.lectures\.l(\w+)\.\w+", self.measure.__module__)
        return found.group(1) if found else ""

    @property
    def function(self) -> str:
        """The full name of the measuring function."""
        return f"{self.measure.__module__}.{self.measure.__name__}"

    def fingerprint(self) -> probe.Print:
        """What a cheap probe of the experiment gives; see `probe`."""
        return probe.fingerprint(self.measure, self.seeds)

    def words(self) -> dict[str, Any]:
        """The part of the row that is said and not measured."""
        return {
            "id": self.id,
            "kind": self.kind,
            "statement": self.statement,
            "notebook": self.notebook,
            "function": self.function,
            "tests": list(self.tests),
            "paper": self.paper,
            **({"painted": list(self.painted)} if self.painted else {}),
        }

    def row(self) -> dict[str, Any]:
        """Measures, and returns the row of the ledger."""
        began = time.process_time()
        evidence = self.measure(range(self.seeds))
        verdict = evidence.verdict()
        return self.words() | {
            "settings": evidence.settings,
            "seeds": list(range(self.seeds)),
            "values": {name: [round(value, 6) for value in values] for name, values in evidence.values.items()},
            "mean": {name: round(mean(values), 6) for name, values in evidence.values.items()},
            "deviation": {name: round(deviation(values), 6) for name, values in evidence.values.items()},
            "differences": [rounded(difference(evidence.values, c)) for c in evidence.comparisons],
            "facts": [[fact.name, plain(fact.found), plain(fact.stated)] for fact in evidence.facts],
            "circulating": [[c.name, plain(c.circulates), plain(c.right)] for c in evidence.circulating],
            "bounds": [[b.name, b.value, finite(b.low), finite(b.high)] for b in evidence.bounds],
            "verdict": verdict,
            "remark": evidence.remarks.get(verdict, ""),
            # trainings that were kept from an earlier run count as well
            "cpu_seconds": round(max(time.process_time() - began, evidence.settings.get(TRAININGS, 0)), 1),
        }


def claim(
    id: str,
    kind: str,
    statement: str,
    *,
    seeds: int = 1,
    tests: tuple[str, ...] = (),
    paper: str = "",
    painted: tuple[str, ...] = (),
) -> Callable[[Callable[[Seeds], Evidence]], Claim]:
    """Turns a measuring function into a claim of the ledger."""
    if kind not in KINDS:
        raise ValueError(f"{id}: the kind must be one of {', '.join(KINDS)}, got {kind!r}")
    if kind == "E" and not tests:
        raise ValueError(f"{id}: an exact claim names the unit tests that assert it")
    return lambda measure: Claim(id, kind, statement, measure, seeds, tests, paper, painted)


def rounded(row: dict[str, Any]) -> dict[str, Any]:
    """The same row with its numbers as they are written down."""

    def short(value: Any) -> Any:
        if isinstance(value, list):
            return [short(item) for item in value]
        return round(value, 6) if isinstance(value, float) and not isinstance(value, bool) else value

    return {name: finite(short(value)) if isinstance(value, float) else short(value) for name, value in row.items()}


def finite(value: float) -> float | None:
    """JSON has no infinity: an open end is null."""
    return value if abs(value) != float("inf") else None


def plain(value: Any) -> Any:
    """The value as it comes back from JSON: tuples are lists, and keys are words."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
