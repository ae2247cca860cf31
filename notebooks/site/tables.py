"""The explorers as the site shows them: each with the pictures of all its settings, in a script of its own.

A page opened from a disk may fetch nothing, but it may add a script. So a table is a call of `course.explorer`, and
host.js answers it by starting widget.js.
"""

import json
from math import prod
from pathlib import Path

from course_lib import explorers
from course_lib.evidence import code_shape, ledger
from course_lib.explorers import recorded_training
from course_lib.explorers.machinery.explorer import MOST, Explorer
from course_lib.explorers.machinery.widget import spec_of
from course_lib.files.download import digest_of
from notebooks.site import computed, fields

READS = {"ledger": ledger.file, "training_loop": recorded_training.file}  # a new file makes a new picture


def every() -> dict[str, Explorer]:
    """The explorers that a lecture shows, by the name of their script."""
    made = {name: getattr(explorers, name)() for name in explorers.__all__ if name != "receptive_field"}
    return made | fields.made()


def most_settings(explorer: Explorer) -> int:
    """How many settings there are when all controls count; no need to go through thousands of them."""
    return prod(len(control.every()) for control in explorer.controls)


def write(name: str, explorer: Explorer, folder: Path) -> None:
    """Draws every setting, or the first one and what the engine of the others starts from; once for the same code."""
    engine = computed.ENGINES.get(explorer.name)
    modules = [f"course_lib.explorers.{explorer.name}", *([engine.__module__] if engine else [])]
    read = digest_of(READS[explorer.name]()) if explorer.name in READS else ""
    path, made_by = folder / f"{name}.js", f"// {code_shape.of_modules(*modules)}{read}\n"
    if path.exists() and path.read_text().startswith(made_by):
        return
    whole = explorer._tabulated or most_settings(explorer) <= MOST
    if not whole and engine is None:
        raise ValueError(f"{name} has more than {MOST} settings: write an engine for it, and name it in computed.py")
    table = explorer.table(whole=whole).compressed()
    state = {"spec": spec_of(explorer), "settings": explorer.settings(), "table": table}
    if not whole:
        state |= {"engine": explorer.name, "data": engine(explorer)}
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{made_by}course.explorer({json.dumps(name)}, {json.dumps(state)});\n")
