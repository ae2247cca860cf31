"""How a statement of the course is backed: claims, their experiments, the rule of the verdict, and the ledger.

Knows of no lecture. `ledger.all_claims()` finds the claims by walking `course_lib.lectures`.
"""
