"""Where a progress bar writes: in a notebook a line that is empty in the end, elsewhere tqdm's own stderr.

A notebook shows stderr as a pink bar and saves it with the cell.
"""

import sys


class Line:
    """One output of the cell, written over and over."""

    def __init__(self) -> None:
        self._shown = None

    def write(self, text: str) -> None:
        """Show the text in place of the last one."""
        from IPython.display import display

        data = {"text/plain": text.strip("\r\n ")}
        if self._shown is not None:
            self._shown.update(data, raw=True)
        elif data["text/plain"]:
            self._shown = display(data, raw=True, display_id=True)

    def flush(self) -> None:
        """Nothing is held back."""


def line() -> Line | None:
    """A line of the notebook that runs this; none outside of one."""
    if "ipykernel" not in sys.modules:
        return None
    from IPython import get_ipython

    return Line() if hasattr(get_ipython(), "kernel") else None
