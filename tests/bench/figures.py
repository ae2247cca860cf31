"""Figures that a bench measured go into the instructor's page, between two marks that name the bench."""

import datetime
import os
import platform
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "notebooks" / "INSTRUCTORS.md", ROOT / "notebooks" / "source" / "instructors.md"]


def noted(bench: str, text: str) -> None:
    """Puts the text in the place of what the bench wrote the last time, in the page and in its source."""
    begin, end = f"<!-- {bench}: made by `make bench ARGS={bench}` -->", f"<!-- end of {bench} -->"
    for page in PAGES:
        before, found, rest = page.read_text().partition(begin)
        if not found:
            raise ValueError(f"{page} has no line {begin}, where the figures of this bench stand")
        page.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}")


def here() -> str:
    """The day and the machine."""
    memory = psutil.virtual_memory().total / 2**30
    return f"{datetime.date.today()}, {platform.system()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GB"
