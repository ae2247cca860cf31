"""One exercise: `check` an answer, ask for a `hint`, look at the `solution`.

An exercise is a title, hints from a nudge to nearly there, the solution's text, and a function that looks at an answer
and raises `NotYet` when it is not right. Everything else (not attempted, raising, endless code) is handled here.
"""

import inspect
from collections.abc import Callable
from typing import Any

from course_lib.checking import record
from course_lib.checking.attempt import Raised, is_attempted
from course_lib.checking.outcome import NotYet, Outcome

UNREADABLE = "the check could not read what it was given"


class Exercise:
    """Made by the `exercise` decorator around the function that judges an answer."""

    def __init__(self, judge: Callable[..., None], *, number: str, hints: tuple[str, ...], solution: Any):
        self.judge, self.number, self.hints, self._solution = judge, number, hints, solution
        self.title = (inspect.getdoc(judge) or "").splitlines()[0]
        self._hints_given = 0

    def __repr__(self) -> str:
        return f"Exercise {self.number}: {self.title} .question() .check(answer) .hint() .solution()"

    @property
    def name(self) -> str:
        """The exercise as its messages name it."""
        return f"Exercise {self.number}"

    def check(self, *answer: Any) -> Outcome:
        """One of four outcomes, in words; a correct one is noted in the local record."""
        outcome = self._judged(answer)
        if outcome.correct:
            record.note(self.number)
        return outcome

    def _judged(self, answer: tuple) -> Outcome:
        if not all(map(is_attempted, answer)):
            return Outcome(self.name, "not attempted", ("Replace the placeholder, run the cell, and see.",))
        if len(answer) != (wanted := len(inspect.signature(self.judge).parameters)):
            words = "one answer" if wanted == 1 else f"{wanted} answers, in the order of the question"
            return Outcome(self.name, "not attempted", (f"check(...) takes {words}, and was given {len(answer)}.",))
        try:
            self.judge(*answer)
        except NotYet as verdict:
            return Outcome(self.name, "not yet", verdict.lines)
        except Raised as verdict:
            return Outcome(self.name, "your code raised", verdict.lines)
        except Exception as error:  # a value so odd that no check foresaw it is no reason to fail a student's cell
            return Outcome(self.name, "not yet", (f"{UNREADABLE} ({type(error).__name__}: {error})",))
        return Outcome(self.name, "correct")

    def hint(self) -> "Text":
        """The next hint; after the last one they start again."""
        index = self._hints_given % len(self.hints)
        self._hints_given += 1
        return Text(f"Hint {index + 1} of {len(self.hints)}: {self.hints[index]}")

    def solution(self) -> "Text":
        """One right answer, as code."""
        if callable(self._solution):
            return Text(inspect.getsource(self._solution))
        return Text(repr(self._solution))

    def question(self) -> "Text":
        """What is asked, with the table that belongs to it."""
        return Text(inspect.getdoc(self.judge))

    @property
    def answer(self) -> Any:
        """The solution itself, for the tests and the solution notebooks."""
        return self._solution


class Text(str):
    """Words that show themselves as written, not as a quoted string."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def exercise(number: str, *, hints: tuple[str, ...], solution: Any) -> Callable[[Callable], Exercise]:
    """Turns the function that judges an answer into the exercise that students call."""
    return lambda judge: Exercise(judge, number=number, hints=hints, solution=solution)
