"""What is done, kept in one small file on this machine and nowhere else."""

import json
import os
from pathlib import Path


def place() -> Path:
    """The file; BEYOND_FCN_PROGRESS names another one."""
    named = os.environ.get("BEYOND_FCN_PROGRESS")
    return Path(named) if named else Path.home() / ".beyond_fcn_progress.json"


def done() -> list[str]:
    """The numbers of the exercises that were answered correctly."""
    try:
        found = json.loads(place().read_text())
    except (OSError, ValueError):
        return []
    return sorted(str(number) for number in found) if isinstance(found, list) else []


def note(number: str) -> None:
    """Adds one; a disk that cannot be written never stands in a student's way."""
    text = json.dumps(sorted({*done(), number}))
    try:
        temporary = place().with_suffix(".new")
        temporary.write_text(text)
        temporary.replace(place())
    except OSError:
        pass
