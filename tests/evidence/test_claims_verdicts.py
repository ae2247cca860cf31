"""Verdicts follow from numbers by the stated rule, and cannot be typed in."""

import pytest

from course_lib.evidence import verdict as evidence
from course_lib.evidence.verdict import Bound, Circulating, Comparison, Evidence, Fact

ABOVE = Comparison("a above b", "a", "b", smallest=0.1)


def measured(a, b, comparison=ABOVE):
    return Evidence(values={"a": a, "b": b}, comparisons=[comparison])


def test_a_clear_paired_difference_holds():
    assert measured([0.9, 0.8, 0.85], [0.5, 0.45, 0.46]).verdict() == evidence.HOLDS


def test_an_effect_smaller_than_counts_does_not_hold():
    assert measured([0.55, 0.55, 0.55], [0.5, 0.5, 0.5]).verdict() == evidence.NOT_HERE


def test_an_effect_whose_interval_reaches_zero_does_not_hold():
    assert measured([0.9, 0.2, 0.9], [0.3, 0.5, 0.2]).verdict() == evidence.NOT_HERE


def test_a_single_seed_proves_nothing():
    assert measured([0.9], [0.1]).verdict() == evidence.NOT_HERE


def test_pairing_counts_not_the_spread_of_each_side():
    assert measured([0.2, 0.5, 0.9], [0.0, 0.31, 0.69]).verdict() == evidence.HOLDS


def test_some_parts_of_several_hold_in_part():
    both = measured([0.9, 0.8, 0.85], [0.5, 0.45, 0.46])
    both.comparisons.append(Comparison("b above a", "b", "a", smallest=0.1))
    assert both.verdict() == evidence.IN_PART


def test_a_fact_must_be_equal_to_the_digit():
    assert Evidence(facts=[Fact("parameters", 29_449_355, 29_449_355)]).verdict() == evidence.HOLDS
    assert Evidence(facts=[Fact("parameters", 29_449_355, 29_449_356)]).verdict() == evidence.NOT_HERE


def test_a_correction_shows_that_the_other_is_wrong():
    assert Evidence(circulating=[Circulating("field", 35, 67)]).verdict() == evidence.WRONG
    assert Evidence(circulating=[Circulating("field", 67, 67)]).verdict() == evidence.NOT_HERE


def test_a_bound_must_hold_at_every_seed():
    values = {"share": [0.1, 0.2, 0.6]}
    assert Evidence(values=values, bounds=[Bound("small", "share", high=0.5)]).verdict() == evidence.NOT_HERE
    assert Evidence(values=values, bounds=[Bound("small", "share", high=0.7)]).verdict() == evidence.HOLDS


def test_empty_evidence_decides_nothing():
    with pytest.raises(ValueError, match="decides nothing"):
        Evidence().verdict()


def test_the_interval_is_students():
    """Three values 1, 2, 3: deviation 1, quantile 4.303 with two degrees of freedom."""
    assert evidence.half_interval([1, 2, 3]) == pytest.approx(4.303 / 3**0.5)
