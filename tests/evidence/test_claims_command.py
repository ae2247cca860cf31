"""The words of `python -m course_lib.claims`."""

import pytest

from course_lib import claims


@pytest.mark.parametrize("wanted, offered", [("L44", "L4"), ("XX", "L4, R6")])
def test_an_id_that_no_claim_has_is_answered_with_ids_that_there_are(wanted, offered):
    with pytest.raises(SystemExit, match=f"no claim '{wanted}'; there are {offered}"):
        claims.named([wanted], {"L4": None, "R6": None})
