"""An assignment for nbgrader or otter-grader, made from a lecture.

    python -m course_lib.exercises assignment 04 --tool nbgrader --out COURSE/

The assignment holds the exercises of the lecture's notebook with their questions, and nothing that takes long to run.
It is made from the course's own notebooks with and without solutions, so it needs the course's folder. Where the tool
is installed, it is called to make what students get; else the command says how. Both tools run the student's code and
the checks in one process: INSTRUCTORS.md says what that does not protect, and when our own grader is the better choice.
"""

import argparse
import ast
import difflib
import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from course_lib.evidence import code_shape
from course_lib.files import whole
from course_lib.grading import cells as cells_of
from course_lib.grading.folder import NOTEBOOKS, order

CONFIG = """\
c = get_config()  # noqa
c.CourseDirectory.course_id = "beyond-fcn"
c.ClearSolutions.code_stub = {"python": ""}  # the notebooks have their own placeholders
c.ExecutePreprocessor.timeout = 120
"""
OTTER = """\
# ASSIGNMENT CONFIG
name: "{name}"
run_tests: false
check_all_cell: false
export_cell: false
tests:
  ok_format: false
generate: true"""


@dataclass(frozen=True)
class Question:
    """One cell: the words before it, the cell with and without its solution, and by number the calls that check it."""

    words: str
    cell: str
    solved: str
    checks: dict[str, str]


def name_of(number: str) -> str:
    """The name of an exercise in the tool, such as "e4_2"."""
    return "e" + number.replace(".", "_")


def options(parser: argparse.ArgumentParser) -> None:
    """The options of `assignment`."""
    parser.add_argument("lecture", help="the lecture's number, such as 04")
    parser.add_argument("--tool", choices=["nbgrader", "otter"], required=True)
    parser.add_argument("--out", type=Path, required=True, help="nbgrader's course folder, or a folder for otter")


def main(given: argparse.Namespace) -> int:
    """Write a lecture's assignment for the chosen tool, and run the tool if it is installed."""
    book, opening, questions = taken_from(given.lecture)
    make, call = {"nbgrader": (nbgrader, ["generate_assignment", book.name[:2], "--force", "--create"]),
                  "otter": (otter, ["assign", book.name, "dist"])}[given.tool]  # fmt: skip
    where = given.out / "source" / book.name[:2] / book.name if given.tool == "nbgrader" else given.out / book.name
    whole.write(where, json.dumps(notebook(make(book.stem, opening, questions)), indent=1))
    if given.tool == "nbgrader" and not (config := given.out / "nbgrader_config.py").exists():
        whole.write(config, CONFIG)
    numbers = [number for question in questions for number in question.checks]
    print(f"{where} has the exercises {', '.join(numbers)}, with their solutions.")
    if importlib.util.find_spec(given.tool) is None:
        print(f"{given.tool} is not installed here. Where it is, run in {given.out}: {given.tool} {' '.join(call)}")
        return 0
    # nbgrader calls a program that lies beside this Python, which need not be on the path
    path = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}
    return subprocess.run([sys.executable, "-m", given.tool, *call], cwd=given.out, env=os.environ | path).returncode


def taken_from(lecture: str) -> tuple[Path, list[str], list[Question]]:
    """The lecture's notebook, the code that opens the assignment, and its questions in order of their cells."""
    number = int(lecture) if lecture.isdecimal() else -1
    path = next(NOTEBOOKS.glob(f"{number:02}_*.ipynb"), None)
    if path is None:
        known = ", ".join(sorted(book.name[:2] for book in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")))
        raise ValueError(f"no notebook of lecture {lecture}; expected one of {known or 'those in the course folder'}")
    book = json.loads(path.read_text("utf-8"))["cells"]
    cells, solved = cells_of.read(path), cells_of.read(NOTEBOOKS / "solutions" / path.name)
    checked = cells_of.checked_in(cells)
    places = {place for found in checked.values() for place in found}
    asked: dict[int, list[str]] = {}
    for number in sorted(checked, key=order):
        asked.setdefault(max(checked[number]), []).append(number)
    needed = cells_of.needed(solved, places)
    opening = [cells[min(cells)], *(text.strip() for place, text in needed.items() if place not in places)]
    questions = [
        Question(words_before(book, place, numbers[0]), cells[place], solved[place], checks_in(cells[place], numbers))
        for place, numbers in sorted(asked.items())
    ]
    return path, opening, questions


def words_before(book: list[dict], place: int, number: str) -> str:
    """The words under the heading of an exercise, which may lie before an earlier cell (cells are counted from 1)."""
    asks = re.compile(rf"^### Exercises? {re.escape(number)}\b.*?(?=^##|\Z)", re.MULTILINE | re.DOTALL)
    for cell in reversed(book[: place - 1]):
        if cell["cell_type"] == "markdown" and (found := asks.search("".join(cell["source"]))):
            return found[0].strip()
    raise ValueError(f"no heading '### Exercise {number}' before cell {place}, which checks this exercise")


def checks_in(cell: str, numbers: list[str]) -> dict[str, str]:
    """For each exercise, the last call in its cell that checks its answer, with the exercise by its full name."""
    named = {number: (module, name) for module, held in cells_of.tasks().items() for name, (number, _) in held.items()}
    calls = [node for node in ast.walk(code_shape.tree(cell)) if isinstance(node, ast.Call)]
    found: dict[str, str] = {}
    for number in numbers:
        module, name = named[number]
        call = [call for call in calls if checked_by(call) == name][-1]
        check = ast.parse(f"exercises.{module}.{name}.check", mode="eval").body
        found[number] = ast.unparse(ast.Call(check, call.args, call.keywords))
    return found


def checked_by(call: ast.Call) -> str:
    """The name of the exercise that the call checks, such as "iou"; nothing for another call."""
    match call.func:
        case ast.Attribute(value=ast.Attribute(attr=name), attr="check"):
            return name
    return ""


def with_solution(question: Question, begin: str, end: str) -> str:
    """The student's cell with the lines of the solution behind the placeholders, between the marks of a tool."""
    given, solved = question.cell.splitlines(), question.solved.splitlines()
    lines: list[str] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, given, solved, autojunk=False).get_opcodes():
        lines += given[i:j]
        if kind in ("replace", "insert"):
            indent = " " * min(len(line) - len(line.lstrip()) for line in solved[k:m] if line.strip())
            lines += [indent + begin, *solved[k:m], indent + end]
    return "\n".join(lines)


def code(source: str, **metadata: object) -> dict:
    """A code cell."""
    return {"cell_type": "code", "execution_count": None, "metadata": metadata, "outputs": [], "source": source}


def words(kind: str, source: str) -> dict:
    """A cell of text."""
    return {"cell_type": kind, "metadata": {}, "source": source}


def notebook(cells: list[dict]) -> dict:
    """A notebook of these cells."""
    kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    cells = [{**cell, "id": f"cell-{number}"} for number, cell in enumerate(cells)]
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


def heading(name: str) -> dict:
    """The first cell: which lecture these exercises belong to."""
    return words("markdown", f"# The exercises of lecture {name[:2]}\n\nRead the lecture, `{name}.ipynb`, first.")


def nbgrader(name: str, opening: list[str], questions: list[Question]) -> list[dict]:
    """Cells of an nbgrader source notebook: an answer's cell to edit, and a locked one that gives the point."""

    def tagged(source: str, grade_id: str, **more: object) -> dict:
        plain = {"schema_version": 3, "grade": False, "solution": False, "locked": True, "task": False}
        return code(source, nbgrader={**plain, "grade_id": grade_id, **more})

    cells = [heading(name), *map(code, opening)]
    for question in questions:
        answer = with_solution(question, "### BEGIN SOLUTION", "### END SOLUTION")
        cells += [
            words("markdown", question.words),
            tagged(answer, name_of(next(iter(question.checks))), solution=True, locked=False),
        ]
        for number, check in question.checks.items():
            test = f"from course_lib import exercises\n\noutcome = {check}\nassert outcome.correct, outcome"
            cells.append(tagged(test, name_of(number) + "_point", grade=True, points=1))
    return cells


def otter(name: str, opening: list[str], questions: list[Question]) -> list[dict]:
    """Cells of an otter-grader master notebook, with tests that raise when an answer is not right."""
    cells = [words("raw", OTTER.format(name=name)), heading(name), *map(code, opening)]
    for question in questions:
        asked = [
            words("markdown", question.words),
            words("raw", "# BEGIN SOLUTION"),
            code(with_solution(question, "# BEGIN SOLUTION NO PROMPT", "# END SOLUTION")),
            words("raw", "# END SOLUTION"),
        ]
        for number, check in question.checks.items():  # the cell is asked once, before the first of its tests
            cells += [
                words("raw", f"# BEGIN QUESTION\nname: {name_of(number)}\npoints: 1"),
                *asked,
                words("raw", "# BEGIN TESTS"),
                code(otter_test(number, check)),
                words("raw", "# END TESTS"),
                words("raw", "# END QUESTION"),
            ]
            asked = []
    return cells


def otter_test(number: str, check: str) -> str:
    """A function that gets the names which the check uses from the student's notebook."""
    used = sorted({part.id for part in ast.walk(code_shape.tree(check)) if isinstance(part, ast.Name)})
    return f"def test_{name_of(number)}({', '.join(used)}):\n    outcome = {check}\n    assert outcome.correct, outcome"
