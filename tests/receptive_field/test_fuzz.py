"""A fixed set of random programs of torch operations: none is answered too small, or too large without a word.

New programs: `make fuzz SEED=123`. The programs of a seed stay the same while tests/fuzz/steps.py does.
"""

import pytest
from fuzz.judge import judged
from fuzz.programs import draw_program
from fuzz.steps import MAKERS

pytestmark = pytest.mark.newest  # torch 2.6 takes some steps apart otherwise: more answers are bounds there
PROGRAMS, BLOCK = 300, 25


@pytest.mark.filterwarnings("ignore")  # torch's own words about what a random program does
@pytest.mark.parametrize("first", range(0, PROGRAMS, BLOCK))
def test_random_programs_are_exact_or_say_that_they_are_not(first):
    kinds = []
    for seed in range(first, first + BLOCK):
        program = draw_program(seed, MAKERS)
        verdict = judged(program)
        assert not verdict.is_fault, f"{verdict.kind}: {program}\n{verdict.words}"
        kinds.append(verdict.kind)
    assert kinds.count("exact") >= BLOCK // 5
