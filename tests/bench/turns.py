"""Ours and theirs by turns, so that a busy machine slows both alike; a peer that is not installed is named and left."""

import importlib
import statistics
import time
from collections.abc import Callable
from types import ModuleType

ROUNDS = 10


def in_turn(*tasks: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, ...]:
    """The median CPU time of each task, after one round that does not count."""
    times: list[list[float]] = [[] for _ in tasks]
    for counts in [False] + [True] * rounds:
        for task, taken in zip(tasks, times):
            start = time.process_time()
            task()
            if counts:
                taken.append(time.process_time() - start)
    return tuple(statistics.median(taken) for taken in times)


def peer(module: str, package: str | None = None) -> ModuleType | None:
    """A library to measure against, or a line that says how it would come here."""
    try:
        return importlib.import_module(module)
    except ImportError:
        print(f"  {package or module} is not installed: measured without it (pip install {package or module})")
        return None
