"""The rule of the ledger: what a claim names before it is measured, and how the numbers turn into a verdict.

Nobody types a verdict in. An exact claim holds when every fact equals what the lecture says. A measured claim names one
core comparison, its bound, and why this bound. The 95 % confidence interval of the paired difference decides:

    it lies above the bound       holds
    it lies below the bound       does not reproduce here
    it touches or spans the bound undecided, and the row says how many seeds would probably decide

The bound is the paper's own effect, or the smallest effect that a reader would care for. Everything else that was
measured is shown beside it and decides nothing.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cache
from typing import Any

HOLDS = "holds"
UNDECIDED = "undecided"
IN_PART = "holds in part"
NOT_HERE = "does not reproduce here"
WRONG = "wrong as circulated"
VERDICTS = (HOLDS, IN_PART, UNDECIDED, NOT_HERE, WRONG)
SURE = 0.95  # the share of such intervals that hold the true mean
AFFORDABLE = 1000  # seeds: no row says that more would decide
DIGITS = 9  # finer than what is measured, coarser than the rounding of sums


@dataclass(frozen=True)
class Fact:
    """Something exact: what we found and what the lecture says. They must be equal."""

    name: str
    found: Any
    stated: Any

    @property
    def holds(self) -> bool:
        """True when what was found equals what the lecture says."""
        return self.found == self.stated


@dataclass(frozen=True)
class Circulating:
    """Something that notes and code on the web have wrong: what they say, and what is so."""

    name: str
    circulates: Any
    right: Any


@dataclass(frozen=True)
class Core:
    """The one comparison that decides: the lecture says that `more` - `less` lies above `bound`.

    Both are names of measured values, paired by seed. Without `less` the value itself is compared with the bound. A
    negative bound says "not worse by that much". `why` gives the reason for the bound, with its source.
    """

    name: str
    more: str
    less: str = ""
    _: KW_ONLY
    bound: float
    why: str


@dataclass(frozen=True)
class Secondary:
    """A difference that is shown with its interval and decides nothing."""

    name: str
    more: str
    less: str


@dataclass(frozen=True)
class Comparison:
    """The lecture says that `more` is above `less`; both name lists of values, paired by seed."""

    name: str
    more: str
    less: str
    smallest: float


@dataclass(frozen=True)
class Bound:
    """The lecture says that a value lies in a range, at every seed."""

    name: str
    value: str
    low: float = -math.inf
    high: float = math.inf


@dataclass
class Evidence:
    """`values` holds one number per seed for each thing measured; the rest says how to read them."""

    settings: dict[str, Any] = field(default_factory=dict)
    values: dict[str, list[float]] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    circulating: list[Circulating] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    bounds: list[Bound] = field(default_factory=list)
    remarks: dict[str, str] = field(default_factory=dict)

    def verdict(self) -> str:
        """The rule: all parts hold, some do, or none does; a corrected statement must show that the other is wrong."""
        parts = [fact.holds for fact in self.facts]
        parts += [difference(self.values, comparison)["holds"] for comparison in self.comparisons]
        parts += [all(bound.low <= value <= bound.high for value in self.values[bound.value]) for bound in self.bounds]
        parts += [item.circulates != item.right for item in self.circulating]
        if not parts:
            raise ValueError("evidence without a fact, a comparison, a bound or a correction decides nothing")
        if all(parts):
            return WRONG if self.circulating else HOLDS
        return IN_PART if any(parts) else NOT_HERE


def difference(values: dict[str, list[float]], comparison: Comparison) -> dict[str, Any]:
    """The paired differences of a comparison, their mean and interval, and whether it holds."""
    more, less = values[comparison.more], values[comparison.less]
    if len(more) != len(less):
        raise ValueError(f"{comparison.name}: {len(more)} values against {len(less)}; pairs need equal seeds")
    paired = [a - b for a, b in zip(more, less)]
    middle, half = mean(paired), half_interval(paired)
    holds = middle >= comparison.smallest and middle - half > 0
    return {
        "name": comparison.name,
        "per_seed": paired,
        "mean": middle,
        "interval": [middle - half, middle + half],
        "smallest": comparison.smallest,
        "holds": holds,
    }


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean."""
    return sum(values) / len(values)


def deviation(values: Sequence[float]) -> float:
    """The sample standard deviation; 0 for a single value."""
    if len(values) < 2:
        return 0.0
    middle = mean(values)
    return math.sqrt(sum((value - middle) ** 2 for value in values) / (len(values) - 1))


def half_interval(values: Sequence[float]) -> float:
    """Half the 95 % confidence interval of the mean; a single value proves nothing."""
    if len(values) < 2:
        return math.inf
    return quantile(len(values) - 1) * deviation(values) / math.sqrt(len(values))


@cache
def quantile(freedom: int) -> float:
    """The two-sided 95 % quantile of Student's t with so many degrees of freedom."""
    low, high = 1.0, 16.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if within(middle, freedom) < SURE else (low, middle)
    return middle


def within(t: float, freedom: int) -> float:
    """The probability that Student's t lies between -t and t (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    angle, odd = math.atan(t / math.sqrt(freedom)), freedom % 2
    term, total = (math.cos(angle) if odd else 1.0), 0.0
    for n in range(2 + odd, freedom + 1, 2):
        total += term
        term *= math.cos(angle) ** 2 * (n - 1) / n
    return 2 / math.pi * (angle + math.sin(angle) * total) if odd else math.sin(angle) * total


def judged(values: dict[str, list[float]], core: Core) -> dict[str, Any]:
    """The core comparison with its numbers, its verdict, and the seeds that would decide where these did not."""
    found = paired(values, core)
    low, high = found["interval"]
    verdict = HOLDS if low > core.bound else NOT_HERE if high < core.bound else UNDECIDED
    needed = seeds_to_decide(found["per_seed"], core.bound) if verdict == UNDECIDED else None
    return found | {"bound": core.bound, "why": core.why, "verdict": verdict, "seeds that would decide": needed}


def paired(values: dict[str, list[float]], comparison: Core | Secondary) -> dict[str, Any]:
    """The differences seed by seed, their mean and its 95 % confidence interval."""
    more = values[comparison.more]
    less = values[comparison.less] if comparison.less else [0.0] * len(more)
    if len(more) != len(less):
        raise ValueError(f"{comparison.name}: {len(more)} values against {len(less)}; pairs need equal seeds")
    differences = [round(a - b, DIGITS) for a, b in zip(more, less)]
    middle, half = mean(differences), half_interval(differences)
    return {
        "name": comparison.name,
        "more": comparison.more,
        "less": comparison.less,
        "per_seed": differences,
        "mean": round(middle, DIGITS),
        "interval": [round(middle - half, DIGITS), round(middle + half, DIGITS)],
    }


def seeds_to_decide(differences: Sequence[float], bound: float) -> int | None:
    """The fewest seeds whose interval would leave the bound out, were mean and deviation the same as in these.

    None when no number of seeds that one could pay for would do.
    """
    distance, spread = abs(mean(differences) - bound), deviation(differences)
    if round(spread, DIGITS) == 0:
        return None
    counts = range(len(differences) + 1, AFFORDABLE + 1)  # the more seeds, the narrower the interval
    enough = bisect_left(counts, True, key=lambda n: within(distance * math.sqrt(n) / spread, n - 1) > SURE)
    return counts[enough] if enough < len(counts) else None
