"""A cheap run of a claim's experiment, which shows whether the numbers in the ledger are still those of the code.

Under a probe a training takes two steps, sixteen pictures are held out, one seed is measured and no time is taken. The
losses and scores on the way and the values at the end are the claim's fingerprint. Moving, renaming or rewriting code
leaves it as it is; another layer, picture or learning rate does not. The bound has no part in it: a row is judged again
by another bound without measuring.
"""

import functools
import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch

from course_lib import threads
from course_lib.evidence.verdict import Evidence

STEPS, PICTURES = 2, 16
# How far a probe may lie from the one that was kept: processors and versions of torch round differently. Two steps of
# W5's U-Net make 1.3e-3 of it from one x86 processor to another; another rate of one layer moves a number by 7e-3.
NUMBERS_WITHIN, VALUES_WITHIN = 2.5e-3, 0.02
Print = dict[str, Any]
F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Seen:
    """What an experiment asked for while it was probed, and the numbers it met."""

    asked: list[str] = field(default_factory=list)
    numbers: list[float] = field(default_factory=list)


_seen: Seen | None = None
_spared = 0.0  # processor seconds that remembered trainings would have taken again


def active() -> bool:
    """True while an experiment is probed and not measured."""
    return _seen is not None


def at_most(count: int, probed: int) -> int:
    """The count that an experiment asks for, or the small one of a probe."""
    return min(count, probed) if active() else count


def note(asked: str = "", *numbers: float) -> None:
    """Keeps what the experiment does; without a probe nothing is kept."""
    if _seen is not None:
        _seen.asked += [asked] if asked else []
        _seen.numbers += [float(torch.as_tensor(number).detach()) for number in numbers]


def remembered(function: F) -> F:
    """Like `functools.cache`, for trainings that several claims share; a probe neither reads nor fills it.

    Each claim that uses a training bears its cost: see `cpu_seconds`.
    """

    @functools.cache
    def kept(*args: Any, **named: Any) -> tuple[Any, float]:
        began = time.process_time()
        return function(*args, **named), time.process_time() - began

    @functools.wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        global _spared
        if active():
            return function(*args, **named)
        hits = kept.cache_info().hits
        result, seconds = kept(*args, **named)
        _spared += seconds if kept.cache_info().hits > hits else 0
        return result

    return call  # type: ignore[return-value]


def cpu_seconds() -> float:
    """The processor time of this process so far, and what it would have taken without remembered trainings."""
    return time.process_time() + _spared


@contextmanager
def probing() -> Iterator[Seen]:
    """Everything that is measured inside is cut short and watched."""
    global _seen
    before, _seen = _seen, Seen()
    try:
        yield _seen
    finally:
        _seen = before


def fingerprint(measure: Callable[[range], Evidence], seeds: int) -> Print:
    """What a probe gives: what was asked for, in one word, the numbers met on the way, and the values at the end."""
    with probing() as seen, threads.one_thread():  # another number of threads rounds otherwise
        evidence = measure(range(1))
    asked = {
        "seeds": seeds,
        "asked": seen.asked,
        "facts": [[f.name, f.stated] for f in evidence.facts],
    }
    return {
        "rule": hashlib.sha256(json.dumps(asked, default=str).encode()).hexdigest()[:16],
        "numbers": [short(number) for number in seen.numbers],
        "values": {name: short(values[0]) for name, values in evidence.values.items()},
    }


def differs(kept: Print, now: Print) -> str:
    """What has changed from one probe to the next, in a few words; nothing when they agree."""
    if kept["rule"] != now["rule"]:
        return "seeds, settings of a training or stated facts"
    if len(kept["numbers"]) != len(now["numbers"]) or kept["values"].keys() != now["values"].keys():
        return "what is measured"
    for number, (old, new) in enumerate(zip(kept["numbers"], now["numbers"])):
        if not near(old, new, NUMBERS_WITHIN):
            return f"number {number} of the training: {old} before, {new} now"
    within = VALUES_WITHIN if now["numbers"] else NUMBERS_WITHIN
    for name, old in kept["values"].items():
        if not near(old, now["values"][name], within):
            return f"{name}: {old} before, {now['values'][name]} now"
    return ""


def near(old: float | None, new: float | None, within: float) -> bool:
    """True when two numbers differ by at most `within`, relative to the old one where it exceeds 1."""
    if old is None or new is None:
        return old is new
    return abs(old - new) <= within * max(1.0, abs(old))


def short(number: float) -> float | None:
    """Six digits; what is not finite has no place in JSON."""
    return float(f"{float(number):.6g}") if math.isfinite(number) else None
