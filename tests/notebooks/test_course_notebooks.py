"""The notebooks of the course keep the promises of the lint, match their sources, and go red when they do not."""

import re
import shutil

import nbformat
import pytest

from notebooks import build, convert, first_cell, lint, readme


@pytest.mark.parametrize("path", build.sources(), ids=lambda path: path.stem)
def test_the_lint_has_no_complaint(path):
    assert list(lint.of_source(path)) == []


def test_every_statement_stands_in_its_lecture_with_its_evidence():
    assert list(lint.of_evidence()) == []


def test_a_statement_that_no_lecture_shows_is_noticed(monkeypatch):
    shown = build.evidence_in
    monkeypatch.setattr(build, "evidence_in", lambda code: [name for name in shown(code) if name != "R6"])
    assert [line for line in lint.of_evidence() if "for R6 is shown in no lecture" in line]


def test_a_mutated_source_is_noticed(tmp_path):
    original = build.sources()[0]
    mutated = tmp_path / original.name
    shutil.copy(original, mutated)
    mutated.write_text(mutated.read_text().replace("## ", "## Not ", 1))
    assert any("does not match" in line for line in lint.of_source(mutated))


def test_the_seconds_of_a_run_reach_the_opening_of_the_notebook(tmp_path):
    source = tmp_path / build.sources()[0].name
    shutil.copy(build.sources()[0], source)
    build.state_seconds(source, 41.2)
    assert "45 seconds to run on two cores" in build.unrun(source, solutions=False).cells[0].source


def test_no_solution_reaches_the_student():
    for path in build.sources():
        given = "".join(cell.source for cell in nbformat.read(build.target(path.stem, False), 4).cells)
        assert "# solution" not in given


def test_the_readme_tables_are_those_made_from_the_sources_and_the_ledger():
    text = readme.README.read_text()
    assert readme.with_tables(text) == text


def test_every_first_code_cell_is_the_same():
    firsts = {
        next(cell.source for cell in nbformat.read(build.target(path.stem, s), 4).cells if cell.cell_type == "code")
        for path in build.sources()
        for s in (False, True)
    }
    assert firsts == {first_cell.text()}


def test_all_references_are_whole():
    for key, paper in build.shelf(solutions=False).references.items():
        assert set(paper) == {"authors", "year", "title", "venue", "link"}, key
        assert re.fullmatch(r"https://\S+", paper["link"]), key


def test_front_matter_is_complete():
    wanted = {"title", "question", "able", "needs", "read_minutes", "run_seconds", "quiz", "teach"}
    for path in build.sources():
        assert wanted <= set(convert.parse(path.stem, path.read_text()).front), path.name
