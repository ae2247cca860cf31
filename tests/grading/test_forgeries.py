"""Ways to win a point without a right answer, and ways to hurt others: none works.

Each notebook has wrong answers and code that would make them pass, if a check, a solution or the grader were in reach.
"""

import itertools
import re
import subprocess
import sys
import time

import pytest
import torch
from class_of import ALL, IMPORTS, LIMITS, WRONG, book, points, with_answers
from forgeries import FORGERIES

from course_lib.grading import folder, walls, wire
from course_lib.grading.workshop import CHILD, Workshop
from course_lib.lectures.l00_start_here import exercises as start


@pytest.fixture(scope="module")
def walled(workshop) -> None:
    """Some forgeries are kept out by what the system offers."""
    process = workshop.start(CHILD, 1)
    until = time.monotonic() + 60
    process.send(b"P", {"cells": {}, "run": {}, "skip": [], "tasks": {}}, b"", until)
    stand = wire.loads(process.next(until)[1])["ready"]
    process.end()
    if "no file" not in stand:
        pytest.skip("needs name spaces, which this system forbids")


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_forgery_wins_nothing(walled, graded_alone, kind):
    found = graded_alone(IMPORTS, *(FORGERIES[kind] + wrong for wrong in WRONG.values()))
    assert points(found) == [0, 0, 0], found


def test_an_answer_tried_out_in_a_loop_counts_as_its_last_try(graded_alone):
    tries = "for letters in ('a', 'ace', 'b'):\n    exercises.fcn.gains.check(letters)"
    found = graded_alone(IMPORTS, tries)
    assert found["1.6"][0] == 0
    assert found["1.6"][1].startswith("not yet"), found


def test_of_all_words_that_could_be_right_in_as_many_cells_the_last_one_counts(graded_alone):
    words = ["".join(letters) for count in range(1, 6) for letters in itertools.combinations("abcde", count)]
    cells = [f"exercises.fcn.gains.check('{word}')" for word in words]
    found = graded_alone(IMPORTS, *cells)
    assert found["1.6"][0] == 0
    assert "cell 32 answers last" in found["1.6"][1], found
    assert graded_alone(IMPORTS, *cells, cells[words.index("ace")])["1.6"] == (1, "correct")


def test_each_further_answer_gets_other_cases_so_that_outputs_are_not_found_one_by_one(graded_alone):
    watching = """
seen = []
def my_cells(side):
    seen[-1].append(side)
    padded = side + 198
    for _ in range(5):
        padded = (padded + 1) // 2
    return padded - 6
def told(side):
    raise ValueError(f"{len(seen[0])} cases, equal ones: {len({*seen[0]} & {*seen[1]})}")
for answer in (my_cells, my_cells, told):
    seen.append([])
    exercises.fcn.cells.check(answer)"""
    assert "ValueError: 10 cases, equal ones: " in (why := graded_alone(IMPORTS, watching)["1.2"][1])
    assert int(re.search(r"equal ones: (\d+)", why)[1]) < 6, why  # two are given to everybody; some meet by chance


def test_who_guesses_without_end_is_not_judged_without_end(graded_alone):
    guesses = "for word in ['a'] * 50 + ['ace']:\n    exercises.fcn.gains.check(word)"
    assert "checked more than 50 times" in graded_alone(IMPORTS, guesses)["1.6"][1]


def test_outputs_written_down_beforehand_win_nothing(graded_alone):
    """The check's own inputs and the right outputs for seed 0, which anyone may note at home."""
    noted: dict[str, list[float]] = {}

    def noting(matrix):
        return torch.tensor(noted.setdefault(str(matrix.tolist()), start.iou.answer(matrix).tolist()))

    assert start.iou.judged((noting,), 0).correct
    cell = f"NOTED = {noted}\nexercises.start.iou.check(lambda m: torch.tensor(NOTED.get(str(m.tolist()), [0.0])))"
    found = graded_alone(IMPORTS, cell)
    assert found["0.2"][0] == 0
    assert "Drawn with seed" in found["0.2"][1]


@pytest.mark.skipif(sys.platform != "linux", reason="needs signals and limits that Windows has not")
def test_a_link_to_another_notebook_is_not_graded(tmp_path, workshop, asked):
    (tmp_path / "neighbour.ipynb").write_text(with_answers())
    (link := tmp_path / "00_mine.ipynb").symlink_to("neighbour.ipynb")
    found = folder.graded(link, asked, LIMITS, "", workshop)
    assert {point for point, _ in found.values()} == {0}
    assert "it is a link to another file" in found["0.2"][1]


@pytest.mark.skipif(sys.platform != "linux", reason="needs links")
def test_a_link_is_told_and_never_followed(tmp_path, monkeypatch, workshop):
    """An archive may hold links: to a device that never ends, to the whole disk."""
    (there := tmp_path / "class" / "ann").mkdir(parents=True)
    (there / "mine.ipynb").symlink_to("/dev/zero")
    (tmp_path / "class" / "bob").symlink_to("/")
    (tmp_path / "class" / "00_eve.ipynb").symlink_to(tmp_path / "nowhere.ipynb")
    with (tmp_path / "class" / "00_huge.ipynb").open("wb") as file:
        file.truncate(10**13)
    out = tmp_path / "grades.csv"
    began = time.process_time()
    lines = folder.grade(tmp_path / "class", out, lecture="0", progress=False, workshop=workshop)
    assert time.process_time() - began < 10
    assert {line.student for line in lines} == {"ann", "bob", "00_eve", "00_huge"}
    assert all("it is a link to another file" in line.why for line in lines if line.student != "00_huge")
    assert lines == folder.grade(tmp_path / "class", out, lecture="0", progress=False, workshop=workshop)


def test_a_course_installed_beside_this_one_shows_no_solution_either(tmp_path):
    lecture = tmp_path / "course_lib" / "lectures" / "l00_start_here"
    (lecture / "__pycache__").mkdir(parents=True)
    for name in ("exercises.py", "exercises_scores.py", "claims.py"):
        (lecture / name).touch()
    hidden = walls.solutions([walls.COURSE, walls.COURSE, tmp_path / "nowhere", tmp_path / "course_lib"])
    assert {path.name for path in hidden if path.parent == lecture} == {
        "exercises.py", "exercises_scores.py", "__pycache__",
    }  # fmt: skip
    assert len([path for path in hidden if walls.COURSE in path.parents and path.suffix == ".py"]) >= 9


SLEEPER = """
import os, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(7654.25)"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import time
        time.sleep(7654.25)
    os._exit(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs signals and limits that Windows has not")
@pytest.mark.parametrize("spaces", [True, False])
def test_nothing_that_a_notebook_started_lives_on(workshop, graded_alone, monkeypatch, spaces):
    monkeypatch.setattr(workshop, "spaces", spaces)
    found = graded_alone(IMPORTS, SLEEPER + "exercises.start.iou.check(1)")
    assert "not yet" in found["0.2"][1] or "raised" in found["0.2"][1]
    lines = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout.splitlines()
    assert not [line for line in lines if "7654.25" in line]


def test_without_name_spaces_solutions_are_still_out_of_reach_of_imports(workshop, graded_alone, monkeypatch):
    monkeypatch.setattr(workshop, "spaces", False)
    kinds = ("frames", "closures", "monkeypatches", "imports of private names", "garbage", "a word on the line")
    for kind in kinds:
        found = graded_alone(IMPORTS, *(FORGERIES[kind] + wrong for wrong in WRONG.values()))
        assert points(found) == [0, 0, 0], (kind, found)


def test_a_process_started_anew_grades_as_well(tmp_path, asked):
    path = tmp_path / "mine.ipynb"
    path.write_text(book(IMPORTS, "exercises.start.iou.check(5)"))
    with Workshop(fork=False) as shop:
        found = folder.graded(path, asked, LIMITS, "", shop)
    assert "a function was expected, found int 5" in found["0.2"][1]
    assert list(found) == ALL


WASTE = {
    "files without end": "open('big', 'wb').write(b'0' * 10**9)",
    "many files": "for number in range(10**6):\n    open(f'{number}', 'w').close()",
    "the course on disk": "import course_lib\nopen(course_lib.__file__, 'a').write('#')",
    "processes without end": "import os, time\nwhile True:\n    if os.fork() == 0:\n        time.sleep(60)",
    "an answer of 200 MB": "exercises.start.flattered.check(torch.zeros(200_000_000), torch.zeros(1))",
}


@pytest.mark.parametrize("kind", WASTE)
def test_waste_is_stopped_and_the_rest_counts(walled, graded_alone, kind):
    right = "exercises.start.flattered.check(torch.zeros(100, dtype=torch.long), (torch.arange(100) == 0).long())"
    code = WASTE[kind] + ("" if "check(" in WASTE[kind] else "\nexercises.start.iou.check(lambda m: m)")
    found = graded_alone(IMPORTS, code, right)
    assert found["0.3"] == (1, "correct"), found
    assert found["0.2"][0] == 0


def test_a_layer_that_would_take_all_memory_stops_neither_the_judge_nor_the_rest(graded_alone):
    large = "lambda a, b: torch.nn.Conv2d(a, b, 3, padding=10**6)"
    right = "exercises.deconvnet.costs.check('ac')"
    found = graded_alone(IMPORTS, f"exercises.deconvnet.score_layer.check({large})", right)
    assert found["2.6"] == (1, "correct"), found
