"""The explorers as the site shows them: each with the pictures of all its settings, in a script of its own.

A page opened from a disk may fetch nothing, but it may add a script. So a table is a call of `course.explorer`, and
host.js answers it by starting widget.js.
"""

import json
from math import prod
from pathlib import Path

from course_lib import explorers
from course_lib.evidence import code_shape
from course_lib.explorers.machinery.explorer import MOST, Explorer
from course_lib.explorers.machinery.widget import spec_of


def without_python() -> dict[str, Explorer]:
    """The explorers of which every picture can be stored: the tables of the notebooks, and what is as small."""
    made = {name: getattr(explorers, name)() for name in explorers.__all__}
    return {name: one for name, one in made.items() if one._tabulated or most_settings(one) <= MOST}


def most_settings(explorer: Explorer) -> int:
    """How many settings there are when all controls count; no need to go through thousands of them."""
    return prod(len(control.every()) for control in explorer.controls)


def write(name: str, explorer: Explorer, folder: Path) -> None:
    """Draws every setting, also of an explorer that asks Python for them in a notebook; once for the same code."""
    path, made_by = folder / f"{name}.js", f"// {code_shape.of_modules(f'course_lib.explorers.{name}')}\n"
    if path.exists() and path.read_text().startswith(made_by):
        return
    table = explorer.table(whole=True).compressed()
    state = {"spec": spec_of(explorer), "settings": explorer.settings(), "table": table}
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{made_by}course.explorer({json.dumps(name)}, {json.dumps(state)});\n")
