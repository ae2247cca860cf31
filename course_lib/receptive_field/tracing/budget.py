"""How much a run may cost: beyond that an answer is a bound that says so, and never a wait without end."""

from __future__ import annotations

import time

SECONDS = 3.0  # of CPU time for one more run of the model on a larger image
CELLS = 30_000_000  # numbers held for one image at a time, 8 bytes each


class OutOfBudget(Exception):
    """A run took more time or memory than it may."""


class Budget:
    """Counts down. One that was given nothing never ends."""

    def __init__(self, seconds: float | None = None, cells: int | None = None):
        self.cells = cells
        self.until = None if seconds is None else time.thread_time() + seconds
        self.look_at = None if seconds is None else time.monotonic() + seconds  # no sooner can the time be up

    def spend(self, cells: int = 0) -> None:
        """Raise `OutOfBudget` when the time is up or the numbers are too many."""
        if self.look_at is not None and time.monotonic() > self.look_at:
            left = self.until - time.thread_time()  # asking for this is slow on some machines
            if left <= 0:
                raise OutOfBudget("no time left")
            self.look_at = time.monotonic() + left
        if self.cells is not None:
            self.cells -= cells
            if self.cells < 0:
                raise OutOfBudget("no memory left")
