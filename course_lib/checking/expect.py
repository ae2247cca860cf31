"""Comparisons that answer in words: what was found, what was expected, and the slip that would explain it."""

import math
from collections.abc import Callable, Iterable, Mapping
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checking.attempt import call, describe
from course_lib.checking.outcome import NotYet

Slips = Mapping[str, Any]  # what a student who slipped in this way would answer: {"words": value}
NONE: Slips = MappingProxyType({})


def function(
    answer: Any, right: Callable, cases: Iterable[tuple], *, what: str, slips: Mapping[str, Callable] = NONE
) -> None:
    """The answer is a function that gives what `right` gives; a slip is the function that a student may have written.

    `what` may name the inputs: "the span of {0} at rate {1}". A slip that would have failed where the answer was right
    is not the student's, and is left out from there on.
    """
    slips = dict(slips)
    for case in cases:
        expected, found = right(*case), call(answer, *case)
        kind = next((judge for type_, judge in KINDS.items() if isinstance(expected, type_)), number)
        values = {words: slip(*case) for words, slip in slips.items()}
        kind(found, expected, what=what.format(*case), slips=values)
        slips = {words: slip for words, slip in slips.items() if _passes(kind, values[words], expected)}


def _passes(kind: Callable, found: Any, expected: Any) -> bool:
    try:
        kind(found, expected, what="")
    except NotYet:
        return False
    return True


def number(found: Any, expected: float, *, what: str, slips: Slips = NONE, tolerance: float = 1e-6) -> None:
    """The answer is one number, near enough to the right one."""
    if isinstance(found, Tensor) and found.numel() == 1 and found.device.type != "meta":
        found = found.item()
    if isinstance(found, bool) or not isinstance(found, Real):
        raise NotYet(f"{what} should be a number, found {describe(found)}")
    found = math.inf if abs(found) >= 1e300 else float(found)
    if math.isnan(found) or abs(found - expected) > tolerance * max(1.0, abs(expected)):
        near = [words for words, slip in slips.items() if abs(found - slip) <= 1e-6 * max(1.0, abs(slip))]
        raise NotYet(f"{what}: found {found:.9g}, which is not right", *near[:1])


def tensor(found: Any, expected: Tensor, *, what: str, slips: Slips = NONE, tolerance: float = 1e-4) -> None:
    """The answer is a tensor of the right shape and values."""
    if not isinstance(found, Tensor):
        raise NotYet(f"{what} should be a tensor, found {describe(found)}")
    if found.device.type != expected.device.type or found.layout != torch.strided or found.is_complex():
        raise NotYet(f"{what} should hold ordinary numbers as its input does, found {found.dtype} on {found.device}")
    if found.shape != expected.shape:
        near = _explained(found, slips)
        raise NotYet(f"{what} has shape {tuple(found.shape)}, expected {tuple(expected.shape)}", *near)
    if not torch.isfinite(found.double()).all():
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


def listing(found: Any, expected: list, *, what: str, slips: Slips = NONE) -> None:
    """The answer is a list of whole numbers or names, in the right order."""
    if not isinstance(found, list | tuple):
        raise NotYet(f"{what} should be a list, found {describe(found)}")
    found = [item.item() if isinstance(item, Tensor) and item.numel() == 1 else item for item in found]
    if not all(isinstance(item, str | Real) for item in found):
        raise NotYet(f"{what} should hold numbers or names, found {describe(found)}")
    if found != expected:
        near = [words for words, slip in slips.items() if found == slip]
        raise NotYet(f"{what}: found {found}, which is not right", *near[:1])


def truth(found: Any, expected: bool, *, what: str, slips: Slips = NONE) -> None:
    """The answer is True or False; 1 and 0 will do."""
    if isinstance(found, Tensor) and found.numel() == 1 and found.device.type != "meta":
        found = found.item()
    if not isinstance(found, bool | np.bool_ | Real) or found not in (True, False):
        raise NotYet(f"{what} should be True or False, found {describe(found)}")
    if bool(found) != expected:
        near = [words for words, slip in slips.items() if slip != expected]
        raise NotYet(f"{what}: found {bool(found)}, which is not right", *near[:1])


KINDS = {Tensor: tensor, list: listing, bool: truth}


def whole_numbers(found: Any, *, what: str, least: int = 1) -> list[int]:
    """The answer as a list of whole numbers; a range, an array or a tensor of one row will do."""
    if isinstance(found, Tensor) and found.layout == torch.strided and found.device.type != "meta":
        found = found.tolist()
    if isinstance(found, range | np.ndarray):
        found = np.asarray(found).tolist()
    if not isinstance(found, list | tuple) or not found:
        raise NotYet(f"{what} should be a list of whole numbers, found {describe(found)}")
    for value in found:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise NotYet(f"{what} should hold whole numbers from {least} up, found {describe(value)}")
    return list(found)


def module(answer: Any, *inputs: Any, what: str) -> nn.Module:
    """The module that a student's function builds from these inputs."""
    if isinstance(answer, nn.Module):
        raise NotYet(f"{what}: hand over the function that builds it, found the module {describe(answer)} itself")
    built = call(answer, *inputs)
    if isinstance(built, type):
        raise NotYet(f"{what} should be a module, found the class {built.__name__}: call it, {built.__name__}(...)")
    if not isinstance(built, nn.Module):
        raise NotYet(f"{what} should be a module, such as nn.Conv2d(...), found {describe(built)}")
    return built


def statements(found: Any, right: str, why: Mapping[str, str]) -> None:
    """The answer names the statements that follow from a table, by their letters; one wrong letter is explained."""
    word = f"write the letters as one word, such as {''.join(why)[:2]!r}"
    if not isinstance(found, str | list | tuple | set | frozenset):
        raise NotYet(f"{word}, found {describe(found)}")
    given = [letter.lower() if isinstance(letter, str) else letter for letter in found]
    letters = [letter for letter in given if letter not in tuple(" ,.;()")]
    unknown = [letter for letter in letters if letter not in tuple(why)]
    if unknown or not letters:
        found_it = describe(unknown[0]) if unknown else "none"
        raise NotYet(f"the statements are {', '.join(why)}; found {found_it}", *([word] if letters else []))
    for letter, reason in why.items():
        if (letter in letters) != (letter in right):
            verdict = "follows too" if letter in right else "does not follow"
            raise NotYet(f"{letter} {verdict}: {reason}")
