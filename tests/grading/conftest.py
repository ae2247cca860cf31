"""What the tests of grading share: a workshop that starts once, and notebooks made of cells."""

import json
from collections.abc import Iterator

import pytest

from course_lib.grading import folder
from course_lib.grading.folder import Limits
from course_lib.grading.workshop import Workshop

RIGHT = {
    "0.1": """
def my_confusion(prediction, target, num_classes):
    valid = target != 255
    pairs = num_classes * target[valid] + prediction[valid]
    return torch.bincount(pairs, minlength=num_classes**2).view(num_classes, num_classes)
exercises.start.confusion.check(my_confusion)""",
    "0.2": """
def my_iou(matrix):
    right = matrix.diagonal().float()
    return right / (matrix.sum(0) + matrix.sum(1) - right)
exercises.start.iou.check(my_iou)""",
    "0.3": "exercises.start.flattered.check(torch.zeros(100, dtype=torch.long), (torch.arange(100) == 0).long())",
}
WRONG = {
    "0.1": RIGHT["0.1"].replace("valid = target != 255", "return target"),
    "0.2": RIGHT["0.2"].replace(".float()", "* 0 + 7.5"),
    "0.3": "exercises.start.flattered.check(torch.zeros(9, dtype=torch.long), torch.ones(9, dtype=torch.long))",
}
IMPORTS = "import torch\nfrom course_lib import exercises"
NUMBERS = ["0.1", "0.2", "0.3"]
LIMITS = Limits(cell_seconds=5, seconds=600, gigabytes=1)


def book(*cells: str) -> str:
    """A notebook file, with nothing but sources."""
    return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells], "nbformat": 4})


def with_answers(*before: str, **changed: str) -> str:
    """All answers are right but for those that are given: e1="..." stands in the place of exercise 0.1."""
    answers = [changed.get(f"e{number[-1]}", answer) for number, answer in RIGHT.items()]
    return book(IMPORTS, *before, *answers)


def points(lines: dict[str, tuple[int, str]]) -> list[int]:
    return [lines[number][0] for number in NUMBERS]


@pytest.fixture(autouse=True)
def no_student_is_touched(own_record) -> None:
    """Every test here writes into a record of its own."""


@pytest.fixture(scope="session")
def workshop() -> Iterator[Workshop]:
    with Workshop() as shop:
        yield shop


@pytest.fixture(scope="session")
def asked() -> dict[str, list[str]]:
    return folder.asked_for([])


@pytest.fixture
def graded_alone(tmp_path, workshop, asked):
    """Point and words by exercise for a notebook of these cells."""

    def grade(*cells: str, shop: Workshop = workshop) -> dict[str, tuple[int, str]]:
        path = tmp_path / "mine.ipynb"
        path.write_text(book(*cells))
        return folder.graded(path, asked, LIMITS, "", shop)

    return grade
