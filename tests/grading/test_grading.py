"""A class hands in its notebooks, good ones and every bad kind; the table says for each exercise what happened."""

import contextlib
import shutil
import socket
import sys
import time
from pathlib import Path

import pytest
from class_of import ALL, IMPORTS, LIMITS, NUMBERS, RIGHT, WRONG, book, points, with_answers

from course_lib.files import lock
from course_lib.grading import command, table
from course_lib.grading import folder as grading
from course_lib.grading.run import Result


class NoWorkshop(contextlib.nullcontext):
    """For tests in which no notebook runs."""


@pytest.fixture(scope="module")
def listener():
    """Somebody on this machine who would take a call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture(scope="module")
def handed_in(root, tmp_path_factory, listener) -> Path:
    """The class: a folder for each, notebooks that lie flat, and some that are none."""
    folder = tmp_path_factory.mktemp("class")
    for name, path in {"ann": "solutions/00_start_here.ipynb", "bob": "00_start_here.ipynb"}.items():
        (folder / name).mkdir()
        shutil.copy(root / "notebooks" / path, folder / name)
    (folder / "nobody").mkdir()
    call = f"import socket\nsocket.create_connection(('127.0.0.1', {listener}), 1)"
    flat = {
        "00_text": "This is my homework.",
        "00_empty": "",
        "00_list": "[1, 2]",
        "endless": with_answers(e1="while True:\n    pass\n" + RIGHT["0.1"]),
        "greedy": with_answers(e2="held = bytearray(3 * 10**9)" + RIGHT["0.2"]),
        "quitters": with_answers(
            e1="import sys\nsys.exit()" + RIGHT["0.1"],
            e2="import os\nos._exit(3)" + RIGHT["0.2"],
        ),
        "careless": with_answers(
            "import os, shutil\nshutil.rmtree(os.getcwd())\nshutil.rmtree(os.path.expanduser('~'), True)",
            e1="print('words ' * 3_000_000)\nimport sys\nsys.__stdout__.write('x' * 10**7)" + RIGHT["0.1"],
            e2=call + RIGHT["0.2"],
            e3="def broken(:\n" + RIGHT["0.3"],
        ),
        "renamed": book(
            "%matplotlib inline", IMPORTS, "q = exercises.start", RIGHT["0.2"].replace("exercises.start", "q"),
            "from math import *", RIGHT["0.1"], RIGHT["0.1"].replace("check(my_confusion)", "check(None)"),
        ),
        "meddler": with_answers(
            e1="from course_lib.checking import expect\nexpect.tensor = lambda *a, **k: None" + WRONG["0.1"],
            e2="exercises.start.iou.judge = lambda answer: None" + WRONG["0.2"],
            e3="type(exercises.start.iou).check = lambda *a: print('correct')\nexercises.start.flattered.check(1, 1)",
        ),
        "signals": with_answers(e1="import os\nos.kill(os.getpid(), 40)" + RIGHT["0.1"]),
        "typist": with_answers(e1="classes = input('How many?')" + RIGHT["0.1"]),
        "stubborn": with_answers(
            e1="while True:\n    exercises.start.confusion.check(1)",
            e2="def my_iou(matrix):\n    raise ValueError('x' * 10**7)\nexercises.start.iou.check(my_iou)",
            e3="import os, time\nos.closerange(3, 99)\n" + RIGHT["0.3"],
        ),
        "borrower": with_answers(
            e1="exercises.start.confusion.check(exercises.start.confusion.answer)",
            e2="type(torch.ones(1)).any = lambda self: False" + WRONG["0.2"],
            e3="exercises.start.flattered.check(missing, 1)",
        ),
    }  # fmt: skip
    for name, text in flat.items():
        (folder / f"{name}.ipynb").write_text(text)
    (folder / "²²b.ipynb").write_text("[")
    (folder / "=cmd.ipynb").write_text(with_answers())
    return folder


@pytest.fixture(scope="module")
def table_of(handed_in, tmp_path_factory, workshop) -> Path:
    """The file, after all notebooks were graded, two at a time."""
    out = tmp_path_factory.mktemp("grades") / "grades.csv"
    grading.grade(handed_in, out, limits=LIMITS, progress=False, jobs=2, workshop=workshop)
    return out


@pytest.fixture(scope="module")
def graded(table_of) -> dict[str, dict[str, tuple[int, str]]]:
    """Point and words by student and exercise, as the file says them."""
    found: dict[str, dict] = {}
    for line in table.read(table_of):
        found.setdefault(line.student, {})[line.exercise] = (line.point, line.why)
    return found


def test_the_solutions_get_full_marks_and_the_untouched_notebook_none(graded):
    assert graded["ann"] == dict.fromkeys(ALL, (1, "correct"))
    assert graded["bob"] == dict.fromkeys(ALL, (0, "not attempted"))


@pytest.mark.parametrize(
    "student, words",
    [
        ("00_text", "it is not JSON"),
        ("00_empty", "the file is empty"),
        ("00_list", "it has no list of cells"),
        ("nobody", "there is no notebook in the student's folder"),
    ],
)
def test_what_is_no_notebook_is_told_in_words(graded, student, words):
    lines = graded[student]
    assert all(point == 0 and words in why for point, why in lines.values())
    if student.startswith("00"):
        assert list(lines) == ALL


def test_an_endless_cell_is_stopped_and_the_others_count(graded):
    assert points(graded["endless"]) == [0, 1, 1]
    assert "still running after 5 seconds" in graded["endless"]["0.1"][1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits memory")
def test_a_cell_that_eats_memory_is_stopped_and_the_others_count(graded):
    assert points(graded["greedy"]) == [1, 0, 1]
    assert "more memory than the 1 GB" in graded["greedy"]["0.2"][1]


def test_cells_that_end_the_process_lose_only_their_own_point(graded):
    assert points(graded["quitters"]) == [0, 0, 1]
    assert "sys.exit or exit" in graded["quitters"]["0.1"][1]
    assert "os._exit; exit code 3" in graded["quitters"]["0.2"][1]


def test_checks_without_end_words_without_end_and_a_cut_line_stop_nothing(graded):
    assert points(graded["stubborn"]) == [0, 0, 0]
    said = graded["stubborn"]["0.1"][1]  # of the last check, which the end of the cell's time may have cut
    assert any(words in said for words in ("a number", "a function", "did not end", "more than 50 times"))
    assert "ValueError: xxx" in graded["stubborn"]["0.2"][1]
    assert "its whole process" in graded["stubborn"]["0.3"][1]


def test_files_output_and_network_are_kept_from_a_careless_notebook(graded, handed_in):
    assert (handed_in / "careless.ipynb").exists()
    assert points(graded["careless"]) == [1, 0, 0]
    assert "create_connection" in graded["careless"]["0.2"][1]
    assert "line 1 is not Python" in graded["careless"]["0.3"][1]


def test_moved_and_copied_cells_count_and_a_deleted_one_is_told(graded):
    assert points(graded["renamed"]) == [1, 1, 0]
    assert "was it deleted" in graded["renamed"]["0.3"][1]


def test_a_changed_check_changes_nothing(graded):
    assert points(graded["meddler"]) == [0, 0, 0]
    assert "the check was not reached" in graded["meddler"]["0.3"][1]


def test_a_signal_without_a_name_ends_its_cell_alone(graded):
    assert points(graded["signals"])[1:] == [1, 1]
    assert points(graded["=cmd"]) == [1, 1, 1]


def test_input_is_told_in_words(graded):
    assert points(graded["typist"]) == [0, 1, 1]
    assert "waits for input()" in graded["typist"]["0.1"][1]


def test_a_file_whose_name_begins_with_odd_digits_stops_nobody(graded):
    assert "it is not JSON" in graded["²²b"][""][1]


def test_names_like_formulas_are_graded_once(table_of, handed_in, monkeypatch):
    monkeypatch.setattr(grading, "graded", lambda *_: pytest.fail("it was graded already"))
    held = table_of.read_bytes()
    assert b"'=cmd," in held
    grading.grade(handed_in, table_of, limits=LIMITS, progress=False)
    assert table_of.read_bytes() == held


def test_neither_our_answer_nor_a_changed_torch_wins_a_point(graded):
    assert points(graded["borrower"]) == [0, 0, 0]
    assert graded["borrower"]["0.1"][1] == "not attempted"
    assert "values differ" in graded["borrower"]["0.2"][1]
    assert "NameError: name 'missing'" in graded["borrower"]["0.3"][1]


def test_two_lectures_in_one_notebook_are_both_graded_and_a_single_exercise_of_another_is_not(graded_alone):
    of_00 = IMPORTS, *RIGHT.values()
    of_01 = [
        f"exercises.fcn.{name}.check({answer})" for name, answer in (("gains", "'ace'"), ("cells", 5), ("kernel", 5))
    ]
    found = graded_alone(*of_00, *of_01)
    assert list(found) == [*ALL, *(f"1.{number}" for number in range(1, 7))]
    assert [number for number, (point, _) in found.items() if point] == [*NUMBERS, "1.6"]
    assert list(graded_alone(*of_00, of_01[0])) == ALL


def test_what_is_graded_is_not_run_again_unless_the_notebook_changed(tmp_path, monkeypatch, capsys):
    folder, out, ran = tmp_path / "class", tmp_path / "grades.csv", []
    folder.mkdir()
    for name in ("ann", "bob"):
        (folder / f"{name}.ipynb").write_text(with_answers())

    def graded(*_):
        ran.append(len(ran))
        if len(ran) == 2:
            while not out.exists():  # until the first one stands in the table
                time.sleep(0.01)
            raise KeyboardInterrupt
        return dict.fromkeys(ALL, (1, "correct"))

    monkeypatch.setattr(grading, "graded", graded)
    monkeypatch.setattr(grading, "Workshop", NoWorkshop)
    assert command.main(["grade", str(folder), "--out", str(out), "--jobs", "1"]) == 130
    assert "the same command goes on" in capsys.readouterr().err
    assert {line.student for line in table.read(out)} == {"ann"}
    assert table.points(grading.grade(folder, out, progress=False)) == {"ann": (6, 6), "bob": (6, 6)}
    assert len(ran) == 3
    (folder / "ann.ipynb").write_text(with_answers("1 + 1"))
    assert len(grading.grade(folder, out, progress=False)) == 12
    assert len(ran) == 4


def test_a_table_of_another_kind_is_not_overwritten(tmp_path, capsys):
    (tmp_path / "ann.ipynb").write_text(with_answers())
    other = tmp_path / "addresses.csv"
    other.write_text("name,street\n")
    assert command.main(["grade", str(tmp_path), "--out", str(other)]) == 2
    assert "is no table of grades" in capsys.readouterr().err
    assert other.read_text() == "name,street\n"


def test_a_student_who_handed_in_another_lecture_is_not_forgotten(tmp_path, monkeypatch):
    right = Result(outcomes=dict.fromkeys(NUMBERS, ("correct", [])))
    monkeypatch.setattr(grading.Running, "run", lambda _: right)
    monkeypatch.setattr(grading, "Workshop", NoWorkshop)
    folder, out = tmp_path / "class", tmp_path / "grades.csv"
    for name, text in (("ann", with_answers()), ("bob", book("exercises.whole_picture.bench.check('bd')"))):
        (folder / name).mkdir(parents=True)
        (folder / name / "mine.ipynb").write_text(text)
    for _ in range(2):  # the second time from the table
        grading.grade(folder, out, lecture="0", progress=False)
        assert table.points(table.read(out)) == {"ann": (3, 6), "bob": (0, 6)}
    assert "no notebook of lecture 0 was handed in" in out.read_text()


def test_wishes_that_cannot_be_met_are_told(tmp_path, capsys):
    assert command.main(["grade", str(tmp_path / "nowhere")]) == 2
    assert command.main(["grade", str(tmp_path)]) == 2
    assert command.main(["grade", str(tmp_path), "--memory", "0"]) == 2
    (tmp_path / "ann.ipynb").write_text(with_answers())
    assert command.main(["grade", str(tmp_path), "--out", str(tmp_path)]) == 2
    assert command.main(["grade", str(tmp_path), "--out", str(tmp_path / "nowhere" / "grades.csv")]) == 2
    assert command.main(["grade", str(tmp_path), "--lecture", "8x"]) == 2
    assert command.main(["grade", str(tmp_path), "--out", str(tmp_path / "g.csv"), "--lecture", "12"]) == 2
    with lock.held(tmp_path / "g.csv.lock"):
        assert command.main(["grade", str(tmp_path), "--out", str(tmp_path / "g.csv")]) == 2
    said = capsys.readouterr().err
    assert "is being written by process" in said
    assert said.count("expected the name of a file in a folder that is there") == 2
    assert "--lecture expects a lecture's number, such as 04, got '8x'" in said
    assert "no exercises of lecture 12; expected one of 0, 1, 2" in said
    assert "is not a folder" in said
    assert "holds no notebook" in said
    assert "gigabytes must be above 0, got 0" in said
