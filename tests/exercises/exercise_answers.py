"""Tables of right and wrong answers to exercises, and how a test reads them.

RIGHT = {exercise: [another right answer, ...]}
WRONG = {exercise: {"words of the message": a wrong answer that students write, ...}}
"""

import pytest


def right_answers(table: dict) -> list:
    """One case for each right answer other than our solution; every exercise has at least one."""
    assert all(table.values())
    return [pytest.param(e, answer, id=f"{e.number} {i}") for e, all_ in table.items() for i, answer in enumerate(all_)]


def wrong_answers(table: dict) -> list:
    """One case for each wrong answer; every exercise has at least four."""
    assert all(len(wrong) >= 4 for wrong in table.values())
    return [
        pytest.param(e, words, a, id=f"{e.number} {words}") for e, wrong in table.items() for words, a in wrong.items()
    ]


def assert_explained(exercise, words: str, answer) -> None:
    """The answer is not correct, and the message says the words."""
    outcome = exercise.check(answer)
    assert outcome.kind == ("your code raised" if words.endswith("Error") else "not yet"), outcome
    assert words in repr(outcome)
