"""The cards of evidence show what the ledger's rows hold, and nothing else."""

import pytest

from course_lib.evidence import card as module
from course_lib.evidence import ledger
from course_lib.evidence.card import evidence


def test_a_card_shows_verdict_statement_and_how_to_measure_again():
    row, shown = ledger.read()["R6"], evidence("R6")._repr_html_()
    for words in (row["verdict"], row["remark"], "--only R6", "gridding", f"{len(row['seeds'])} seeds"):
        assert words in shown


def test_every_difference_says_whether_it_holds():
    shown = evidence("R6")._repr_html_()
    holds = [found["holds"] for found in ledger.read()["R6"]["differences"]]
    assert (shown.count("✓ holds"), shown.count("✗ does not hold")) == (sum(holds), len(holds) - sum(holds))


def test_what_circulates_stands_beside_what_is_so():
    assert "<td" in evidence("R12")._repr_html_()
    assert ">35</td>" in evidence("R12")._repr_html_()
    assert ">67</td>" in evidence("R12")._repr_html_()


def test_the_painted_world_stands_beside_the_photographs(monkeypatch):
    here = ledger.read()["S6"] | {"id": "S7", "painted": ["S6", "level 2"]}
    rows = ledger.read() | {"S7": here}
    monkeypatch.setattr(ledger, "read", lambda: rows)
    found = [one for one in rows["S6"]["differences"] if one["name"] == "level 2"]
    asked = module._painted(here)
    assert asked[-1] == ("on painted scenes (S6)", "level 2", f"{found[0]['mean']:.3g}", rows["S6"]["verdict"])
    assert [line[1] for line in asked[:-1]] == [one["name"] for one in here["differences"]]
    assert "on painted scenes (S6)" in module.card(here)
    assert module._painted(rows["S6"]) == []


def test_the_picture_can_be_read_aloud():
    row = ledger.read()["D3"]
    assert f"edge IoU, indices {row['mean']['edge IoU, indices']:.4g}" in module.per_seed(row).alt


def test_shares_have_an_axis_and_other_units_have_theirs():
    values = {"accuracy, a": [0.1, 0.2], "flips, a": [3.0, 4.0], "flips, b": [0.3, 0.4], "pixels": [400.0, 410.0]}
    means = {name: sum(found) / 2 for name, found in values.items()}
    assert module._groups(values, means) == [["accuracy, a"], ["flips, a", "flips, b"], ["pixels"]]


def test_a_row_that_was_not_measured_says_so(monkeypatch):
    monkeypatch.setattr(ledger, "read", lambda: {})
    assert "not measured yet" in evidence("R1")._repr_html_()


def test_an_unknown_claim_is_named_with_the_nearest():
    with pytest.raises(ValueError, match="no claim 'R99'; the nearest are R9"):
        evidence("R99")


def test_several_rows_stand_below_each_other():
    assert repr(evidence("R1", "R3")).splitlines()[1].startswith("R3 holds")
