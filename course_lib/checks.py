"""Arguments of public functions: what is no number, no path, no network is named before anything is done with it."""

import difflib
import math
from collections.abc import Iterable, Mapping, Set
from numbers import Integral, Real
from os import PathLike

MOST = 2**63 - 1  # torch counts no further


def whole(least: int, **values: object) -> None:
    """Whole numbers from `least` on: `whole(1, steps=steps)`."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Integral):
            raise TypeError(f"{name} must be a whole number, at least {least}, got {shown(value)}")
        if value < least:
            raise ValueError(f"{name} must be at least {least}, got {value}")
        if value > MOST:
            raise ValueError(f"{name} must be at most {MOST}, got {value}")


def above_zero(**values: object) -> None:
    """Refuse values that are not real numbers above 0."""
    real(**values)
    for name, value in values.items():
        if value <= 0:
            raise ValueError(f"{name} must be above 0, got {value}")


def number(**values: object) -> None:
    """Refuse what is not a number; True and False are none."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, Real):
            raise TypeError(f"{name} must be a number, got {shown(value)}")


def real(**values: object) -> None:
    """Finite numbers."""
    number(**values)
    for name, value in values.items():
        if not math.isfinite(value):
            raise ValueError(f"{name} must be a finite number, got {value}")


def text(**values: object) -> None:
    """Refuse what is not a text, and the empty text."""
    for name, value in values.items():
        if not isinstance(value, str):
            raise TypeError(f"{name} must be a text, got {shown(value)}")
        if not value:
            raise ValueError(f"{name} must not be an empty text")


def paths(**values: object) -> None:
    """Texts or pathlib's paths."""
    for name, value in values.items():
        if not isinstance(value, str | PathLike):
            raise TypeError(f"{name} must be a path (a text or a pathlib.Path), got {shown(value)}")
        if value == "":
            raise ValueError(f"{name} must be a path, got an empty text")


def data(**values: object) -> None:
    """Something that has items and knows how many: a torch data set, a list."""
    for name, value in values.items():
        import torch

        known = hasattr(value, "__len__") and hasattr(value, "__getitem__")
        if not known or isinstance(value, str | bytes | Mapping | Set | torch.Tensor | type) or hasattr(value, "dtype"):
            raise TypeError(f"{name} must be a data set of (image, label), got {shown(value)}")


def network(**values: object) -> None:
    """Refuse what is not a torch.nn.Module."""
    import torch

    for name, value in values.items():
        if not isinstance(value, torch.nn.Module):
            raise TypeError(f"{name} must be a network (torch.nn.Module), got {shown(value)}")


def device(value: object):
    """The torch device that is meant; None stays None."""
    import torch

    if value is None:
        return None
    try:
        if not isinstance(value, str | torch.device):
            raise TypeError
        found = torch.device(value)
    except (RuntimeError, TypeError):
        raise ValueError(f'device must be "cpu", "cuda", "cuda:0" or a torch.device, got {shown(value)}') from None
    if found.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f'device is {str(found)!r}, but torch finds no CUDA GPU here: take device="cpu"')
    return found


def meant(value: object, known: Iterable[str]) -> str:
    """The end of an error about a name: "; did you mean 'unet'?", or nothing where no known name is close."""
    close = difflib.get_close_matches(str(value), known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def shown(value: object) -> str:
    """A short value as it is written, a long one by its kind."""
    try:
        written = repr(value)
    except Exception:  # an object may not even be able to show itself
        written = ""
    short = 0 < len(written) <= 60 and "\n" not in written
    return f"{written} ({type(value).__name__})" if short else f"a {type(value).__name__}"
