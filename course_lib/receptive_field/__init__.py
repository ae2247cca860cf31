"""Receptive fields of any torch module: theoretical (exact), effective (by gradients), empirical (by occlusion).

Needs torch, numpy and tqdm only, and nothing of the rest of the course.
"""

import sys

try:
    from .effective import effective
    from .empirical import empirical
    from .theoretical import Field, theoretical
except KeyboardInterrupt:  # importing torch takes seconds, and the command line cannot catch what happens before it
    if sys.argv[0].endswith(("-m", "receptive-field")):
        print("receptive_field: stopped", file=sys.stderr)
        sys.exit(130)
    raise

__all__ = ["Field", "effective", "empirical", "theoretical"]
