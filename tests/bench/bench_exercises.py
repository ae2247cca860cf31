"""How many slips the exercises let through: mutants of every solution, and the share of them that a check refuses.

A mutant is refused if no seed lets it pass. Those that raise are counted apart: any check would refuse them. A mutant
that is right after all stands in equal_mutants.json under the reason why; one that passes without is a hole. WITH in
the environment names the exercises to look at, such as "0.1 4.2"; SEEDS how many draws each mutant is tried with.
"""

import contextlib
import json
import os
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

from course_lib.checking import attempt
from course_lib.checking.exercise import Exercise
from course_lib.exercises import all_exercises
from tests.bench import figures, mutants

PROMISED = 0.99
WITH, SEEDS = os.environ.get("WITH", "").split(), int(os.environ.get("SEEDS", 2))
SECONDS = 0.4  # an endless mutant is refused as in a notebook, sooner
EQUAL = Path(__file__).with_name("equal_mutants.json")


def main() -> None:
    began, alive, refused, raised, right = time.process_time(), 0, 0, 0, 0
    for exercise in all_exercises():
        if WITH and exercise.number not in WITH:
            continue
        reasons = equal(exercise)
        with quick():
            fates = {name: fate(exercise, answer) for name, answer in mutants.of(exercise)}
        wrong = {name: found for name, found in fates.items() if name not in reasons}
        through = [name for name, found in wrong.items() if found == "correct"]
        failed = list(wrong.values()).count("your code raised")
        print(f"{exercise.number} {exercise.judge.__name__:<16} {len(wrong) - len(through):4} of {len(wrong):4} refused"
              f" ({failed} raise)", flush=True)  # fmt: skip
        for name in fates:
            if name in reasons or name in through:
                print(f"       {'equal' if name in reasons else 'PASSES'}  {name}   {reasons.get(name, '')}")
        for name in set(reasons) - {name for name, found in fates.items() if found == "correct"}:
            print(f"       NOT EQUAL, or not made any more  {name}")
        alive, refused, raised = alive + len(through), refused + len(wrong) - len(through), raised + failed
        right += len(fates) - len(wrong)
    count, ran = refused + alive, refused + alive - raised
    found = (
        f"{refused:,} of {count:,} wrong mutants are refused ({refused / count:.2%}), and {1 - alive / ran:.2%} of\n"
        f"the {ran:,} that do not raise; promised are {PROMISED:.0%}. {right} more are right in another form and pass."
    )
    print(f"\n{found}\n{time.process_time() - began:.0f} s of CPU")
    if not WITH:
        figures.noted("exercises", found)


def equal(exercise: Exercise) -> dict[str, str]:
    """The reviewed list: the mutants of this exercise that are right, and why."""
    found = json.loads(EQUAL.read_text()).get(exercise.number, {})
    return {name: reason for reason, names in found.items() for name in names}


def fate(exercise: Exercise, answer: tuple) -> str:
    """The kindest outcome of all draws."""
    kinds = {exercise.judged(answer, seed).kind for seed in range(SEEDS)}
    return next(kind for kind in ("correct", "not yet", "your code raised", "not attempted") if kind in kinds)


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Mutants warn and loop; neither is of interest here."""
    limits = attempt.call.__kwdefaults__
    kept = limits["seconds"]
    limits["seconds"] = SECONDS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        limits["seconds"] = kept


if __name__ == "__main__":
    main()
