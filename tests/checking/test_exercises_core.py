"""The four outcomes, whatever a student returns."""

import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from torch import nn

from course_lib import exercises
from course_lib.checking import record
from course_lib.checking.attempt import Raised, advice, call, is_attempted
from course_lib.checking.exercise import exercise
from course_lib.checking.expect import module, number, statements, tensor, whole_numbers
from course_lib.checking.outcome import NotYet


@exercise("9.9", hints=("a nudge", "nearly there"), solution=lambda x: 2 * x)
def doubled(answer) -> None:
    """Double a number."""
    number(call(answer, 3), 6, what="the double of 3", slips={"You squared it.": 9})


def test_the_placeholder_is_not_attempted():
    def untouched(x):
        pass  # your code here

    class Untouched:
        def forward(self, x):
            """Words do not count."""

    for placeholder in (untouched, Untouched, ..., None):
        assert not is_attempted(placeholder)
        assert doubled.check(placeholder).kind == "not attempted"


@pytest.mark.parametrize("answer", [lambda x: 2 * x, lambda x: x + x, print, 5, [1]])
def test_an_answer_is_attempted(answer):
    assert is_attempted(answer)


@pytest.mark.parametrize("answers", [(), (5, 6)])
def test_answers_too_few_or_too_many_are_counted(answers):
    outcome = doubled.check(*answers)
    assert outcome.kind == "not attempted"
    assert outcome.lines == (f"check(...) takes one answer, and was given {len(answers)}.",)


def test_a_module_handed_over_instead_of_its_function_is_named():
    with pytest.raises(NotYet, match=r"the branch: hand over the function that builds it, found the module Conv2d"):
        module(nn.Conv2d(3, 4, 1), 3, what="the branch")


def test_statements_may_be_capital_letters_in_a_list():
    statements(["A", "C"], "ac", {"a": "", "b": "", "c": ""})


@pytest.mark.parametrize("given", [range(1, 4), np.array([1, 2, 3]), torch.tensor([1, 2, 3]), (1, 2, 3)])
def test_whole_numbers_may_come_in_any_row(given):
    assert whole_numbers(given, what="the rates") == [1, 2, 3]


def test_a_right_answer_is_correct_and_recorded(own_record):
    assert doubled.check(lambda x: x + x).correct
    assert record.done() == ["9.9"]
    assert own_record.exists()


def test_a_wrong_answer_says_what_was_found_and_the_likely_slip():
    outcome = doubled.check(lambda x: x * x)
    assert outcome.kind == "not yet"
    assert outcome.lines == ("the double of 3: found 9, expected 6", "You squared it.")


def test_code_that_raises_is_shown_with_its_own_line():
    def broken(x):
        return undefined_name * x  # noqa: F821

    outcome = doubled.check(broken)
    assert outcome.kind == "your code raised"
    assert "return undefined_name * x" in outcome.lines[0]
    assert outcome.lines[1].startswith("NameError: name 'undefined_name'")
    assert "spelled the same" in outcome.lines[2]


def test_an_endless_loop_is_stopped():
    stopped = []

    def endless(x):
        try:
            while True:
                x += 1
        finally:
            stopped.append(x)

    with pytest.raises(Raised, match=r"still running after 0\.2 seconds"):
        call(endless, 1, seconds=0.2)
    until = time.monotonic() + 5
    while not stopped and time.monotonic() < until:
        time.sleep(0.01)
    assert stopped


@pytest.mark.parametrize("value", ["six", [6], True, torch.ones(2), float("nan"), 1j, object, {}])
def test_an_odd_result_never_crashes_the_check(value):
    assert doubled.check(lambda x: value).kind == "not yet"


def test_a_function_that_exits_is_caught():
    assert doubled.check(lambda x: exit()).kind == "your code raised"


def test_hints_come_in_order_and_start_again():
    fresh = exercise("9.8", hints=("a nudge", "nearly there"), solution=2)(doubled.judge)
    given = [repr(fresh.hint()) for _ in range(3)]
    assert given == ["Hint 1 of 2: a nudge", "Hint 2 of 2: nearly there", "Hint 1 of 2: a nudge"]


def test_the_solution_is_code():
    assert "def _iou" in exercises.start.iou.solution()


@pytest.mark.parametrize(
    "found, words",
    [
        (None, "should be a tensor, found NoneType None"),
        (torch.ones(3), r"has shape \(3,\), expected \(2,\)"),
        (torch.tensor([float("nan"), 1]), "not finite"),
        (torch.tensor([1.0, 3.0]), r"1 of 2 values differ; the first at \[1\]: found 3, expected 2"),
    ],
)
def test_a_tensor_that_is_not_right_is_described(found, words):
    with pytest.raises(NotYet, match=words):
        tensor(found, torch.tensor([1.0, 2.0]), what="the answer")


def test_progress_lists_every_exercise():
    *lines, last = exercises.progress().splitlines()
    assert len(lines) == len(exercises.all_exercises())
    assert lines[0].startswith("○ 0.1")
    assert last.startswith(f"0 of {len(lines)} solved; kept in {record.place()}")


def test_a_broken_record_is_no_obstacle_and_is_kept(own_record):
    own_record.write_text('["0.1", "0.2"')
    assert record.done() == []
    assert doubled.check(lambda x: 2 * x).correct
    assert record.done() == [doubled.number]
    assert own_record.with_suffix(".damaged").read_text() == '["0.1", "0.2"'


def test_a_record_of_brackets_without_end_is_damaged_and_no_obstacle(own_record):
    own_record.write_text("[" * 200_000)
    assert record.done() == []
    record.note("0.1")
    assert record.done() == ["0.1"]


NOTES = """
import sys
from course_lib.checking import record
for index in range(25):
    record.note(f"{sys.argv[1]}.{index}")
"""


def test_notes_of_several_notebooks_at_once_are_all_kept(own_record, root):
    start = [sys.executable, "-c", NOTES]
    writers = [subprocess.Popen([*start, str(writer)], cwd=root) for writer in range(4)]
    assert [writer.wait() for writer in writers] == [0] * 4
    assert len(record.done()) == 100
    assert not own_record.with_suffix(".damaged").exists()


def test_a_loop_that_changes_what_it_walks_over_is_not_taken_for_shapes():
    (words,) = advice(RuntimeError("dictionary changed size during iteration"))
    assert "walk over a copy" in words


def test_a_disk_that_cannot_be_written_is_no_obstacle(monkeypatch, tmp_path):
    monkeypatch.setenv("BEYOND_FCN_PROGRESS", str(tmp_path / "nowhere" / "progress.json"))
    assert doubled.check(lambda x: 2 * x).correct


def test_the_record_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("BEYOND_FCN_PROGRESS", "off")
    assert doubled.check(lambda x: 2 * x).correct
    assert record.done() == []


def test_outcomes_read_well_in_a_notebook():
    html = doubled.check(lambda x: "<b>")._repr_html_()
    assert 'role="status"' in html
    assert "&lt;b&gt;" in html
