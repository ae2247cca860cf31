"""One exercise: `check` an answer, ask for a `hint`, look at the `solution`.

An exercise is a title, hints from a nudge to nearly there, the solution's text, and a function that looks at an answer
and raises `NotYet` when it is not right. A function with a `draw` gets random shapes and values from it, others each
time. Everything else (not attempted, raising, endless code, the seed to repeat a failure) is handled here.
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch

from course_lib.checking import draw, record
from course_lib.checking.attempt import Changed, Raised, TooLong, in_time, is_attempted, text_of
from course_lib.checking.outcome import NotYet, Outcome

UNREADABLE = "the check could not read what it was given"
CHECK_SECONDS = 60.0  # of the processor, for all of a check: an answer may also be endless to print or to compare


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

    def check(self, *answer: Any, seed: int | None = None) -> Outcome:
        """One of four outcomes, in words; a correct one is noted in the local record.

        Each check draws its cases anew; `seed`, as a message names it, draws the same again.
        """
        seed = draw.anew() if seed is None else seed
        try:
            outcome, error = in_time(lambda: self.judged(answer, seed), CHECK_SECONDS)
        except TooLong:
            lines = (f"the check did not end within {CHECK_SECONDS:g} seconds: is the answer very large, or endless?",)
            return Outcome(self.name, "not yet", lines)
        if error is not None:  # not even an Exception: a value that ends the program when it is looked at
            return Outcome(self.name, "not yet", (_unreadable(error),))
        if outcome.correct:
            record.note(self.number)
        return outcome

    def judged(self, answer: tuple, seed: int = 0) -> Outcome:
        """The outcome without a limit of time and without a note."""
        if not all(map(is_attempted, answer)):
            return Outcome(self.name, "not attempted", ("Replace the placeholder, run the cell, and see.",))
        parameters = inspect.signature(self.judge).parameters
        if len(answer) != (wanted := len(parameters) - ("draw" in parameters)):
            words = "one answer" if wanted == 1 else f"{wanted} answers, in the order of the question"
            return Outcome(self.name, "not attempted", (f"check(...) takes {words}, and was given {len(answer)}.",))
        drawn = draw.Draw(seed)
        try:
            with torch.random.fork_rng(devices=[]):  # the weights of an answer's layers come from the seed as well
                torch.manual_seed(seed)
                self.judge(*answer, **({"draw": drawn} if "draw" in parameters else {}))
        except (NotYet, Raised) as verdict:
            kind = "not yet" if isinstance(verdict, NotYet | Changed) else "your code raised"
            by_seed = getattr(verdict, "drawn", drawn.used)
            return Outcome(self.name, kind, (*verdict.lines, *([drawn.words()] if by_seed else [])))
        except Exception as error:  # a value so odd that no check foresaw it is no reason to fail a student's cell
            return Outcome(self.name, "not yet", (_unreadable(error),))
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


def _unreadable(error: BaseException) -> str:
    return f"{UNREADABLE} ({type(error).__name__}: {text_of(error)})"


class Text(str):
    """Words that show themselves as written, not as a quoted string."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def exercise(number: str, *, hints: tuple[str, ...], solution: Any) -> Callable[[Callable], Exercise]:
    """Turns the function that judges an answer into the exercise that students call."""
    return lambda judge: Exercise(judge, number=number, hints=hints, solution=solution)
