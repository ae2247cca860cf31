"""Notebooks read as data: which cells check an exercise, which those need, and what is no notebook at all."""

import ast
import json
import symtable
import time

import pytest

from course_lib.evidence import code_shape
from course_lib.grading import cells as grading_cells


def test_only_what_an_exercise_needs_is_run():
    cells = {
        1: "import torch\nnet = train()",
        2: "other = train(torch)",
        3: "def f(x):\n    return torch.tensor(x) + k",
        4: "k = 4",
        5: "for net in []:\n    pass",
        6: "exercises.start.iou.check(f)",
        7: "f = 1",
    }
    assert grading_cells.needed(cells, {6}) == {1: "import torch\n", 3: cells[3], 4: "k = 4", 6: cells[6]}


def test_what_a_cell_takes_and_gives():
    assert grading_cells.reads_and_writes("x[0] = y\na.b = 1") == ({"x", "y", "a"}, {"x", "a"})
    assert grading_cells.reads_and_writes("for i in r:\n    z = i\nz") == ({"r"}, {"i", "z"})
    assert grading_cells.reads_and_writes("def broken(:") == (set(), set())


def test_checks_are_found_whatever_the_module_is_called():
    cells = {
        1: "exercises.start.iou.check(a)",
        2: "q . flattered.check(1, 2)",
        3: "# exercises.start.confusion.check(f)",
    }
    assert grading_cells.checked_in(cells) == {"0.2": [1], "0.3": [2]}


def test_a_word_of_half_a_million_letters_takes_no_time():
    began = time.process_time()
    assert grading_cells.checked_in({1: "x" * 500_000 + "\nexercises.start.iou.check(a)"}) == {"0.2": [1]}
    assert time.process_time() - began < 2


@pytest.mark.parametrize("code", ["x;" * 60_000, "x = 1" + " < 1" * 30_000, "x = 1" + "+1" * 200_000])
def test_a_cell_of_endless_statements_is_not_read_again_for_its_names_nor_looked_through(code, monkeypatch):
    read, looked_through = [], []
    monkeypatch.setattr(code_shape, "tree", lambda source: read.append(source) or ast.parse(source))
    table = symtable.symtable
    monkeypatch.setattr(symtable, "symtable", lambda *given: looked_through.append(given) or table(*given))
    grading_cells.reads_and_writes.cache_clear()
    for _ in range(3):  # as after cells that ended their process
        assert 3 in grading_cells.needed({1: code, 2: "f = x", 3: "exercises.start.iou.check(f)"}, {3})
    assert read.count(code) <= 1 + 3 * ("=" in code)  # for its names once; one that gives x, for its imports each time
    assert len(looked_through) < 10


def test_a_notebook_of_cells_full_of_data_is_told(tmp_path):
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": "x" * 400_000}] * 3}))
    with pytest.raises(grading_cells.Unreadable, match="1,200,000 characters of code, more than the 1,000,000"):
        grading_cells.read(path)


CODE = "exercises.start.iou.check(a)\r\nb = '\N{ROCKET}'"
SHAPES = {
    "format 3": {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": CODE}]}]},
    "format 3, lines": {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": [CODE]}]}]},
    "format 4.5": {"nbformat": 4, "nbformat_minor": 5, "cells": [{"id": "a", "cell_type": "code", "source": [CODE]}]},
    "half an emoji": {"cells": [{"cell_type": "code", "source": CODE + "\ud83d"}]},
}


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_format_is_read(tmp_path, shape, mark):
    path = tmp_path / "mine.ipynb"
    path.write_bytes((mark + json.dumps(SHAPES[shape]).replace("\n", "\r\n")).encode())
    assert grading_cells.checked_in(grading_cells.read(path)) == {"0.2": [1]}


def test_a_notebook_of_200_megabytes_is_told(tmp_path):
    path = tmp_path / "mine.ipynb"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(grading_cells.Unreadable, match=r"the file has 200 MB, more than the 50 MB.*clear its outputs"):
        grading_cells.read(path)


def test_a_cell_full_of_data_is_told(tmp_path):
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": "x" * 600_000}]}))
    with pytest.raises(grading_cells.Unreadable, match="cell 1 has 600,000 characters of code"):
        grading_cells.read(path)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"cells": 5}', '{"worksheets": [7]}', "\0" * 9, '{"cells": [1, null]}']
)
def test_what_is_no_notebook_is_unreadable(tmp_path, text):
    path = tmp_path / "mine.ipynb"
    path.write_text(text)
    with pytest.raises(grading_cells.Unreadable):
        grading_cells.read(path)
