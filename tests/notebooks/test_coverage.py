"""COVERAGE.md names every statement, once, with a section that exists."""

import pytest

from course_lib.evidence.ledger import all_claims
from notebooks import build, convert, coverage

LECTURE = convert.Source(
    "01_test",
    {},
    [convert.Cell("markdown", "## Start\ntext\n\n### Deeper"), convert.Cell("code", 'evidence("R1", "R3")'),
     convert.Cell("markdown", "## End"), convert.Cell("code", 'display(evidence("P4"))')],
)  # fmt: skip


def test_a_claim_stands_under_the_heading_above_its_card():
    assert coverage.sections(LECTURE) == {"R1": "Deeper", "R3": "Deeper", "P4": "End"}


def test_a_heading_that_is_gone_is_an_error():
    assert coverage.heading(LECTURE, "Deep") == "Deeper"
    with pytest.raises(ValueError, match="01_test has no heading that begins with 'Middle'; it has Start; Deeper; End"):
        coverage.heading(LECTURE, "Middle")


def test_every_claim_and_every_statement_beside_has_its_row_with_a_section():
    lectures = [convert.parse(path.stem, path.read_text()) for path in build.sources()]
    beside = build.loaded("coverage")
    assert {entry["lecture"] for entry in beside} <= {lecture.name for lecture in lectures}
    rows = coverage.page(lectures, beside).splitlines()[6:]
    assert len(rows) == len(all_claims()) + len(beside)
    assert [row for row in rows if "not shown" in row] == []
