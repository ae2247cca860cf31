"""nbgrader and otter-grader take the assignments that a lecture becomes, and grade a good and a bad submission."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from course_lib import exercises
from course_lib.grading import assignment

pytestmark = pytest.mark.newest  # the tools live in an environment of their own, whose versions are locked
BAD = {
    "0.2": "return matrix.diagonal().float()",
    "0.5": """total = torch.stack(matrices).sum(0)
    union = total.sum(0) + total.sum(1) - total.diagonal()
    return (total.diagonal() / union)[union > 0].mean()""",
}  # not an IoU; 0.3 and 0.5 are right, the others are left open
FLATTERED = "my_prediction = torch.zeros(100, dtype=torch.long)\nmy_target = (torch.arange(100) == 0).long()"


@pytest.fixture(scope="module")
def python(root) -> Path:
    """The Python that has the tools; a student's machine need not have it, CI must."""
    found = root / ".venv-class" / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not found.exists():
        assert not os.environ.get("CI"), "CI installs the tools: .ci/install.py --class"
        pytest.skip("needs nbgrader and otter-grader: python .ci/install.py --class")
    return found


@pytest.fixture(scope="module")
def run(python, root):
    def run(folder: Path, *words: object) -> str:
        environment = {name: text for name, text in os.environ.items() if not name.startswith("PYTEST")}
        environment |= {"PYTHONPATH": str(root), "BEYOND_FCN_PROGRESS": "off", "PYTHONWARNINGS": "ignore"}
        environment["PATH"] = os.pathsep.join([str(python.parent), environment["PATH"]])  # as in an activated one
        done = subprocess.run(
            [python, "-m", *map(str, words)], cwd=folder, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]
        return done.stdout

    return run


def made_bad(path: Path) -> None:
    """Answers that a student may hand in: 0.2 wrong, 0.3 and 0.5 right, the others left open."""
    text = path.read_text()
    book = json.loads(text)
    for cell in book["cells"]:
        source = "".join(cell["source"])
        if "def my_iou" in source:
            source = source.replace("pass  # your code here", BAD["0.2"])
        if "def my_mean_iou" in source:  # in one cell with 0.4, which stays open
            before, _, after = source.rpartition("pass  # your code here")
            source = before + BAD["0.5"] + after
        if source.startswith("my_prediction"):
            source = source.replace("my_prediction = ...", FLATTERED.splitlines()[0])
            source = source.replace("my_target = ...", FLATTERED.splitlines()[1])
        cell["source"] = source
    path.write_text(json.dumps(book))
    assert path.read_text() != text


def test_nbgrader_grades_a_good_and_a_bad_submission(run, tmp_path):
    run(tmp_path, "course_lib.exercises", "assignment", "00", "--tool", "nbgrader", "--out", tmp_path)
    name = "00_start_here.ipynb"
    released = tmp_path / "release" / "00" / name
    assert "torch.bincount" not in released.read_text()
    for student, path in {"good": tmp_path / "source" / "00" / name, "bad": released}.items():
        (folder := tmp_path / "submitted" / student / "00").mkdir(parents=True)
        shutil.copy(path, folder / name)
    made_bad(tmp_path / "submitted" / "bad" / "00" / name)
    run(tmp_path, "nbgrader", "autograde", "00", "--create")
    run(tmp_path, "nbgrader", "export")
    lines = (tmp_path / "grades.csv").read_text().splitlines()
    rows = [dict(zip(lines[0].split(","), line.split(","))) for line in lines[1:]]
    assert {row["student_id"]: (float(row["score"]), float(row["max_score"])) for row in rows} == {
        "good": (6, 6),
        "bad": (2, 6),
    }


def test_otter_grades_a_good_and_a_bad_submission(run, tmp_path):
    run(tmp_path, "course_lib.exercises", "assignment", "00", "--tool", "otter", "--out", tmp_path)
    given = tmp_path / "dist" / "student" / "00_start_here.ipynb"
    assert "torch.bincount" not in given.read_text()
    (autograder,) = (tmp_path / "dist" / "autograder").glob("*.zip")
    made_bad(given)
    points = []
    for book in (tmp_path / "dist" / "autograder" / given.name, given):
        run(tmp_path, "otter", "run", book, "-a", autograder, "-o", tmp_path, "--no-logo")
        tests = json.loads((tmp_path / "results.json").read_text())["tests"]
        points.append({test["name"]: test["score"] for test in tests if test["name"].startswith("e0")})
    right = {"e0_1": 0, "e0_2": 0, "e0_3": 1, "e0_4": 0, "e0_5": 1, "e0_6": 0}
    assert points == [dict.fromkeys(right, 1), right]


@pytest.mark.parametrize("lecture", [f"{number:02}" for number in range(9)])
def test_every_lecture_becomes_an_assignment_whose_cells_are_python(lecture):
    path, opening, questions = assignment.taken_from(lecture)
    lecture_numbers = {one.number for one in exercises.all_exercises() if one.number.split(".")[0] == str(int(lecture))}
    numbers = [number for question in questions for number in question.checks]
    assert sorted(numbers) == sorted(lecture_numbers), "each exercise is asked once"
    for question in questions:
        first = next(iter(question.checks))
        assert question.words.startswith((f"### Exercise {first}: ", f"### Exercises {first} ")), question
        assert question.words.count("### ") == 1
        for number, check in question.checks.items():
            call = re.fullmatch(r"exercises\.(\w+)\.(\w+)\.check\(my_\w+(, my_\w+)*\)", check)
            assert getattr(getattr(exercises, call[1]), call[2]).number == number
        solved = assignment.with_solution(question, "# BEGIN SOLUTION", "# END SOLUTION")
        compile(solved, path.name, "exec")
        kept = [line for line in solved.splitlines() if "SOLUTION" not in line]
        assert "\n".join(kept) != question.cell, "the solution is missing"
    assert "course_lib" in opening[0]


def test_a_lecture_that_is_not_there_is_told():
    with pytest.raises(ValueError, match=r"no notebook of lecture 17; expected one of 00, 01, 02"):
        assignment.taken_from("17")
