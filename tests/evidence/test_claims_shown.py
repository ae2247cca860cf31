"""The page of the ledger leads to each row's function and to the section of the lecture that shows it."""

import json
import re

import pytest

from course_lib import claims as command
from course_lib.evidence import ledger
from course_lib.evidence import ledger_text as shown
from course_lib.evidence.ledger import all_claims

ROW = {
    "id": "R6", "statement": "Holes.", "kind": "M", "notebook": "04_fields",
    "function": "course_lib.claims.on.gridding",
    "verdict": "holds", "remark": "", "mean": {"share | read": 0.25}, "deviation": {"share | read": 0.01},
    "seeds": [0, 1], "facts": [], "differences": [], "cpu_seconds": 7.4,
}  # fmt: skip


@pytest.fixture
def notebooks(tmp_path):
    """One built notebook: R6 under a section with an exercise in between, R7 before any section."""
    cells = [
        ("markdown", "# 04 · Fields"),
        ("code", 'evidence("R7")'),
        ("markdown", ["## What `rate` reads: 1 of 4\n", "```\n", "## no heading\n", "```\n", "### Exercise 4.1"]),
        ("code", "from x import evidence\n\nevidence('R6',\n   \"R8\")"),
        ("markdown", "## Later"),
        ("code", 'evidence("R6")'),
    ]
    book = {"cells": [{"cell_type": kind, "source": source} for kind, source in cells]}
    (tmp_path / "04_fields.ipynb").write_text(json.dumps(book))
    return tmp_path


def test_a_claim_is_found_under_the_first_section_that_shows_it(notebooks):
    found = shown.sections({"04_fields", "05_not_there"}, notebooks)
    assert found == {"R6": "What `rate` reads: 1 of 4", "R8": "What `rate` reads: 1 of 4"}


def test_a_row_leads_to_its_notebook_its_section_and_its_function(notebooks):
    (line,) = [line for line in shown.markdown([ROW], notebooks).splitlines() if line.startswith("| [R6]")]
    assert "[R6](../notebooks/04_fields.ipynb)" in line
    assert "[What `rate` reads: 1 of 4](../notebooks/04_fields.ipynb#What-rate-reads:-1-of-4)" in line
    assert "[gridding](../course_lib/claims/on.py)" in line
    assert len(re.findall(r"(?<!\\)\|", line)) == len(shown.HEADER) + 1


def test_the_page_tells_what_decides_and_what_it_costs(notebooks):
    core = {"name": "over plain", "mean": 0.02, "interval": [-0.01, 0.05], "bound": 0.01, "why": "the paper's gain",
            "seeds that would decide": 12}  # fmt: skip
    page = shown.markdown([ROW | {"core": core}, ROW | {"id": "R8", "cpu_seconds": 0.2}], notebooks)
    assert "over plain 0.02 (-0.01 to 0.05, 2 seeds); bound 0.01: the paper's gain; about 12 seeds would decide" in page
    assert "All rows from nothing take at most 8 CPU seconds" in page
    assert "| R6 | 7 | 2 |" in page
    assert "| the other 1 | 0 | |" in page


def test_without_its_notebook_a_row_leads_to_the_file_alone(tmp_path):
    page = shown.markdown([ROW], tmp_path)
    assert "ipynb#" not in page
    assert "[R6](../notebooks/04_fields.ipynb)" in page


def test_every_link_of_the_page_leads_to_a_file_or_to_a_lecture_still_to_come(root):
    page = ledger.file().with_suffix(".md").read_text("utf-8")
    for address in set(re.findall(r"\]\(\.\./([^)#]+)", page)):
        assert (root / address).is_file() or address.startswith("notebooks/"), address


def test_rows_are_listed_by_verdict(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["claims", "--verdict", "does not reproduce here", "--list"])
    assert command.main() == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    rows = ledger.read()
    wanted = [id for id, row in rows.items() if row["verdict"] == "does not reproduce here"]
    assert listed == [claim.id for claim in all_claims() if claim.id in wanted]


def test_an_unknown_verdict_is_told(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["claims", "--verdict", "true", "--list"])
    with pytest.raises(SystemExit):
        command.main()
    assert "undecided" in capsys.readouterr().err
