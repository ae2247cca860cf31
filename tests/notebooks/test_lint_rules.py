"""Each lint rule passes the good notebook and catches the bad one made for it."""

from copy import deepcopy

import nbformat
import pytest

from notebooks import build, first_cell, lint

SQUARES = {"image/png": {"alt": "two grey squares, side by side"}}
PICTURE = nbformat.v4.new_output("display_data", data={"image/png": "aGk="}, metadata=SQUARES)


@pytest.fixture
def good():
    cells = [nbformat.v4.new_markdown_cell("# 00 Words\nSee [the build](build.py) and [the web](https://a.org/b).")]
    cells.append(nbformat.v4.new_code_cell(first_cell.text(), execution_count=1))
    for number in range(20):
        cells.append(nbformat.v4.new_code_cell(f"x = {number}", execution_count=number + 2))
    cells[-1].outputs = [PICTURE]
    return nbformat.v4.new_notebook(cells=cells)


def test_a_good_notebook_has_no_complaints(good):
    assert lint.complaints(good, lint.HERE / "fixture.ipynb") == []


def spoil_first(book):
    book.cells[1].source += "\n# mine"


def spoil_count(book):
    del book.cells[5:]


def spoil_length(book):
    book.cells[4].source = "x = 1\n" * 26


def spoil_median(book):
    for cell in book.cells[2:]:
        cell.source = "x = 1\n" * 9


def spoil_def(book):
    book.cells[4].source = "def f():\n    pass"


def spoil_import(book):
    book.cells[4].source = "import pandas"


def spoil_heavy(book):
    book.cells[4].metadata["tags"] = ["heavy"]


def spoil_picture(book):
    book.cells[-1].outputs = [nbformat.v4.new_output("display_data", data={"image/png": "aGk="})]


def spoil_alt(book):
    book.cells[-1].outputs = [nbformat.v4.new_output("display_data", data={"text/html": '<img src="x">'})]


def spoil_markdown_picture(book):
    book.cells[0].source += "\n![](build.py)"


def spoil_state(book):
    book.metadata["widgets"] = {}


def spoil_times(book):
    book.cells[4].metadata["execution"] = {"iopub.execute_input": "2026"}


def spoil_error(book):
    book.cells[4].outputs = [nbformat.v4.new_output("error", ename="E", evalue="e", traceback=[])]


def spoil_address(book):
    book.cells[4].outputs = [nbformat.v4.new_output("stream", text="<object at 0x7f0012345678>")]


def spoil_view(book):
    data = {"application/vnd.jupyter.widget-view+json": {"model_id": "a"}}
    book.cells[4].outputs = [nbformat.v4.new_output("display_data", data=data)]


def spoil_link(book):
    book.cells[0].source += "\n[gone](nowhere.md)"


def spoil_web_link(book):
    book.cells[0].source += "\n[half](http:/a)"


SPOILED = {
    spoil_first: "not the course's first cell",
    spoil_count: "5 cells, expected 20 to 45",
    spoil_length: "a cell has 26 lines",
    spoil_median: "the median code cell has 9",
    spoil_def: "def or class outside",
    spoil_import: "imports pandas",
    spoil_heavy: "a heavy cell without its measured time",
    spoil_picture: "a picture without alt text",
    spoil_alt: "a picture without alt text",
    spoil_markdown_picture: "a picture without alt text",
    spoil_state: "widget state is saved",
    spoil_times: "execution times are saved",
    spoil_error: "the cell failed",
    spoil_address: "an object's address is saved",
    spoil_view: "a widget's number is saved",
    spoil_link: "a link that leads nowhere: 'nowhere.md'",
    spoil_web_link: "a link that leads nowhere: 'http:/a'",
}


@pytest.mark.parametrize("spoil", SPOILED, ids=lambda f: f.__name__)
def test_a_bad_notebook_is_caught(good, spoil):
    bad = deepcopy(good)
    spoil(bad)
    found = lint.complaints(bad, lint.HERE / "fixture.ipynb")
    assert any(SPOILED[spoil] in line for line in found), found


def test_a_file_that_is_too_large_is_caught(tmp_path):
    (tmp_path / "large.ipynb").write_bytes(b" " * 1_600_000)
    assert list(lint.too_large(tmp_path / "large.ipynb")) == ["1.6 MB, expected at most 1.5 MB"]


def test_cleaning_removes_what_would_change_from_build_to_build():
    view = "application/vnd.jupyter.widget-view+json"
    outputs = [
        nbformat.v4.new_output("stream", name="stderr", text="\r 10%|#   |"),
        nbformat.v4.new_output("display_data", data={view: {}, "text/plain": ""}),  # a bar that has gone
        nbformat.v4.new_output("display_data", data={view: {}, "text/plain": "a widget"}),
        *(nbformat.v4.new_output("stream", name=name, text=f"{name}\n") for name in ("stdout", "stdout", "stderr")),
    ]
    cell = nbformat.v4.new_code_cell("x", outputs=outputs)
    cell.metadata["execution"] = {"a": "b"}
    built = nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {}})
    cleaned = build.clean(built)
    assert "widgets" not in cleaned.metadata
    assert cleaned.cells[0].metadata == {}
    widget, *streams = cleaned.cells[0].outputs
    assert dict(widget.data) == {"text/plain": "a widget"}
    assert [(one.name, one.text) for one in streams] == [("stdout", "stdout\nstdout\n"), ("stderr", "stderr\n")]
    assert cleaned.cells[0].execution_count == 1
