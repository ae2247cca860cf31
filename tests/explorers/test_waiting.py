"""The progress of a table that takes long: one line of the notebook, empty once it is done, and no pink bar."""

import nbformat
import pytest
from nbclient import NotebookClient

from course_lib.explorers.machinery.waiting import line

CELL = """
import time
from course_lib.explorers.machinery import Explorer, Readout, Slider
def slow(n):
    time.sleep(1.2)
    return [Readout(rows=[("n", str(n))])]
len(Explorer(slow, [Slider(name="n", label="N", values=range(4), default=0)], name="slow", title="Slow").table().states)
"""


def test_outside_a_notebook_the_bar_is_tqdms_own():
    assert line() is None


@pytest.mark.newest  # one kernel is enough: this is Jupyter's side, not torch's
def test_in_a_notebook_nothing_is_left_of_it(root):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)])
    NotebookClient(book, timeout=300, resources={"metadata": {"path": str(root)}}).execute()
    shown, result = book.cells[0].outputs
    assert (shown.output_type, shown.data["text/plain"]) == ("display_data", "")
    assert result.data["text/plain"] == "4"
