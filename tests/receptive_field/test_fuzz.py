"""A fixed set of random programs of torch operations: none is answered too small, or too large without a word.

New programs: `make fuzz SEED=123`. The programs of a seed stay the same while tests/fuzz/steps.py does.
"""

import pytest
from fuzz.judge import judged
from fuzz.programs import draw_program
from fuzz.steps import MAKERS

pytestmark = pytest.mark.newest  # torch 2.6 takes some steps apart otherwise: more answers are bounds there
PROGRAMS, BLOCK = 500, 25
# once wrong, silent or slow
FOUND = (100245, 100361, 101745, 101779, 101797, 200218, 200528, 201158, 300411, 405052, 413169, 413878)
KINDS: list[str] = []


@pytest.mark.filterwarnings("ignore")  # torch's own words about what a random program does
@pytest.mark.parametrize("seeds", [*(range(n, n + BLOCK) for n in range(0, PROGRAMS, BLOCK)), FOUND], ids=str)
def test_random_programs_are_exact_or_say_that_they_are_not(seeds):
    for seed in seeds:
        program = draw_program(seed, MAKERS)
        verdict = judged(program)
        assert not verdict.is_fault, f"{verdict.kind}: {program}\n{verdict.words}"
        KINDS.append(verdict.kind)


def test_the_programs_are_not_mostly_bounds():
    assert KINDS, "this looks at what the programs above were judged"
    assert KINDS.count("exact") >= len(KINDS) // 5
