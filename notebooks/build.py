"""Builds the notebooks: source -> student notebook and solution notebook, both run, outputs kept.

`make notebooks` (or `python -m notebooks.build NAME ... [--force]`). What did not change is not built again: each
notebook remembers a fingerprint of its source, its first cell and the library modules that it reaches.
"""

import argparse
import hashlib
import os
import re
import sys
import time
from functools import cache
from pathlib import Path

import nbformat
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from course_lib import fingerprint
from notebooks import convert, first_cell, readme

HERE = Path(__file__).parent
HEAVY_SECONDS = 5
CELL_LIMIT = 120


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="notebooks to build, such as 00_start_here; all when none is named")
    parser.add_argument("--force", action="store_true", help="build also what did not change")
    options = parser.parse_args()
    known = {path.stem: path for path in sources()}
    if unknown := set(options.names) - set(known):
        parser.error(f"no source named {sorted(unknown)}, expected some of {sorted(known)}")
    for name in options.names or known:
        for solutions in (False, True):
            build(known[name], solutions, options.force)
    readme.write()
    return 0


def sources() -> list[Path]:
    return sorted((HERE / "source").glob("[0-9][0-9]_*.py"))


def target(name: str, solutions: bool) -> Path:
    return HERE / ("solutions" if solutions else ".") / f"{name}.ipynb"


@cache
def references() -> dict[str, dict]:
    return yaml.safe_load((HERE / "source" / "references.yml").read_text())


def unrun(path: Path, solutions: bool) -> nbformat.NotebookNode:
    """The notebook that a source stands for, without outputs."""
    source = convert.parse(path.stem, path.read_text())
    source = source if solutions else convert.student(source)
    badge = "" if solutions else first_cell.badge(path.stem)
    return convert.notebook(source, first_cell.text(), references(), badge)


def inputs_of(path: Path) -> str:
    """The fingerprint of everything that the outputs of a notebook depend on."""
    modules = {"course_lib.notebook", *fingerprint.imported(path.read_text())}
    text = path.read_text() + first_cell.text() + fingerprint.of_modules(*modules)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def build(path: Path, solutions: bool, force: bool = False) -> None:
    """Builds and runs one notebook, unless the one that is there has the same inputs."""
    goal, inputs = target(path.stem, solutions), inputs_of(path)
    if not force and goal.exists() and nbformat.read(goal, 4).metadata.get("inputs") == inputs:
        return
    built = unrun(path, solutions)
    built.metadata["inputs"] = inputs
    began = time.monotonic()
    run(built, path.stem)
    print(f"{goal.relative_to(HERE.parent)}: ran in {time.monotonic() - began:.0f} s", flush=True)
    goal.parent.mkdir(exist_ok=True)
    nbformat.write(clean(built), goal)


def run(built: nbformat.NotebookNode, name: str) -> None:
    """Runs every cell; a cell that is heavy must be tagged so, because then the text before it says how long."""
    client = NotebookClient(built, timeout=CELL_LIMIT, resources={"metadata": {"path": str(HERE)}})
    with client.setup_kernel(env={**os.environ, "BEYOND_FCN_PROGRESS": "off"}):
        for index, cell in enumerate(built.cells):
            if cell.cell_type != "code":
                continue
            began = time.monotonic()
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                sys.exit(f"{name}, cell {index}:\n{cell.source}\n\n{error.ename}: {error.evalue}")
            seconds = time.monotonic() - began
            heavy = "heavy" in cell.metadata.get("tags", [])
            if seconds > HEAVY_SECONDS and not heavy and index != 1:
                sys.exit(
                    f"{name}, cell {index} took {seconds:.0f} s: tag it heavy, and say before it how long it takes"
                )


def clean(built: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Only what stays the same from build to build: no times, no widget state, no bars of progress."""
    built.metadata.pop("widgets", None)
    built.metadata.language_info = {"name": "python"}
    for number, cell in enumerate((c for c in built.cells if c.cell_type == "code"), start=1):
        cell.execution_count = number
        cell.metadata.pop("execution", None)
        cell.outputs = [output for output in cell.outputs if not _is_progress(output)]
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
            for kind in [k for k in output.get("data", {}) if k.startswith("application/vnd.jupyter.widget")]:
                del output.data[kind]
            if "text" in output:
                output.text = re.sub(r" at 0x[0-9a-f]+", "", output.text)
    return built


def _is_progress(output: nbformat.NotebookNode) -> bool:
    return output.output_type == "stream" and output.name == "stderr" and "\r" in output.text


if __name__ == "__main__":
    sys.exit(main())
