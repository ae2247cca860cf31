"""What holds for every exercise of the course."""

import pytest
import torch
from torch import nn

from course_lib import exercises
from course_lib.checking.exercise import UNREADABLE
from course_lib.receptive_field import theoretical

ALL = exercises.all_exercises()
KINDS = {"not attempted", "your code raised", "not yet"}


class Unprintable:
    def __repr__(self) -> str:
        raise ValueError("no")


ODD = {
    "None": None,
    "a word": "x",
    "an empty list": [],
    "a list of words": ["a", None],
    "a dictionary": {},
    "infinity": float("inf"),
    "a huge number": 10**400,
    "a complex number": 1j,
    "NaN": float("nan"),
    "a tensor of NaN": torch.full((2, 3), float("nan")),
    "a complex tensor": torch.ones(1, 1, 2, 4, dtype=torch.complex64),
    "a tensor without values": torch.ones(1, device="meta"),
    "a sparse tensor": torch.eye(4).to_sparse(),
    "an empty tensor": torch.ones(0),
    "a tensor of bool": torch.ones(4, 4, dtype=torch.bool),
    "a class": nn.Conv2d,
    "a module": nn.Identity(),
    "a module with two answers": nn.LSTM(3, 2),
    "an empty module list": nn.ModuleList(),
    "something unprintable": Unprintable(),
    "a function": lambda: 1,
}


def arity(exercise) -> int:
    return 2 if isinstance(exercise.answer, tuple) else 1


def test_there_are_at_least_thirty_spread_over_all_lectures():
    assert len(ALL) >= 30
    lectures = [exercise.number.split(".")[0] for exercise in ALL]
    assert all(lectures.count(str(lecture)) >= 3 for lecture in range(9))


def test_numbers_are_unique_ordered_and_without_gaps():
    numbers = [tuple(map(int, exercise.number.split("."))) for exercise in ALL]
    assert numbers == sorted(set(numbers))
    for lecture in range(9):
        own = [second for first, second in numbers if first == lecture]
        assert own == list(range(1, len(own) + 1))


def test_every_exercise_lies_in_the_module_of_its_lecture():
    for lecture, module in enumerate(exercises.MODULES):
        found = [value.number for value in vars(module).values() if value in ALL]
        assert all(number.startswith(f"{lecture}.") for number in found)
        assert len(found) >= 3


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.number)
def test_an_exercise_has_hints_a_title_and_a_solution_that_passes(exercise):
    assert len(exercise.hints) >= 2
    assert len(set(exercise.hints)) == len(exercise.hints)
    assert len(exercise.title) > 10
    assert exercise.question().startswith(exercise.title)
    assert exercise.solution()
    answers = exercise.answer if isinstance(exercise.answer, tuple) else (exercise.answer,)
    assert exercise.check(*answers).lines == ()


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.number)
def test_nothing_a_student_returns_crashes_a_check_or_satisfies_it(exercise):
    for name, value in ODD.items():
        given = [value] * arity(exercise), [lambda *_, value=value: value] * arity(exercise)
        for answers in given:
            outcome = exercise.check(*answers)
            assert outcome.kind in KINDS, name
            assert UNREADABLE not in repr(outcome), f"{name}: {outcome}"


@pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.number)
def test_code_that_raises_or_changes_its_inputs_is_answered(exercise):
    def broken(*_):
        raise KeyError("mine")

    def spoils(*inputs):
        for value in inputs:
            if isinstance(value, torch.Tensor):
                value.zero_()
            elif isinstance(value, list | dict):
                value.clear()
        return 0

    for answer in (broken, spoils):
        outcome = exercise.check(*[answer] * arity(exercise))
        assert outcome.kind in KINDS
        assert UNREADABLE not in repr(outcome)


FUNCTIONS = [exercise for exercise in ALL if callable(exercise.answer)]


@pytest.mark.parametrize("exercise", FUNCTIONS[::6], ids=lambda e: e.number)
def test_an_endless_loop_is_stopped(exercise, monkeypatch):
    monkeypatch.setattr("course_lib.checking.attempt.call.__kwdefaults__", {"seconds": 0.05})

    def endless(*_):
        while True:
            pass

    assert "loop without end" in repr(exercise.check(endless))


@pytest.mark.parametrize("exercise", FUNCTIONS, ids=lambda e: e.number)
def test_no_first_answer_said_again_and_again_will_do(exercise):
    """The right answer to the first question, whatever is asked after it."""
    said = []

    def stubborn(*inputs):
        if not said:
            said.append(exercise.answer(*inputs))
        return said[0]

    assert exercise.check(stubborn).kind != "correct"


def test_our_way_of_counting_the_harbours_fields_is_exact():
    from course_lib.lectures.l06_pspnet.exercises_harbour import reads

    def layer(rate: int = 1) -> nn.Module:
        return nn.Conv2d(1, 1, 3, padding=rate, dilation=rate)

    rates = (3, 7)
    net = nn.Sequential(layer(), layer(), nn.MaxPool2d(2), layer(), layer(), nn.MaxPool2d(2), *map(layer, rates))
    field = theoretical(net, image_size=(64, 64), channels=1)
    axis = reads(rates)
    for y, x in ((0, 0), (5, 9), (15, 8)):
        assert (field.mask(pixel=(y, x)) == torch.outer(axis[y], axis[x]).bool().numpy()).all()
