"""Comparisons that answer in words: what was found, what was expected, and the slip that would explain it."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_lib.checking.attempt import Raised, call, describe
from course_lib.checking.outcome import NotYet

Slips = Mapping[str, Any]  # what a student who slipped in this way would answer: {"words": value}
NONE: Slips = MappingProxyType({})
LAZY = "holds a lazy layer, which has no weights yet: say how many maps it reads, as in nn.Conv2d(before, after, 3)"
MOST = 10_000_000  # values: what has more is no answer to any exercise, and takes long to look at


def function(
    answer: Any,
    right: Callable,
    cases: Iterable[tuple],
    *,
    drawn: Iterable[tuple] = (),
    what: str,
    slips: Mapping[str, Callable] = NONE,
    **tolerance: float,
) -> None:
    """The answer is a function that gives what `right` gives, in the cases that everybody gets and in the drawn ones.

    `what` may name the inputs: "the span of {0} at rate {1}". A slip is the function that a student may have written;
    it is named if it gives what the answer gives, in this case and in all others.
    """
    slips = dict(slips)
    waiting = _with_origin(cases, drawn)
    for case, by_draw in waiting:
        expected = right(*case)
        try:
            found = call(answer, *case)
            _alike(found, expected, what=what.format(*case), **tolerance)
        except Raised as error:
            error.drawn = by_draw
            raise
        except NotYet as verdict:
            made = [words for words, slip in slips.items() if _same(found, slip, case)]
            made = _confirmed(made, slips, answer, waiting) if made else []
            raise NotYet(*verdict.lines, *made[:1], drawn=by_draw) from None
        slips = {words: slip for words, slip in slips.items() if _same(expected, slip, case)}


def _with_origin(cases: Iterable[tuple], drawn: Iterable[tuple]) -> Iterator[tuple[tuple, bool]]:
    yield from ((case, False) for case in cases)
    yield from ((case, True) for case in drawn)


def _confirmed(made: list[str], slips: Mapping[str, Callable], answer: Any, waiting: Iterator) -> list[str]:
    """The slips that the answer agrees with in the other cases, too, up to the first that it fails in."""
    for case, _ in waiting:
        try:
            found = call(answer, *case)
        except Raised:
            break
        made = [words for words in made if _same(found, slips[words], case)]
    return made


def _same(found: Any, slip: Callable, case: tuple) -> bool:
    """Whether the slip gives what was found; one that cannot be made in this case gives nothing."""
    try:
        said = slip(*case)
        if not torch.isfinite(torch.as_tensor(said if isinstance(said, Tensor | Real) else 0)).all():
            return False  # what differs from it is not seen: no number is near NaN
        loose = {} if isinstance(said, bool | str | list) else {"tolerance": 1e-4}  # their rounding is not ours
        _alike(found, said, what="", **loose)
    except Exception:
        return False
    return True


def _alike(found: Any, expected: Any, *, what: str, **tolerance: float) -> None:
    kind = next((judge for type_, judge in KINDS.items() if isinstance(expected, type_)), number)
    kind(found, expected, what=what, **tolerance)


def number(found: Any, expected: float, *, what: str, slips: Slips = NONE, tolerance: float = 1e-6) -> None:
    """The answer is one number, near enough to the right one; one of numpy or of torch will do."""
    found = _plain(found)
    if isinstance(found, bool) or not isinstance(found, Real):
        raise NotYet(f"{what} should be a number, found {describe(found)}")
    found = math.inf if abs(found) >= 1e300 else float(found)
    if math.isnan(found) or abs(found - expected) > tolerance * max(1.0, abs(expected)):
        near = [words for words, slip in slips.items() if abs(found - slip) <= 1e-6 * max(1.0, abs(slip))]
        raise NotYet(f"{what}: found {found:.9g}, expected {float(expected):.9g}", *near[:1])


def _plain(value: Any) -> Any:
    """A number out of a tensor or an array that holds just one."""
    if isinstance(value, Tensor) and value.numel() == 1 and value.device.type != "meta":
        return value.item()
    return value.item() if isinstance(value, np.ndarray | np.generic) and value.size == 1 else value


def tensor(found: Any, expected: Tensor, *, what: str, slips: Slips = NONE, tolerance: float = 1e-4) -> None:
    """The answer is a tensor, an array or lists of numbers, of the right shape and values."""
    if not isinstance(found := as_tensor(found), Tensor):
        raise NotYet(f"{what} should be a tensor, found {describe(found)}")
    if found.device.type != expected.device.type or found.layout != torch.strided or found.is_complex():
        raise NotYet(f"{what} should hold ordinary numbers as its input does, found {found.dtype} on {found.device}")
    if found.shape != expected.shape:
        near = _explained(found, slips)
        raise NotYet(f"{what} has shape {tuple(found.shape)}, expected {tuple(expected.shape)}", *near)
    if not torch.isfinite(found.double()).all():
        raise NotYet(f"{what} holds numbers that are not finite (NaN or infinity): is there a division by zero?")
    wrong = (found.double() - expected.double()).abs() > tolerance * max(1.0, expected.double().abs().max().item())
    if wrong.any():
        place = tuple(wrong.nonzero()[0].tolist())
        values = f"found {found[place].item():g}, expected {expected[place].item():g}"
        share = f"{int(wrong.sum())} of {wrong.numel()} values differ; the first at {list(place)}: {values}"
        raise NotYet(f"{what}: {share}", *_explained(found, slips))


def as_tensor(value: Any) -> Any:
    """Arrays and lists of numbers as a tensor; anything else as it is."""
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biuf":
        return torch.from_numpy(np.array(value, dtype=np.float64))
    if isinstance(value, list | tuple) and value:
        rows = [as_tensor(item) for item in value]
        if all(isinstance(row, Tensor) and row.layout == torch.strided and not row.is_meta for row in rows):
            return torch.stack([row.double() for row in rows]) if len({row.shape for row in rows}) == 1 else value
    return torch.tensor(float(value)) if isinstance(value, Real) and abs(value) < 1e300 else value


def _explained(found: Tensor, slips: Slips) -> tuple[str, ...]:
    for words, slip in slips.items():
        if found.shape == slip.shape and torch.allclose(found.double(), slip.double(), atol=1e-4):
            return (words,)
    return ()


def listing(found: Any, expected: list, *, what: str, slips: Slips = NONE) -> None:
    """The answer is a list of whole numbers or names, in the right order; any row of numbers will do."""
    found = _row(found, what=what)
    if not all(isinstance(item, str | Real) and not isinstance(item, bool) for item in found):
        raise NotYet(f"{what} should hold numbers or names, found {describe(found)}")
    if found != expected:
        near = [words for words, slip in slips.items() if found == slip]
        raise NotYet(f"{what}: found {found}, expected {expected}", *near[:1])


def _row(found: Any, *, what: str) -> list:
    if isinstance(found, Tensor) and found.layout == torch.strided and found.device.type != "meta":
        found = found.tolist()
    if isinstance(found, range | np.ndarray):
        found = list(found[: MOST // 100])
    if not isinstance(found, list | tuple):
        raise NotYet(f"{what} should be a list, found {describe(found)}")
    return [_plain(item) for item in found]


def truth(found: Any, expected: bool, *, what: str, slips: Slips = NONE) -> None:
    """The answer is True or False; 1 and 0 will do."""
    found = _plain(found)
    if not isinstance(found, bool | Real) or found not in (True, False):
        raise NotYet(f"{what} should be True or False, found {describe(found)}")
    if bool(found) != expected:
        near = [words for words, slip in slips.items() if slip != expected]
        raise NotYet(f"{what}: found {bool(found)}, expected {expected}", *near[:1])


def word(found: Any, expected: str, *, what: str) -> None:
    """The answer is one name."""
    if not isinstance(found, str):
        raise NotYet(f"{what} should be a name, found {describe(found)}")
    if found != expected:
        raise NotYet(f"{what}: found {found[:40]!r}, expected {expected!r}")


KINDS = {Tensor: tensor, list: listing, bool: truth, str: word}


def whole_numbers(found: Any, *, what: str, least: int = 1) -> list[int]:
    """The answer as a list of whole numbers; a range, an array or a tensor of one row will do."""
    found = _row(found, what=what)
    if not found:
        raise NotYet(f"{what} should be a list of whole numbers, found {describe(found)}")
    for value in found:
        if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
            raise NotYet(f"{what} should hold whole numbers from {least} up, found {describe(value)}")
    return [int(value) for value in found]


def module(answer: Any, *inputs: Any, what: str) -> nn.Module:
    """The module that a student's function builds from these inputs."""
    if isinstance(answer, nn.Module):
        raise NotYet(f"{what}: hand over the function that builds it, found the module {describe(answer)} itself")
    built = call(answer, *inputs)
    if isinstance(built, type):
        raise NotYet(f"{what} should be a module, found the class {built.__name__}: call it, {built.__name__}(...)")
    if not isinstance(built, nn.Module):
        raise NotYet(f"{what} should be a module, such as nn.Conv2d(...), found {describe(built)}")
    if lazy(built):
        raise NotYet(f"{what} {LAZY}", drawn=False)
    return built


def lazy(module: nn.Module) -> bool:
    """Whether a layer in it waits for its first input before it has weights."""
    return any(map(nn.parameter.is_lazy, [*module.parameters(), *module.buffers()]))


def statements(found: Any, right: str, why: Mapping[str, str]) -> None:
    """The answer names the statements that follow from a table, by their letters; one wrong letter is explained."""
    word = f"write the letters as one word, such as {''.join(why)[:2]!r}"
    if not isinstance(found, str | list | tuple | set | frozenset) or len(found) > MOST // 100:
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
