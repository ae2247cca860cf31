"""What a claim's experiment brings back, and the rule that turns it into a verdict.

Nobody types a verdict in. Exact facts must be equal; a measured comparison holds when its paired difference over the
seeds is larger than the smallest effect that counts and its 95 % confidence interval excludes zero.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

HOLDS = "holds"
IN_PART = "holds in part"
NOT_HERE = "does not reproduce here"
WRONG = "wrong as circulated"
VERDICTS = (HOLDS, IN_PART, NOT_HERE, WRONG)

# two-sided 95 % quantiles of Student's t for n - 1 = 1, 2, ... degrees of freedom
T_95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262)


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
    quantile = T_95[len(values) - 2] if len(values) - 2 < len(T_95) else 2.26
    return quantile * deviation(values) / math.sqrt(len(values))
