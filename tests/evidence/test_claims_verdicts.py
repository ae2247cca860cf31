"""Verdicts follow from numbers by the stated rule, and cannot be typed in."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_lib.evidence import ledger
from course_lib.evidence import verdict as rule
from course_lib.evidence.claim import claim
from course_lib.evidence.ledger import all_claims
from course_lib.evidence.verdict import HOLDS, NOT_HERE, UNDECIDED, Core, Evidence, Fact, Secondary

WHY = "the smallest effect that a reader of this test would care for"
# two-sided 95 % quantiles, from the printed table (Abramowitz and Stegun, 26.10)
TABLE = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 10: 2.228, 30: 2.042, 60: 2.000, 120: 1.980}
# such numbers as the ledger has: shares and pixels, six digits
numbers = st.integers(-2_000_000, 2_000_000).map(lambda n: n / 1e6)
samples = st.lists(numbers, min_size=2, max_size=8)
ORDER = [NOT_HERE, UNDECIDED, HOLDS]


def judged(differences, bound=0.1):
    values = {"a": list(differences), "b": [0.0] * len(differences)}
    return rule.judged(values, Core("a above b", "a", "b", bound=bound, why=WHY))


def verdict(differences, bound=0.1):
    return judged(differences, bound)["verdict"]


@pytest.mark.parametrize(
    "differences, expected",
    [
        ([0.40, 0.35, 0.39], HOLDS),
        ([0.05, 0.05, 0.05], NOT_HERE),  # an effect, and too small to count
        ([-0.4, -0.3, -0.35], NOT_HERE),
        ([0.6, -0.3, 0.7], UNDECIDED),
        ([0.2, 0.2, 0.5], UNDECIDED),  # the mean lies above, and so does every seed; the interval does not
        ([0.1, 0.1, 0.1], UNDECIDED),  # exactly on the bound
        ([0.100001, 0.100001, 0.100001], HOLDS),
        ([0.099999, 0.099999, 0.099999], NOT_HERE),
    ],
)
def test_the_interval_decides(differences, expected):
    assert verdict(differences) == expected


@pytest.mark.parametrize("third", [0.38, 0.35])  # the ends, as they are written down, lie inside and outside
def test_an_interval_that_touches_the_bound_is_undecided_from_either_side(third):
    differences = [0.3, 0.4, third]
    low, high = judged(differences)["interval"]
    for end, beyond in ((low, HOLDS), (high, NOT_HERE)):
        inwards = 1e-9 if end == low else -1e-9
        assert verdict(differences, end) == UNDECIDED
        assert judged(differences, end)["seeds that would decide"] == 4, "one more"
        assert verdict(differences, end - inwards) == beyond
        assert verdict(differences, end + inwards) == UNDECIDED


def test_a_single_seed_proves_nothing():
    assert verdict([0.9]) == verdict([-0.9]) == UNDECIDED
    assert rule.deviation([0.9]) == 0


def test_pairing_counts_not_the_spread_of_each_side():
    values = {"a": [0.2, 0.5, 0.9], "b": [0.0, 0.31, 0.69]}
    assert rule.judged(values, Core("a above b", "a", "b", bound=0.1, why=WHY))["verdict"] == HOLDS
    with pytest.raises(ValueError, match="a above b: 3 values against 2; pairs need equal seeds"):
        rule.judged(values | {"b": [0.0, 0.31]}, Core("a above b", "a", "b", bound=0.1, why=WHY))


def test_without_a_second_name_the_value_itself_is_judged():
    core = Core("ratio", "ratio", bound=1.1, why=WHY)
    assert rule.judged({"ratio": [2.5, 2.6, 2.4]}, core)["verdict"] == HOLDS
    assert rule.judged({"ratio": [1.0, 1.01, 1.0]}, core)["verdict"] == NOT_HERE


def test_a_negative_bound_says_not_worse_by_that_much():
    assert verdict([-0.01, 0.0, -0.02], bound=-0.05) == HOLDS
    assert verdict([-0.14, -0.16, -0.15], bound=-0.05) == NOT_HERE


@settings(max_examples=50, deadline=None)
@given(samples, numbers)
def test_what_is_above_a_bound_is_not_above_its_mirror_image(differences, bound):
    other = verdict([-one for one in differences], -bound)
    assert ORDER.index(verdict(differences, bound)) == 2 - ORDER.index(other)


@settings(max_examples=50, deadline=None)
@given(samples, numbers, st.integers(0, 1_000_000).map(lambda n: n / 1e6))
def test_a_lower_bound_and_a_larger_effect_never_make_a_verdict_worse(differences, bound, more):
    before = ORDER.index(verdict(differences, bound))
    assert ORDER.index(verdict(differences, bound - more)) >= before
    assert ORDER.index(verdict([one + more for one in differences], bound)) >= before


@settings(max_examples=50, deadline=None)
@given(samples, numbers)
def test_the_order_of_the_seeds_does_not_matter(differences, bound):
    assert verdict(differences, bound) == verdict(sorted(differences), bound)


@settings(max_examples=50, deadline=None)
@given(samples, numbers)
def test_what_was_decided_stays_so_when_the_same_seeds_come_again(differences, bound):
    first = verdict(differences, bound)
    assert first in (UNDECIDED, verdict(differences * 2, bound))


@pytest.mark.parametrize("freedom", TABLE)
def test_the_quantiles_are_students(freedom):
    assert rule.quantile(freedom) == pytest.approx(TABLE[freedom], abs=6e-4)
    assert rule.within(rule.quantile(freedom), freedom) == pytest.approx(0.95)


def test_the_interval_is_students():
    """Three values 1, 2, 3: deviation 1, quantile 4.303 with two degrees of freedom. Two values are the fewest."""
    assert rule.half_interval([1, 3]) == pytest.approx(12.7062, abs=1e-4)
    assert rule.half_interval([1, 2, 3]) == pytest.approx(4.3027 / 3**0.5, abs=1e-4)
    assert rule.half_interval([1, 2, 3, 4, 5]) == pytest.approx(2.7764 * (2.5 / 5) ** 0.5, abs=1e-4)
    assert judged([1, 2, 3], bound=0)["interval"] == pytest.approx([2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5], abs=1e-4)


@settings(max_examples=50, deadline=None)
@given(samples, numbers)
def test_the_seeds_that_would_decide_are_the_fewest(differences, bound):
    found = judged(differences, bound)
    needed = found["seeds that would decide"]
    if found["verdict"] != UNDECIDED:
        assert needed is None
    elif needed is not None:
        distance, spread = abs(rule.mean(differences) - bound), rule.deviation(differences)
        assert needed > len(differences)
        assert rule.quantile(needed - 1) * spread / math.sqrt(needed) < distance
        assert needed - 1 == len(differences) or rule.quantile(needed - 2) * spread / math.sqrt(needed - 1) >= distance


def test_seeds_that_would_decide_by_hand():
    """Deviation .1, distance .1: with 6 seeds 2.571 x .1 / 2.449 = .105, with 7 it is 2.447 x .1 / 2.646 = .092."""
    assert judged([0.1, 0.2, 0.3], bound=0.1)["seeds that would decide"] == 7
    assert judged([0.1, 0.2, 0.3], bound=0.3)["seeds that would decide"] == 7
    assert judged([0.1, 0.2, 0.3], bound=0.2)["seeds that would decide"] is None, "no number of seeds"
    assert judged([0.1, 0.1, 0.1], bound=0.1)["seeds that would decide"] is None, "on the bound, without spread"


@pytest.mark.parametrize("seeds, told", [(1000, 1000), (1001, None)])
def test_no_row_asks_for_more_than_a_thousand_seeds(seeds, told):
    """With deviation 1 so many seeds decide a distance just above what their interval leaves out."""
    enough, too_few = (rule.quantile(n - 1) / n**0.5 for n in (seeds, seeds - 1))
    distance = (enough + too_few) / 2
    assert judged([distance - 1, distance, distance + 1], bound=0)["seeds that would decide"] == told


def test_a_difference_below_the_ninth_digit_is_none():
    assert judged([4e-10] * 3, bound=0)["per_seed"] == [0.0] * 3
    assert judged([6e-10] * 3, bound=0)["per_seed"] == [1e-9] * 3


def test_secondary_numbers_decide_nothing():
    @claim(
        "T1", "M", "a is above b.", seeds=3,
        core=Core("a above b", "a", "b", bound=0.1, why=WHY),
        secondary=(Secondary("b above a", "b", "a"),),
        remarks={HOLDS: "as said"},
    )  # fmt: skip
    def measured(seeds) -> Evidence:
        return Evidence(values={"a": [0.9, 0.8, 0.85], "b": [0.5, 0.45, 0.46]})

    row = measured.row()
    assert (row["verdict"], row["remark"]) == (HOLDS, "as said")
    assert row["differences"][0]["mean"] == -row["core"]["mean"]
    assert "verdict" not in row["differences"][0]


def test_a_fact_has_no_place_in_a_measured_claim():
    @claim("T1", "M", "a is above 0.", seeds=3, core=Core("a", "a", bound=0, why=WHY))
    def measured(seeds) -> Evidence:
        return Evidence(values={"a": [0.9, 0.8, 0.85]}, facts=[Fact("parameters", 1, 1)])

    with pytest.raises(ValueError, match="T1: 'parameters' is a fact of a measured claim; assert it in a test"):
        measured.row()


def test_a_fact_must_be_equal_to_the_digit():
    assert Evidence(facts=[Fact("parameters", 29_449_355, 29_449_355)]).verdict() == HOLDS
    assert Evidence(facts=[Fact("parameters", 29_449_355, 29_449_356)]).verdict() == NOT_HERE


def test_empty_evidence_decides_nothing():
    with pytest.raises(ValueError, match="decides nothing"):
        Evidence().verdict()


def test_only_a_measured_claim_names_what_decides_and_it_must():
    core = Core("a", "a", bound=0, why=WHY)
    for kind, named in (("M", None), ("S", core)):
        with pytest.raises(ValueError, match="T9: a measured claim, and no other, names the core comparison"):
            claim("T9", kind, "a is above 0.", seeds=3, core=named)
    with pytest.raises(ValueError, match="T9: 2 seeds have no interval that could decide; measure 3 or more"):
        claim("T9", "M", "a is above 0.", seeds=2, core=core)


def test_every_bound_has_its_reason_and_no_comparison_decides_twice():
    measured = [one for one in all_claims() if one.core]
    assert all(len(one.core.why) > 10 for one in measured)
    rows = ledger.read()
    numbers = [(tuple(rows[one.id]["core"]["per_seed"])) for one in measured]
    assert len(set(numbers)) == len(numbers), "two rows judge the same numbers"


def test_the_verdicts_of_the_ledger_follow_from_its_numbers():
    for one in all_claims():
        row = ledger.read()[one.id]
        expected = rule.judged(row["values"], one.core)["verdict"] if one.core else HOLDS
        assert row["verdict"] == expected, one.id


def test_measurements_agree_when_their_difference_lies_within_the_spread():
    """Two samples of deviation 1: 2.776 x sqrt(1 x (1/3 + 1/3)) = 2.267; of deviation 2, twice as much."""
    assert rule.half_between([1, 2, 3], [4, 5, 6]) == pytest.approx(2.7764 * (2 / 3) ** 0.5, abs=1e-4)
    assert rule.half_between([1, 3, 5], [4, 6, 8]) == pytest.approx(2 * 2.7764 * (2 / 3) ** 0.5, abs=1e-4)
    assert rule.half_between([1, 1, 1], [1, 1]) == 0
