"""Measures claims again: every exact one, and of the others those that took less than ten seconds of processor.

CLAIMS_TURN names another choice: a turn by its number ("3"), claims by their ids ("R5 P1"), "all" or "none". Claims
that alone take longer than a turn are measured by `make claims ONLY="S6 L7"` and by nothing here; whether their numbers
are still those of the code, `make claims STALE=1` says of all.
"""

import json
import os

import pytest

from course_lib.evidence import ledger, ledger_text
from course_lib.evidence.claim import NeedsPhotographs
from course_lib.evidence.ledger import all_claims

BUDGET, QUICK = 60, 10  # processor seconds, as the ledger has them from its own machine
pytestmark = pytest.mark.newest

ROWS = ledger.read()
CLAIMS = {claim.id: claim for claim in all_claims() if claim.id in ROWS}


def exact(row: dict) -> bool:
    """One measurement without chance: whoever repeats it gets the same digits."""
    return row["kind"] != "M" and len(row["seeds"]) == 1


def turns(seconds: dict[str, float], budget: float = BUDGET) -> list[list[str]]:
    """The claims in as few turns as fit into the budget, the longest first; none that is longer than a turn."""
    found: list[list[str]] = []
    for name in sorted(seconds, key=lambda name: (-seconds[name], name)):
        if seconds[name] > budget:
            continue
        room = [turn for turn in found if sum(map(seconds.get, turn)) + seconds[name] <= budget]
        if room:
            room[0].append(name)
        else:
            found.append([name])
    return found


def chosen(wish: str, of: list[list[str]], seconds: dict[str, float]) -> list[str]:
    """The claims of a wish, or the quick ones when there is none."""
    known = [name for turn in of for name in turn]
    if wish in ("all", "none"):
        return known if wish == "all" else []
    if wish and not wish.isdigit():
        names = wish.replace(",", " ").split()
        if unknown := [name for name in names if name not in CLAIMS]:
            raise ValueError(f"CLAIMS_TURN: no claim {unknown[0]!r}; name ids, a turn by its number, all or none")
        return names
    if not wish:
        return [name for name in known if seconds[name] < QUICK]
    return of[int(wish) % len(of)] if of else []


SECONDS = {name: ROWS[name]["cpu_seconds"] for name in CLAIMS if not exact(ROWS[name])}
TURNS = turns(SECONDS)
CHOSEN = chosen(os.environ.get("CLAIMS_TURN", ""), TURNS, SECONDS)


@pytest.mark.parametrize("name", CHOSEN)
def test_the_verdict_is_the_same_again(name, capsys):
    with capsys.disabled():
        print(f"\nmeasuring {name} again, of {' '.join(CHOSEN)}", end=" ", flush=True)
    try:
        before, now = ROWS[name], CLAIMS[name].row()
    except NeedsPhotographs:
        pytest.skip("the photographs of pets are not beside the project")
    assert now["verdict"] == before["verdict"], (
        f"{name}: {ledger_text.numbers(before)}\nand now: {ledger_text.numbers(now)}"
    )


@pytest.mark.parametrize("name", [name for name in CLAIMS if exact(ROWS[name])])
def test_exact_numbers_are_the_same_again(name):
    now = json.loads(json.dumps(CLAIMS[name].row()))
    for part in ("verdict", "facts", "values"):
        assert now[part] == ROWS[name][part], part


def test_all_turns_together_cover_every_claim_that_fits_into_one():
    covered = {name for number in range(len(TURNS)) for name in chosen(str(number), TURNS, SECONDS)}
    assert {name for name in SECONDS if SECONDS[name] <= BUDGET} == covered
    assert all(sum(SECONDS[name] for name in turn) <= BUDGET for turn in TURNS)


def test_some_measured_claims_are_quick():
    assert "M" in {ROWS[name]["kind"] for name in chosen("", TURNS, SECONDS)}


def test_turns_fill_up_and_leave_out_what_is_too_long():
    assert turns({"a": 35, "b": 25, "c": 30, "d": 100, "e": 1}) == [["a", "b"], ["c", "e"]]


def test_a_wish_goes_before_the_quick_ones():
    of, seconds = [["R5"], ["P1", "T3"]], {"R5": 50, "P1": 12, "T3": 4}
    assert chosen("", of, seconds) == ["T3"]
    assert chosen("1", of, seconds) == ["P1", "T3"]
    assert chosen("R5, T3", of, seconds) == ["R5", "T3"]
    assert (chosen("all", of, seconds), chosen("none", of, seconds)) == (["R5", "P1", "T3"], [])
    with pytest.raises(ValueError, match="no claim 'X1'"):
        chosen("X1", of, seconds)
