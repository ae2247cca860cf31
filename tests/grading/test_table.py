"""The table: whole whatever happens, safe in a spreadsheet, and the same names when it is read again."""

import os
import subprocess
import sys

import pytest

from course_lib.files import whole
from course_lib.grading import table

LINE = table.Grade("ann", "0.1", 1, "correct", "", "ann.ipynb", "abc")


def test_a_disk_that_fills_up_leaves_the_old_table(tmp_path, monkeypatch):
    out = tmp_path / "grades.csv"
    table.write(out, [LINE] * 90)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        table.write(out, [LINE])
    assert table.read(out) == [LINE] * 90


@pytest.mark.parametrize("name", ["=cmd", "'=cmd", "ann  b", 'a,b\n"c"', "+1", "\t=1", "-", "@x", "ü \N{ROCKET}"])
def test_a_name_is_the_same_when_it_is_read_again_and_no_formula(tmp_path, name):
    out = tmp_path / "grades.csv"
    line = table.Grade(name, "0.1", 0, "", "", f"{name}.ipynb", "abc")
    table.write(out, [line])
    assert table.read(out) == [line]
    written = out.read_text("utf-8-sig").splitlines()[1].lstrip('"')
    assert written[:1] not in ("=", "+", "-", "@", "\t")


def test_a_name_that_is_no_unicode_can_be_written(tmp_path):
    out = tmp_path / "grades.csv"
    name = table.name(os.fsdecode(b"\xff"))
    table.write(out, [table.Grade(name, "0.1", 0, "", "", "", "abc")])
    assert table.read(out)[0].student == name


def test_reasons_lie_on_one_line_and_are_not_too_long():
    assert table.words("a\nb") == "a b"
    assert len(table.words("x" * 900)) == table.LONGEST


def test_torn_lines_are_left_out(tmp_path):
    out = tmp_path / "grades.csv"
    table.write(out, [LINE, LINE])
    out.write_text(out.read_text()[:-30])
    assert table.read(out) == [LINE]


KILLS = """
import contextlib, os, random, signal, sys, time
from pathlib import Path
from course_lib.grading import folder

def graded(path, *_):
    time.sleep(0.01)
    return {number: (1, path.stem) for number in ("0.1", "0.2", "0.3")}

folder.graded, folder.Workshop = graded, contextlib.nullcontext
folder.asked_for = lambda _: {"0": ["0.1", "0.2", "0.3"]}
dice, there = random.Random(5), Path(sys.argv[1])

def run(out):
    folder.grade(there, out, jobs=2, progress=False)

began = time.monotonic()
run(there / "whole.csv")
span = time.monotonic() - began  # a busy machine is slower, and is killed later
for kill in range(10):
    pid = os.fork()
    if pid == 0:
        run(there / "killed.csv")
        os._exit(0)
    time.sleep(dice.uniform(0.05, 0.35) * span)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    held = folder.table.read(there / "killed.csv")
    print(kill, len(held), flush=True)
run(there / "killed.csv")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs signals and limits that Windows has not")
def test_a_grader_killed_at_ten_moments_ends_with_the_same_table(tmp_path, root):
    for index in range(40):
        (tmp_path / f"s{index:02}.ipynb").write_text("{}")
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", KILLS, str(tmp_path)], cwd=root, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    held = [int(line.split()[1]) for line in ran.stdout.splitlines()]
    assert held == sorted(held)  # what is graded is never lost
    assert any(0 < lines < 120 for lines in held), held  # the kills fell into the work
    assert (tmp_path / "killed.csv").read_bytes() == (tmp_path / "whole.csv").read_bytes()
