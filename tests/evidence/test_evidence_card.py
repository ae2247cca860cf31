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


def test_a_folded_card_is_a_sentence_a_number_with_its_spread_and_a_small_picture():
    row = ledger.read()["V11"]
    core, shown = row["core"], evidence("V11")._repr_html_()
    opened, folded = shown.split("</summary>")
    low, high = (f"{end:.3g}" for end in core["interval"])
    for words in (row["statement"], core["name"], f"<b>{core['mean']:.3g}</b>", f"{low} to {high}", core["verdict"]):
        assert words in opened
    assert opened.count("<img") == 1
    for words in (core["more"], core["why"], row["paper"], "16 over 32", "--only V11"):
        assert words in folded
        assert words not in opened


def test_the_small_picture_shows_the_interval_and_the_bound():
    core = ledger.read()["D3"]["core"]
    axis = module.small(ledger.read()["D3"]).axes[0]
    bar, mean, bound = (line.get_xdata() for line in axis.lines)
    assert (list(bar), list(mean), list(bound)) == (core["interval"], [core["mean"]], [core["bound"]] * 2)
    left, right = axis.get_xlim()
    assert left < min(*core["interval"], core["bound"]) < max(*core["interval"], core["bound"]) <= right


def test_a_folded_exact_card_counts_what_is_as_stated():
    row = ledger.read()["R12"]
    assert f"{len(row['facts'])} of {len(row['facts'])} as stated" in module.card(row)
    name, found, _ = row["facts"][0]
    wrong = row | {"facts": [(name, found, "other"), *row["facts"][1:]]}
    assert f"{len(row['facts']) - 1} of {len(row['facts'])} as stated" in module.card(wrong)


def test_an_undecided_row_says_how_many_seeds_would_decide():
    row = ledger.read()["V11"]
    undecided = row | {"core": row["core"] | {"seeds that would decide": 17}}
    assert "about 17 seeds would decide" in module.card(undecided)
    assert "seeds would decide" not in module.card(row | {"core": row["core"] | {"seeds that would decide": None}})


def test_facts_stand_in_a_table():
    assert ">[35, 67]</td>" in evidence("R12")._repr_html_()


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
