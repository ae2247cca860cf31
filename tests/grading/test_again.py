"""Graded again: where a check has changed, and nowhere else; and the same table however many run at a time."""

import contextlib
import glob
import os
import subprocess
import sys
import time

import pytest
from class_of import ALL, IMPORTS, LIMITS, NUMBERS, RIGHT, WRONG, book, with_answers

from course_lib.grading import checkers, table
from course_lib.grading import folder as grading
from course_lib.grading.workshop import Workshop


def test_many_notebooks_at_a_time_give_the_same_table_as_one_after_the_other(tmp_path, workshop):
    (tmp_path / "class").mkdir()
    kinds = [with_answers(), with_answers(e2=WRONG["0.2"]), with_answers(e1="import os\nos._exit(3)")]
    for number in range(9):
        (tmp_path / "class" / f"student{number}.ipynb").write_text(kinds[number % 3])
    for jobs in (1, 4):
        out = tmp_path / f"{jobs}.csv"
        grading.grade(tmp_path / "class", out, limits=LIMITS, progress=False, jobs=jobs, workshop=workshop)
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "4.csv").read_bytes()
    assert [won for won, _ in table.points(table.read(tmp_path / "1.csv")).values()] == [3, 2, 2] * 3
    assert len(table.read_seconds(tmp_path / "4.csv")) == 9


LOOSE = """
import random, numpy as np
class Thing: pass
number = random.choice([Thing(), {"a", "x", "y", "z"}, iou := lambda m: m])
exercises.start.iou.check(lambda m: number if random.random() < 0.4 else torch.rand(3) + np.random.rand(3))
exercises.start.confusion.check(lambda p, t, n: Thing())
exercises.start.paint.check(lambda *_: {"a", "x", "y", "z"})
def my_loss(logits, target):
    raise ValueError(f"{Thing()} and { {'a', 'x', 'y', 'z'} }")
exercises.start.cross_entropy.check(my_loss)
"""


def test_what_is_by_chance_in_a_notebook_is_the_same_when_it_is_graded_again(tmp_path, workshop, asked):
    (tmp_path / "mine.ipynb").write_text(book(IMPORTS, LOOSE))
    found = []
    with Workshop() as another:  # addresses and the order of sets are a process's own
        for shop in (workshop, another):
            lines = grading.graded(tmp_path / "mine.ipynb", asked, LIMITS, "", shop)
            found.append({number: table.words(why) for number, (_, why) in lines.items()})
    assert found[0] == found[1]
    assert "Thing object at 0x..." in found[0]["0.1"]


@pytest.fixture
def ran(monkeypatch) -> list:
    """What was asked of each run of a notebook, in the place of the run."""
    asked: list = []

    def graded(path, all_asked, limits, lecture, workshop, only):
        asked.append(only)
        return dict.fromkeys(ALL if only is None else sorted(only), (1, f"correct, run {len(asked)}"))

    monkeypatch.setattr(grading, "graded", graded)
    monkeypatch.setattr(grading, "Workshop", contextlib.nullcontext)
    return asked


def test_only_the_exercise_whose_check_changed_is_graded_again(tmp_path, monkeypatch, ran):
    (tmp_path / "ann.ipynb").write_text(with_answers())
    out = tmp_path / "grades.csv"
    grading.grade(tmp_path, out, progress=False)
    before = checkers.fingerprint
    monkeypatch.setattr(checkers, "fingerprint", lambda number: "new" if number == "0.2" else before(number))
    for _ in range(2):
        lines = grading.grade(tmp_path, out, progress=False)
    assert ran == [None, {"0.2"}]
    assert [line.why for line in lines] == ["correct, run 1", "correct, run 2", *["correct, run 1"] * 4]
    assert [line.checker for line in table.read(out)][1] == "new"


def test_a_table_of_an_earlier_version_is_graded_again(tmp_path, ran):
    (tmp_path / "ann.ipynb").write_text(with_answers())
    out = tmp_path / "grades.csv"
    grading.grade(tmp_path, out, progress=False)
    lines = [line.rpartition(",")[0] for line in out.read_text("utf-8-sig").splitlines()]
    assert lines[0].endswith(",checksum")
    out.write_text("\n".join(lines) + "\n")
    assert [line.checker for line in table.read(out)] == [""] * 6
    grading.grade(tmp_path, out, progress=False)
    assert ran == [None, set(ALL)]


def test_a_notebook_is_asked_for_the_wanted_exercises_alone(tmp_path, workshop, asked):
    path = tmp_path / "mine.ipynb"
    path.write_text(with_answers())
    assert grading.graded(path, asked, LIMITS, "", workshop, {"0.2"}) == {"0.2": (1, "correct")}


@pytest.mark.parametrize(
    "old, new, changed",
    [
        ("prediction[valid]", "prediction[valid] + 0", {"0.1"}),  # a helper that the check uses
        ("[[0, 1, 1]]", "[[0, 1, 0]]", {"0.1"}),  # the check itself
        ("Each valid pixel adds", "Every valid pixel adds", set()),  # a hint
        ("def _confusion", "# a remark\n\ndef _confusion", set()),
    ],
)
def test_a_check_gets_another_name_when_it_does_something_else(monkeypatch, old, new, changed):
    read = checkers.inspect.getsource

    def names() -> dict[str, str]:
        return {number: checkers.fingerprint.__wrapped__(number) for number in NUMBERS}

    before = names()
    assert len(set(before.values())) == 3
    monkeypatch.setattr(checkers.inspect, "getsource", lambda module: replaced(read(module)))

    def replaced(source: str) -> str:
        assert old in source
        return source.replace(old, new)

    assert {number for number, name in names().items() if name != before[number]} == changed


def test_a_number_that_no_exercise_has_has_no_check():
    assert checkers.fingerprint("") == checkers.fingerprint("99.1") == ""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked")
def test_a_grader_that_is_killed_leaves_no_process_and_no_folder(tmp_path, root):
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "00_ann.ipynb").write_text(with_answers(e1="while True:\n    pass\n" + RIGHT["0.1"]))
    (homes := tmp_path / "homes").mkdir()
    command = [sys.executable, "-m", "course_lib.exercises", "grade", tmp_path / "class", "--out", tmp_path / "g.csv"]
    grader = subprocess.Popen(command, cwd=root, env=os.environ | {"TMPDIR": str(homes)}, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 120

    def runs() -> bool:
        for place in glob.glob("/proc/[0-9]*/cwd"):
            with contextlib.suppress(OSError):  # it has ended, or is not ours
                if str(homes) in os.readlink(place):
                    return True
        return False

    while not list(homes.glob("grading-*/*")) and time.monotonic() < until:  # until the notebook runs
        time.sleep(0.1)
    assert runs()
    grader.kill()
    grader.wait()
    while (runs() or list(homes.iterdir())) and time.monotonic() < until:
        time.sleep(0.1)
    assert not runs()
    assert not list(homes.iterdir())
