"""Exercises are checked with a record of progress of the test's own."""

import pytest


@pytest.fixture(autouse=True)
def no_student_is_touched(own_record) -> None:
    """Every test here writes into a record of its own."""
