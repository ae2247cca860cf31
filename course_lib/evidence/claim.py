"""A claim: a statement of a lecture, and the function that measures it.

An exact one returns facts:

    @claim("R3", "E", "A 3x3 kernel at rate r spans 2r + 1.", tests=("tests/...::test_name",))
    def span(seeds: Seeds) -> Evidence:
        return Evidence(facts=[Fact("span at rate 12", span_of(3, 12), 25)])

A measured one names what will decide, before it is measured, and returns values, one for each seed:

    @claim(
        "V11", "M", "Trained at output stride 16, the network draws sharper boundaries at 8.", seeds=5,
        core=Core("8 over 16", "edge IoU, 8", "edge IoU, 16", bound=0.013, why="the paper's gain, table 3"),
        secondary=(Secondary("32 over 16", "edge IoU, 32", "edge IoU, 16"),),
        remarks={"undecided": "One sentence that is shown with this verdict."},
    )
    def finer(seeds: Seeds) -> Evidence:
        return Evidence(settings={...}, values=over_seeds(seeds, strides))  # {"edge IoU, 8": [...], ...}

The verdict follows by the rule of `verdict`. A new bound needs no new measurement: `python -m course_lib.claims --page`
judges the stored numbers again.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from course_lib.evidence import probe
from course_lib.evidence.verdict import Core, Evidence, Secondary, deviation, judged, mean, paired

KINDS = {"E": "exact", "M": "measured", "S": "shown"}
Seeds = Sequence[int]
TRAININGS = "CPU s of all trainings"  # among the settings of a claim that keeps what it trained


class NeedsPhotographs(FileNotFoundError):
    """The claim is measured on photographs that are not in the repository, and they are not beside it either."""


@dataclass(frozen=True)
class Claim:
    """`tests` names the unit tests that assert an exact claim; `paper` is the published number with its source.

    `painted` names the claim, and its comparison, that asks the same on painted scenes. `core` decides a measured
    claim, `secondary` stands beside it, and `remarks` holds a sentence for each verdict that needs one.
    """

    id: str
    kind: str
    statement: str
    measure: Callable[[Seeds], Evidence]
    seeds: int
    tests: tuple[str, ...]
    paper: str
    painted: tuple[str, ...] = ()
    core: Core | None = None
    secondary: tuple[Secondary, ...] = ()
    remarks: dict[str, str] = field(default_factory=dict)

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

    @property
    def compared(self) -> set[str]:
        """The names of the values that the rule asks for."""
        pairs = [one for one in (self.core, *self.secondary) if one]
        return {name for one in pairs for name in (one.more, one.less) if name}

    def judgement(self, values: dict[str, list[float]]) -> dict[str, Any]:
        """The part of the row that follows from the measured values by the rule."""
        if self.core is None:
            return {}
        core = judged(values, self.core)
        return {
            "core": rounded(core),
            "differences": [rounded(paired(values, one)) for one in self.secondary],
            "verdict": core["verdict"],
            "remark": self.remarks.get(core["verdict"], ""),
        }

    def row(self, seeds: Seeds | None = None) -> dict[str, Any]:
        """Measures, and returns the row of the ledger."""
        began = probe.cpu_seconds()
        seeds = range(self.seeds) if seeds is None else seeds
        evidence = self.measure(seeds)
        if self.core and evidence.facts:
            raise ValueError(
                f"{self.id}: {evidence.facts[0].name!r} is a fact of a measured claim; assert it in a test"
            )
        verdict = "" if self.core else evidence.verdict()
        values = {name: [round(value, 6) for value in values] for name, values in evidence.values.items()}
        return self.words() | {
            "settings": evidence.settings,
            "seeds": list(seeds),
            "values": values,
            "mean": {name: round(mean(values), 6) for name, values in evidence.values.items()},
            "deviation": {name: round(deviation(values), 6) for name, values in evidence.values.items()},
            "facts": [[fact.name, plain(fact.found), plain(fact.stated)] for fact in evidence.facts],
            "differences": [],
            "verdict": verdict,
            "remark": "",
            # trainings that were kept from an earlier run, or remembered from another claim, count as well
            "cpu_seconds": round(max(probe.cpu_seconds() - began, evidence.settings.get(TRAININGS, 0)), 1),
            **self.judgement(values),
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
    core: Core | None = None,
    secondary: tuple[Secondary, ...] = (),
    remarks: dict[str, str] | None = None,
) -> Callable[[Callable[[Seeds], Evidence]], Claim]:
    """Turns a measuring function into a claim of the ledger."""
    if kind not in KINDS:
        raise ValueError(f"{id}: the kind must be one of {', '.join(KINDS)}, got {kind!r}")
    if kind == "E" and not tests:
        raise ValueError(f"{id}: an exact claim names the unit tests that assert it")
    if (kind == "M") != (core is not None):
        raise ValueError(f"{id}: a measured claim, and no other, names the core comparison that decides it")
    if core and seeds < 3:
        raise ValueError(f"{id}: {seeds} seeds have no interval that could decide; measure 3 or more")
    return lambda measure: Claim(
        id, kind, statement, measure, seeds, tests, paper, painted, core, secondary, remarks or {}
    )


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
