"""The table of the papers' numbers: ours are read off the rows, and a row's card shows the lines it has a part in."""

import pytest

from course_lib.evidence import ledger, ledger_text, same_numbers
from course_lib.evidence.card import card
from course_lib.evidence.same_numbers import LINES, Line

ROWS = {"L9": {"mean": {"mIoU, before": 0.91591}}}


def test_a_line_reads_our_numbers_off_the_rows():
    line = Line("before", ("L5", "mIoU"), ("L9", "mIoU, before"), "76.35", "table 4")
    assert line.cells(ROWS) == ("before", "–", "91.6 (L9)", "76.35", "table 4")


def test_every_number_of_ours_was_measured():
    rows = ledger.read()
    cells = [cell for line in LINES for cell in (line.painted, line.photographs) if cell]
    assert [cell for cell in cells if cell[1] not in rows[cell[0]]["mean"]] == []


def test_a_number_of_a_paper_names_its_place():
    assert [line.what for line in LINES if bool(line.paper) != bool(line.where)] == []


@pytest.mark.parametrize("id", ["L9", "L5"])
def test_a_card_shows_its_lines(id):
    rows = ledger.read()
    shown = card(rows[id])
    before = f"{100 * rows['L9']['mean']['mIoU, before']:.1f} (L9)"
    assert all(word in shown for word in (before, "76.35", "77.69", "table 4"))
    assert "96.4" not in shown, "a line of other rows"


def test_the_page_ends_with_all_lines():
    page = ledger_text.markdown(list(ledger.read().values()))
    _, _, rest = page.partition("## The same numbers as the papers")
    table, _, _ = rest.partition("\n## ")
    assert table.count("\n| ") == len(LINES) + 1
    assert same_numbers.INTRODUCTION in table
