"""Every exact claim is measured again here: its facts are equal to the digit."""

import pytest

from course_lib.evidence.ledger import all_claims
from course_lib.evidence.verdict import HOLDS

EXACT = [claim for claim in all_claims() if claim.kind == "E"]


@pytest.mark.parametrize("claim", EXACT, ids=lambda claim: claim.id)
def test_an_exact_claim_holds(claim):
    evidence = claim.measure(range(claim.seeds))
    assert [fact for fact in evidence.facts if not fact.holds] == []
    assert evidence.verdict() == HOLDS
