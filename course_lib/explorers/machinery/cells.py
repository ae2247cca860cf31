"""Which cell shows which explorer: when a cell has run again, what only its earlier run had shown is closed.

Jupyter keeps every widget with its table until it is closed: a cell run a hundred times would hold a hundred of them.
Where the front end does not say which cell runs (JupyterLab does), nothing is closed.
"""

import sys
from typing import Any, Protocol


class Closable(Protocol):
    """What is asked of an explorer; a lent one may be seen where no cell tells, and stays."""

    lent: bool

    def close(self) -> None:
        """Free what showing it took."""


SHOWN: dict[str, set[Closable]] = {}  # by each cell's last run
NOW: dict[str, set[Closable]] = {}  # by the runs that have not ended


def note(explorer: Closable) -> None:
    """The cell that runs shows this explorer."""
    shell, cell = running()
    if cell is None:
        explorer.lent = True
    else:
        NOW.setdefault(cell, set()).add(explorer)
        shell.events.register("post_run_cell", ended)  # once: IPython leaves out what it has


def ended(_result: object) -> None:
    """The cell has run; not before, for it may show an explorer again that stands where a student has moved it."""
    if (cell := running()[1]) is not None:
        before, SHOWN[cell] = SHOWN.get(cell, set()), NOW.pop(cell, set())
        for explorer in before.difference(*SHOWN.values()):
            if not explorer.lent:
                explorer.close()


def running() -> tuple[Any, str | None]:
    """IPython's shell and the cell that it runs, where both are known."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    parent = shell.get_parent() if hasattr(shell, "get_parent") else {}
    return shell, parent.get("metadata", {}).get("cellId")
