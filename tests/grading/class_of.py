"""Notebooks of a class: right and wrong answers to three of the exercises of 00, and files made of cells."""

import json

from course_lib.grading.folder import Limits

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
OTHERS = ["0.4", "0.5", "0.6"]  # lecture 00 asks them too; no notebook here answers them
ALL = NUMBERS + OTHERS
LIMITS = Limits(cell_seconds=5, seconds=600, gigabytes=1)


def book(*cells: str) -> str:
    """A notebook file, with nothing but sources."""
    return json.dumps({"cells": [{"cell_type": "code", "source": cell} for cell in cells], "nbformat": 4})


def with_answers(*before: str, **changed: str) -> str:
    """All answers are right but for those that are given: e1="..." stands in the place of exercise 0.1."""
    answers = [changed.get(f"e{number[-1]}", answer) for number, answer in RIGHT.items()]
    return book(IMPORTS, *before, *answers)


def points(lines: dict[str, tuple[int, str]]) -> list[int]:
    """Of the three exercises that the notebook answers; the others won nothing, and the table says why."""
    for number in OTHERS:
        assert lines[number] == (0, "no cell checks this exercise: was it deleted, or its last line changed?")
    return [lines[number][0] for number in NUMBERS]
