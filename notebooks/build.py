"""Builds the notebooks: source -> student notebook and solution notebook, both run, outputs kept.

`make notebooks` (or `python -m notebooks.build NAME ... [--force]`). What did not change is not built again. A notebook
remembers what it says and shows (checked by the lint) and the shape of the library's code that it reaches (reported by
`--stale`: a refactoring changes the shape and no output).
"""

import argparse
import hashlib
import json
import math
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import psutil
import yaml
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from course_lib.evidence import code_shape, ledger
from course_lib.evidence.ledger import all_claims
from course_lib.evidence.ledger_text import NAMED
from notebooks import convert, coverage, drawings, first_cell, pages, readme
from notebooks.words import Shelf

HERE = Path(__file__).parent
HEAVY_SECONDS = 5
SHOWN = ("id", "statement", "verdict", "values", "core", "differences", "facts", "paper", "remark")
CELL_LIMIT = 120


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="notebooks to build, such as 00_start_here; all when none is named")
    parser.add_argument("--force", action="store_true", help="build also what did not change")
    parser.add_argument("--times", action="store_true", help="build, and write into each source how long it ran")
    parser.add_argument("--stale", action="store_true", help="say which would be built, and build nothing")
    options = parser.parse_args()
    known = {path.stem: path for path in sources()}
    if unknown := set(options.names) - set(known):
        parser.error(f"no source named {sorted(unknown)}, expected some of {sorted(known)}")
    if options.stale:
        print("\n".join(stale(known.values())) or "no notebook is older than its source or the library")
        return 0
    for name in options.names or known:
        build(known[name], False, options.force or options.times, options.times)
        build(known[name], True, options.force)
    if not options.names:
        ledger.refresh(all_claims())  # its page names the section that shows each row
        for path, text in pages_now().items():
            path.write_text(text)
        readme.write()
    return 0


def sources() -> list[Path]:
    return sorted((HERE / "source").glob("[0-9][0-9]_*.py"))


def target(name: str, solutions: bool) -> Path:
    return HERE / ("solutions" if solutions else ".") / f"{name}.ipynb"


@cache
def loaded(name: str) -> Any:
    return yaml.safe_load((HERE / "source" / f"{name}.yml").read_text())


def shelf(solutions: bool) -> Shelf:
    """What the words may refer to. A released notebook may travel alone: its glossary is the published one."""
    beside = "../GLOSSARY.md" if solutions else "GLOSSARY.md"
    return Shelf(loaded("references"), loaded("glossary"), first_cell.published("GLOSSARY.md") or beside)


def pages_now() -> dict[Path, str]:
    """The pages beside the notebooks, as their sources say they should be."""
    lectures = [convert.parse(path.stem, path.read_text()) for path in sources()]
    head = (HERE / "source" / "instructors.md").read_text()
    return {
        HERE / "GLOSSARY.md": pages.glossary(shelf(solutions=False).glossary),
        HERE / "INSTRUCTORS.md": pages.instructors(head, lectures),
        HERE / "COVERAGE.md": coverage.page(lectures, loaded("coverage")),
    }


def unrun(path: Path, solutions: bool) -> nbformat.NotebookNode:
    """The notebook that a source stands for, without outputs."""
    source = convert.parse(path.stem, path.read_text())
    source = source if solutions else convert.student(source)
    badge = "" if solutions else first_cell.badge(path.stem)
    return convert.notebook(source, first_cell.text(), shelf(solutions), badge)


def inputs_of(built: nbformat.NotebookNode) -> str:
    """The fingerprint of what a notebook says and shows: its words, its code, and what the ledger's rows say."""
    text = "\n".join(f"{cell.cell_type} {cell.source}" for cell in built.cells)
    code = "\n".join(cell.source for cell in built.cells if cell.cell_type == "code")
    rows = ledger.read()
    shown = [json.dumps({part: rows.get(name, {}).get(part) for part in SHOWN}) for name in evidence_in(code)]
    return hashlib.sha256("\n".join([text, *shown]).encode()).hexdigest()[:16]


def library_of(built: nbformat.NotebookNode) -> str:
    """The shape of the library's code that a notebook reaches; another shape may well give the same outputs.

    The first cell is the same everywhere, and no plain Python.
    """
    code = "\n".join(cell.source for cell in [cell for cell in built.cells if cell.cell_type == "code"][1:])
    return code_shape.of_modules("course_lib.notebook", *code_shape.imported(code))


def evidence_in(code: str) -> list[str]:
    """The ids of the claims that a notebook shows, in their order."""
    return [name for call in NAMED.findall(code) for name in re.findall(r'"(\w+)"', call)]


def build(path: Path, solutions: bool, force: bool = False, timed: bool = False) -> None:
    """Builds and runs one notebook, unless the one that is there has the same words, rows and library."""
    goal, built = target(path.stem, solutions), unrun(path, solutions)
    built.metadata |= {"inputs": inputs_of(built), "library": library_of(built)}
    there = nbformat.read(goal, 4).metadata if goal.exists() else {}
    if not force and all(there.get(part) == built.metadata[part] for part in ("inputs", "library")):
        return
    seconds = run(built, path.stem, "" if solutions else drawings.starting(path.stem))
    print(f"{goal.relative_to(HERE.parent)}: ran in {seconds:.0f} s", flush=True)
    if timed:
        state_seconds(path, seconds)
        built.cells[0] = unrun(path, solutions).cells[0]
        built.metadata["inputs"] = inputs_of(built)
    goal.parent.mkdir(exist_ok=True)
    nbformat.write(clean(built), goal)


def state_seconds(path: Path, seconds: float) -> None:
    """Writes into the front matter of a source how long its notebook ran, rounded up to five seconds."""
    stated = f"# run_seconds: {5 * math.ceil(seconds / 5)}"
    path.write_text(re.sub(r"^# run_seconds: .*$", stated, path.read_text(), count=1, flags=re.M))


def stale(paths: Iterable[Path]) -> Iterator[str]:
    """The notebooks that `make notebooks` would build again, each with the reason."""
    for path in paths:
        for solutions in (False, True):
            goal, now = target(path.stem, solutions), unrun(path, solutions)
            there = nbformat.read(goal, 4).metadata if goal.exists() else {}
            if there.get("inputs") != inputs_of(now):
                yield f"{goal.relative_to(HERE.parent)}: its words or rows changed"
            elif there.get("library") != library_of(now):
                yield f"{goal.relative_to(HERE.parent)}: the library's code changed; its outputs may be the same"


def run(built: nbformat.NotebookNode, name: str, first: str) -> float:
    """Runs every cell and returns the seconds that they took together, without those in which a cell only waited.

    `first` runs before them and leaves nothing in the notebook. A cell that is heavy must be tagged so, because then
    the text before it says how long.
    """
    total = 0.0
    client = NotebookClient(built, timeout=CELL_LIMIT, resources={"metadata": {"path": str(HERE)}})
    with client.setup_kernel(env={**os.environ, "BEYOND_FCN_PROGRESS": "off"}):
        client.kc.execute(first, silent=True)
        kernel = psutil.Process(client.km.provisioner.pid)
        for index, cell in enumerate(built.cells):
            if cell.cell_type != "code":
                continue
            began, worked = time.monotonic(), sum(kernel.cpu_times()[:2])
            try:
                client.execute_cell(cell, index)
            except CellExecutionError as error:
                sys.exit(f"{name}, cell {index}:\n{cell.source}\n\n{error.ename}: {error.evalue}")
            # on a busy machine a cell waits: what it waited is not its own
            seconds = min(time.monotonic() - began, sum(kernel.cpu_times()[:2]) - worked)
            total += seconds
            heavy = "heavy" in cell.metadata.get("tags", [])
            if seconds > HEAVY_SECONDS and not heavy and index != 1:
                sys.exit(
                    f"{name}, cell {index} took {seconds:.0f} s: tag it heavy, and say before it how long it takes"
                )
    return total


def clean(built: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Only what stays the same from build to build: no times, no widget state, no bars of progress."""
    built.metadata.pop("widgets", None)
    built.metadata.language_info = {"name": "python"}
    for number, cell in enumerate((c for c in built.cells if c.cell_type == "code"), start=1):
        cell.execution_count = number
        cell.metadata.pop("execution", None)
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
            for kind in [k for k in output.get("data", {}) if k.startswith("application/vnd.jupyter.widget")]:
                del output.data[kind]
            if "text" in output:
                output.text = re.sub(r" at 0x[0-9a-f]+", "", output.text)
        cell.outputs = _joined(output for output in cell.outputs if not _is_progress(output))
    return built


def _is_progress(output: nbformat.NotebookNode) -> bool:
    """A bar on stderr, or the empty place of one in the page that has gone."""
    if output.output_type == "stream":
        return output.name == "stderr" and "\r" in output.text
    return output.get("data") == {"text/plain": ""}


def _joined(outputs: Iterable[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """What follows in the same stream as one text: into how many it is cut hangs on the moment."""
    joined: list[nbformat.NotebookNode] = []
    for output in outputs:
        if joined and output.output_type == "stream" and output.name == joined[-1].get("name"):
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


if __name__ == "__main__":
    sys.exit(main())
