"""Receptive fields of any torch module: theoretical (exact), effective (by gradients), empirical (by occlusion).

Needs torch and numpy only, and nothing of the rest of the course.
"""

from .effective import effective
from .empirical import empirical
from .theoretical import Field, theoretical

__all__ = ["Field", "effective", "empirical", "theoretical"]
