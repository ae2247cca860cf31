"""What every notebook of the course promises, checked: `python -m notebooks.lint`, and part of `make test`.

Each rule takes a built notebook and yields complaints in words; `complaints` runs them all. `main` runs them on the
whole course and checks that the built files match their sources.
"""

import ast
import re
import statistics
import sys
from collections.abc import Iterator
from importlib.metadata import requires
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_lib.evidence.ledger import all_claims
from notebooks import build, first_cell

CELLS = range(20, 46)
MEDIAN_LINES, MOST_LINES = 8, 25
MEGABYTES = 1.5
HOW_LONG = re.compile(r"\b\d+\s+(seconds|s|minutes)\b")
IMPORT_NAMES = {"pillow": "PIL"}
HERE = Path(__file__).parent


def main() -> int:
    found = [line for path in build.sources() for line in of_source(path)]
    found += [*of_evidence(), *of_pages()]
    print("\n".join(found) if found else "The notebooks keep their promises.")
    return int(bool(found))


def of_source(path: Path) -> Iterator[str]:
    """The complaints about both notebooks of a source."""
    for solutions in (False, True):
        goal = build.target(path.stem, solutions)
        name = str(goal.relative_to(HERE))
        if not goal.exists():
            yield f"{name}: not built; run make notebooks"
            continue
        built = nbformat.read(goal, 4)
        yield from (f"{name}: {line}" for line in complaints(built, goal))
        unrun = build.unrun(path, solutions)
        if cells_of(built) != cells_of(unrun):
            yield f"{name}: does not match notebooks/source/{path.name}; run make notebooks"
        elif built.metadata.get("inputs") != build.inputs_of(unrun):
            yield f"{name}: its outputs are older than its words or rows; run make notebooks"


def of_evidence() -> Iterator[str]:
    """Every claim stands in its own lecture, once, with its evidence."""
    code = {path.stem: path.read_text() for path in build.sources()}
    shown = {name: build.evidence_in(text) for name, text in code.items()}
    for claim in all_claims():
        places = [name for name, ids in shown.items() for one in ids if one == claim.id]
        if places != [claim.notebook]:
            yield f"{claim.notebook}: evidence for {claim.id} is shown in {places or 'no lecture'}, expected here, once"


def of_pages() -> Iterator[str]:
    for path, text in build.pages_now().items():
        if not path.exists() or path.read_text() != text:
            yield f"{path.name}: older than what it is made from; run make notebooks"


def cells_of(built: NotebookNode) -> list[tuple]:
    return [(c.cell_type, c.source, c.id, tuple(c.metadata.get("tags", ()))) for c in built.cells]


def complaints(built: NotebookNode, path: Path) -> list[str]:
    """Everything that is wrong with one built notebook."""
    found = [line for rule in RULES for line in rule(built)]
    return found + list(broken_links(built, path.parent)) + list(too_large(path))


def sizes(built: NotebookNode) -> Iterator[str]:
    code = [len(cell.source.splitlines()) for cell in lesson_code(built)]
    if len(built.cells) not in CELLS:
        yield f"{len(built.cells)} cells, expected {CELLS.start} to {CELLS.stop - 1}"
    if code and statistics.median(code) > MEDIAN_LINES:
        yield f"the median code cell has {statistics.median(code)} lines, expected at most {MEDIAN_LINES}"
    for cell in lesson_code(built):
        if len(cell.source.splitlines()) > MOST_LINES:
            yield f"a cell has {len(cell.source.splitlines())} lines, expected at most {MOST_LINES}: {start_of(cell)}"


def first_cell_is_ours(built: NotebookNode) -> Iterator[str]:
    code = [cell.source for cell in built.cells if cell.cell_type == "code"]
    if not code or code[0] != first_cell.text():
        yield "the first code cell is not the course's first cell"


def only_lessons_define(built: NotebookNode) -> Iterator[str]:
    for cell in lesson_code(built):
        tree = parsed(cell)
        defines = any(isinstance(n, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) for n in ast.walk(tree))
        if defines and not {"lesson", "exercise"} & set(cell.metadata.get("tags", [])):
            yield f"def or class outside a cell tagged lesson or exercise: {start_of(cell)}"


def only_declared_imports(built: NotebookNode) -> Iterator[str]:
    known = {"course_lib", *sys.stdlib_module_names, *declared()}
    for cell in lesson_code(built):
        for node in ast.walk(parsed(cell)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                if name.split(".")[0] not in known:
                    yield f"imports {name}, which pyproject.toml does not declare"


def heavy_cells_say_how_long(built: NotebookNode) -> Iterator[str]:
    for before, cell in zip(built.cells, built.cells[1:]):
        if "heavy" in cell.metadata.get("tags", []) and not HOW_LONG.search(before.source):
            yield f"a heavy cell without its measured time in the text before it: {start_of(cell)}"


def every_picture_has_words(built: NotebookNode) -> Iterator[str]:
    for cell in built.cells:
        if cell.cell_type == "markdown":
            texts = [cell.source]
            if "![](" in cell.source:
                yield f"a picture without alt text: {start_of(cell)}"
        else:
            texts = [output.data["text/html"] for output in cell.outputs if "text/html" in output.get("data", {})]
            for output in cell.outputs:
                for kind in ("image/png", "image/jpeg"):
                    if kind in output.get("data", {}) and len(output.metadata.get(kind, {}).get("alt", "")) < 10:
                        yield f"a picture without alt text: {start_of(cell)}"
        for tag in re.findall(r"<img\b[^>]*>", "\n".join(texts)):
            if not re.search(r'\balt="[^"]{10,}"', tag):
                yield f"a picture without alt text: {start_of(cell)}"


def nothing_unstable(built: NotebookNode) -> Iterator[str]:
    if "widgets" in built.metadata:
        yield "widget state is saved"
    for cell in built.cells:
        if "execution" in cell.metadata:
            yield f"execution times are saved: {start_of(cell)}"
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                yield f"the cell failed: {start_of(cell)}"
            plain = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            if re.search(r"0x[0-9a-f]{6,}", plain):
                yield f"an object's address is saved: {start_of(cell)}"
            if any("widget-view" in kind for kind in output.get("data", {})):
                yield f"a widget's number is saved: {start_of(cell)}"


def broken_links(built: NotebookNode, folder: Path) -> Iterator[str]:
    """Links to files must lead somewhere; links to the web must at least be whole."""
    for cell in built.cells:
        if cell.cell_type != "markdown":
            continue
        for address in re.findall(r'\]\(([^)\s]*)(?: "[^"]*")?\)', cell.source):
            outside = re.match(r"https://[\w.-]+\.\w+(/\S*)?$", address)
            inside = re.match(r"[\w./#-]+$", address) and (folder / address.split("#")[0]).exists()
            if not (outside or inside):
                yield f"a link that leads nowhere: {address!r}"


def too_large(path: Path) -> Iterator[str]:
    if path.exists() and path.stat().st_size > MEGABYTES * 1e6:
        yield f"{path.stat().st_size / 1e6:.1f} MB, expected at most {MEGABYTES} MB"


RULES = (
    sizes,
    first_cell_is_ours,
    only_lessons_define,
    only_declared_imports,
    heavy_cells_say_how_long,
    every_picture_has_words,
    nothing_unstable,
)


def lesson_code(built: NotebookNode) -> list[NotebookNode]:
    """The code cells after the first one, which is the same everywhere."""
    return [cell for cell in built.cells if cell.cell_type == "code"][1:]


def parsed(cell: NotebookNode) -> ast.Module:
    lines = ["pass" if line.startswith(("%", "!")) else line for line in cell.source.splitlines()]
    return ast.parse("\n".join(lines))


def declared() -> set[str]:
    """The packages that the course itself needs, as they are imported."""
    names = [re.split(r"[\s<>=!;\[]", line)[0] for line in requires("beyond-fcn") or [] if "extra ==" not in line]
    return {IMPORT_NAMES.get(name, name) for name in names}


def start_of(cell: NotebookNode) -> str:
    return repr(cell.source.strip().splitlines()[0] if cell.source.strip() else "")


if __name__ == "__main__":
    sys.exit(main())
