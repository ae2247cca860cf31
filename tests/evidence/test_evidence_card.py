"""The cards of evidence show what the ledger's rows hold, and nothing else."""

import pytest

from course_lib.evidence import card as module
from course_lib.evidence import ledger, ledger_text
from course_lib.evidence.card import evidence


def test_a_card_shows_verdict_statement_and_how_to_measure_again():
    row, shown = ledger.read()["V11"], evidence("V11")._repr_html_()
    for words in (
        row["verdict"],
        row["statement"],
        "--only V11",
        "finer_without_training",
        f"{len(row['seeds'])} seeds",
    ):
        assert words in shown


def test_what_decides_stands_open_with_its_bound_and_the_rest_is_folded():
    core, shown = ledger.read()["V11"]["core"], evidence("V11")._repr_html_()
    opened, folded = shown.split("<details>")
    for words in (core["name"], f"{core['mean']:.3g}", f"{core['bound']:g}", core["why"], core["verdict"]):
        assert words in opened
    assert "16 over 32" in folded
    assert "16 over 32" not in opened


def test_an_undecided_row_says_how_many_seeds_would_decide():
    row = ledger.read()["V11"]
    undecided = row | {"core": row["core"] | {"seeds that would decide": 17}}
    assert "about 17 seeds would decide" in module.card(undecided)
    assert "seeds would decide" not in module.card(row | {"core": row["core"] | {"seeds that would decide": None}})


def test_what_circulates_stands_beside_what_is_so():
    assert "<td" in evidence("R12")._repr_html_()
    assert ">35</td>" in evidence("R12")._repr_html_()
    assert ">67</td>" in evidence("R12")._repr_html_()


def test_the_painted_world_stands_beside_the_photographs():
    rows = ledger.read()
    here = rows["S7"]
    name = here["painted"][1]
    found = next(one for one in ledger_text.differences(rows["S6"]) if one["name"] == name)
    assert module._painted(here) == [
        ("here, on photographs", here["core"]["name"], f"{here['core']['mean']:.3g}", here["verdict"]),
        ("on painted scenes (S6)", name, f"{found['mean']:.3g}", rows["S6"]["verdict"]),
    ]
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
