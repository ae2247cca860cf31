"""Comparisons that answer in words: what was found, what was expected, and the slip that would explain it."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from course_lib.exercises.attempt import describe
from course_lib.exercises.outcome import NotYet

Slips = Mapping[str, Any]  # what a student who slipped in this way would answer: {"words": value}
NONE: Slips = MappingProxyType({})


def number(found: Any, expected: float, *, what: str, slips: Slips = NONE, tolerance: float = 1e-6) -> None:
    """The answer is one number, near enough to the right one."""
    if isinstance(found, Tensor) and found.numel() == 1:
        found = found.item()
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise NotYet(f"{what} should be a number, found {describe(found)}")
    if math.isnan(found) or abs(found - expected) > tolerance * max(1.0, abs(expected)):
        near = [words for words, slip in slips.items() if abs(found - slip) <= 1e-6 * max(1.0, abs(slip))]
        raise NotYet(f"{what}: found {found:g}, which is not right", *near[:1])


def tensor(found: Any, expected: Tensor, *, what: str, slips: Slips = NONE, tolerance: float = 1e-4) -> None:
    """The answer is a tensor of the right shape and values."""
    if not isinstance(found, Tensor):
        raise NotYet(f"{what} should be a tensor, found {describe(found)}")
    if found.shape != expected.shape:
        near = _explained(found, slips)
        raise NotYet(f"{what} has shape {tuple(found.shape)}, expected {tuple(expected.shape)}", *near)
    if found.dtype.is_complex or not torch.isfinite(found.double()).all():
        raise NotYet(f"{what} holds numbers that are not finite (NaN or infinity): is there a division by zero?")
    wrong = (found.double() - expected.double()).abs() > tolerance * max(1.0, expected.abs().max().item())
    if wrong.any():
        place = tuple(wrong.nonzero()[0].tolist())
        values = f"found {found[place].item():g}, expected {expected[place].item():g}"
        share = f"{int(wrong.sum())} of {wrong.numel()} values differ; the first at {list(place)}: {values}"
        raise NotYet(f"{what}: {share}", *_explained(found, slips))


def _explained(found: Tensor, slips: Slips) -> tuple[str, ...]:
    for words, slip in slips.items():
        if found.shape == slip.shape and torch.allclose(found.double(), slip.double(), atol=1e-4):
            return (words,)
    return ()


def whole_numbers(found: Any, *, what: str, least: int = 1) -> list[int]:
    """The answer as a list of whole numbers."""
    if not isinstance(found, list | tuple) or not found:
        raise NotYet(f"{what} should be a list of whole numbers, found {describe(found)}")
    for value in found:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise NotYet(f"{what} should hold whole numbers from {least} up, found {describe(value)}")
    return list(found)
