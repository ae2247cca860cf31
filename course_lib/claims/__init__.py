"""The claims of the lectures, one module per notebook, each measured by a small function.

`python -m course_lib.claims` measures; `ledger.read()` gives the rows; `verdicts()` what they came to.
"""

from course_lib.claims.claim import Claim

__all__ = ["all_claims"]


def all_claims() -> list[Claim]:
    """Every claim of the course, in the order of the lectures."""
    import importlib
    import pkgutil

    found = []
    for module in pkgutil.iter_modules(__path__):
        if module.name.startswith("on_"):
            members = vars(importlib.import_module(f"{__name__}.{module.name}")).values()
            found += [member for member in members if isinstance(member, Claim)]
    return sorted(found, key=lambda claim: (claim.notebook, int(claim.id[1:])))
