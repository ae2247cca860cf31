"""What is done, kept in one small file on this machine and nowhere else."""

import json
import os
from pathlib import Path


def place() -> Path | None:
    """The file; BEYOND_FCN_PROGRESS names another one, or is "off" for no record at all."""
    named = os.environ.get("BEYOND_FCN_PROGRESS")
    if named == "off":
        return None
    return Path(named) if named else Path.home() / ".beyond_fcn_progress.json"


def done() -> list[str]:
    """The numbers of the exercises that were answered correctly."""
    path = place()
    if path is None:
        return []
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError):
        return []
    return sorted(str(number) for number in found) if isinstance(found, list) else []


def note(number: str) -> None:
    """Adds one; a disk that cannot be written never stands in a student's way."""
    path = place()
    if path is None:
        return
    text = json.dumps(sorted({*done(), number}))
    try:
        temporary = path.with_suffix(".new")
        temporary.write_text(text)
        temporary.replace(path)
    except OSError:
        pass
