"""Where the course's own data lies: beside the code in a checkout, inside the package once installed."""

from pathlib import Path

_package = Path(__file__).parent
_checkout = _package.parent


def in_checkout() -> bool:
    """True when the code runs from a clone of the repository rather than from an installed package."""
    return (_checkout / "pyproject.toml").is_file() and (_checkout / "data").is_dir()


def data() -> Path:
    """The folder with photographs, checkpoints and the ledger."""
    return _checkout / "data" if in_checkout() else _package / "data"


def downloads() -> Path:
    """Where data sets and weights that a student fetches are kept; ignored by git."""
    return data() / "downloads" if in_checkout() else Path.home() / ".cache" / "beyond_fcn"


def cache() -> Path:
    """Where long measurements keep what they have so far; ignored by git, and safe to delete."""
    return _checkout / ".cache" if in_checkout() else Path.home() / ".cache" / "beyond_fcn"
