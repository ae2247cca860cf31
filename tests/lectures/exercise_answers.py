"""Tables of right and wrong answers to exercises, and the tests that every lecture's tables go through.

RIGHT = {exercise: [another right answer, ...]}
WRONG = {exercise: {"words of the message": a wrong answer that students write, ...}}
"""

import pytest

from course_lib.checking.exercise import Exercise


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


class Answers:
    """A lecture names its module and its two tables: `class TestAnswers(Answers): module, right, wrong = ...`."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        if "words" in metafunc.fixturenames:
            metafunc.parametrize("exercise, words, answer", wrong_answers(self.wrong))
        elif "answer" in metafunc.fixturenames:
            metafunc.parametrize("exercise, answer", right_answers(self.right))

    def test_another_right_answer_passes(self, exercise, answer):
        outcome = exercise.check(answer)
        assert outcome.correct, outcome

    def test_a_wrong_answer_is_explained(self, exercise, words, answer):
        assert_explained(exercise, words, answer)

    def test_every_exercise_of_the_lecture_is_here(self):
        assert set(self.right) == set(self.wrong) == {e for e in vars(self.module).values() if isinstance(e, Exercise)}
