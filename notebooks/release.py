"""Stamps the course's address and tag: `make release REPOSITORY=owner/name TAG=v1.0`.

The address is written once, in first_cell.py; from there it goes into every first cell and badge. Outputs stay.
"""

import argparse
import importlib
import re
import sys
from pathlib import Path

import nbformat

from notebooks import build, first_cell, readme


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository", help="owner/name, or a whole address")
    parser.add_argument("tag", help="the tag or branch that holds this release")
    options = parser.parse_args()
    stamp(address_of(options.repository), options.tag)
    return 0


def address_of(repository: str) -> str:
    if re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        return f"https://github.com/{repository}.git"
    if re.match(r"(https|file)://", repository):
        return repository
    raise SystemExit(f"expected REPOSITORY=owner/name, got {repository!r}")


def stamp(address: str, tag: str) -> None:
    """Writes address and tag into first_cell.py, then into what was built from it."""
    here = Path(first_cell.__file__)
    text = re.sub(r'^ADDRESS = ".*"$', f'ADDRESS = "{address}"', here.read_text(), flags=re.M)
    here.write_text(re.sub(r'^TAG = ".*"$', f'TAG = "{tag}"', text, flags=re.M))
    importlib.reload(first_cell)
    for path in build.sources():
        for solutions in (False, True):
            restamp(path, solutions)
    readme.write()


def restamp(path: Path, solutions: bool) -> None:
    """Takes over the new first cell and badge, and keeps the outputs of the old notebook."""
    goal = build.target(path.stem, solutions)
    old, new = nbformat.read(goal, 4), build.unrun(path, solutions)
    if len(old.cells) != len(new.cells):
        raise SystemExit(f"{goal.name} does not match its source: run make notebooks first")
    for before, after in zip(old.cells, new.cells):
        if after.cell_type == "code":
            after.outputs, after.execution_count = before.outputs, before.execution_count
    new.metadata |= {"inputs": build.inputs_of(new), "library": build.library_of(new)}
    nbformat.write(new, goal)


if __name__ == "__main__":
    sys.exit(main())
