"""Reads a submitted notebook as data: its code cells, which of them check an exercise, and which those need.

In comes a path, out go sources and numbers of cells; nothing of the notebook runs here. Exercise cells are known by
their `.check(` and not by tags or places, so that moved, copied or retagged cells still count.
"""

import ast
import json
import re
import symtable
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from course_lib import exercises
from course_lib.evidence import code_shape

MEGABYTES = 50
CELL, CODE = 500_000, 1_000_000  # characters of code, in a cell and in all: more is data, and belongs into a file
STATEMENTS = 2_000  # of one cell: the names of more are not looked for, since that takes the grader's own time
CHECK = re.compile(r"\b(?:(\w+)\s*\.\s*)?(\w+)\s*\.\s*check\s*\(")
COMPOUND = (ast.For, ast.While, ast.If, ast.With, ast.Try, ast.AsyncFor, ast.AsyncWith)
Cells = dict[int, str]


class Unreadable(ValueError):
    """This file is no notebook that can be graded; the text says why, in words for the instructor."""


def read(path: Path) -> Cells:
    """The code cells by their place among all cells, counted from 1; of notebooks from format 3 to 4.5."""
    if not path.is_file():
        raise Unreadable("it is no file")
    if (size := path.stat().st_size) > MEGABYTES * 1e6:
        raise Unreadable(
            f"the file has {size / 1e6:.0f} MB, more than the {MEGABYTES} MB that are read: clear its outputs"
        )
    try:
        book = json.loads(path.read_text("utf-8-sig"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Unreadable("the file is empty" if size == 0 else f"it is not JSON: {error}") from None
    found = {}
    for place, cell in enumerate(_cells(book), start=1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", cell.get("input", ""))  # input: its name in format 3
            text = "".join(map(str, source)) if isinstance(source, list) else str(source)
            if len(text) > CELL:
                raise Unreadable(
                    f"cell {place} has {len(text):,} characters of code, more than the {CELL:,} that are read"
                )
            found[place] = as_python(text.encode("utf-8", "replace").decode())
    if (size := sum(map(len, found.values()))) > CODE:
        raise Unreadable(f"its cells have {size:,} characters of code, more than the {CODE:,} that are read")
    if not any(text.strip() for text in found.values()):
        raise Unreadable("it has no code cell with anything in it")
    return found


def _cells(book: object) -> list:
    book = book if isinstance(book, dict) else {}
    cells, sheets = book.get("cells"), book.get("worksheets")
    if cells is None and isinstance(sheets, list):  # format 3
        lists = [sheet.get("cells") for sheet in sheets if isinstance(sheet, dict)]
        cells = [cell for held in lists if isinstance(held, list) for cell in held]
    if not isinstance(cells, list):
        raise Unreadable("it is JSON, but no notebook: it has no list of cells")
    return cells


def as_python(source: str) -> str:
    """The cell without what only a notebook understands; lines keep their numbers."""
    lines = source.splitlines()
    if lines and lines[0].lstrip().startswith("%%"):
        if not re.match(r"\s*%%(time|timeit|capture|prun)\b", lines[0]):
            return ""
        lines[0] = ""
    blank = re.compile(r"(\s*)([%!?].*|[\w.]+\?{1,2})\s*")
    return "\n".join(re.sub(r"\S.*", "pass", line, count=1) if blank.fullmatch(line) else line for line in lines)


def tasks() -> dict[str, dict[str, tuple[str, str]]]:
    """The exercises by module and name: {"start": {"iou": ("0.2", title)}}."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for name, module in vars(exercises).items():
        if module in exercises.MODULES:
            held = {n: (e.number, e.title) for n, e in vars(module).items() if isinstance(e, exercises.Exercise)}
            found[name] = held
    return found


def checked_in(cells: Cells) -> dict[str, list[int]]:
    """For each exercise, by number, the cells that check it."""
    named: dict[str, dict[str, str]] = {}  # attribute -> module -> number
    for module, held in tasks().items():
        for name, (number, _) in held.items():
            named.setdefault(name, {})[module] = number
    found: dict[str, list[int]] = {}
    open_ones = []
    for place, source in cells.items():
        for module, name in CHECK.findall(without_comments(source)):
            places = named.get(name, {})
            if module in places or len(places) == 1:
                found.setdefault(places.get(module) or next(iter(places.values())), []).append(place)
            elif places:
                open_ones.append((place, set(places.values())))
    lectures = {number.split(".")[0] for number in found}
    for place, numbers in open_ones:  # `q = exercises.skips; q.field.check(...)`: the one of this notebook's lecture
        for number in numbers:
            if number.split(".")[0] in lectures:
                found.setdefault(number, []).append(place)
    return found


def without_comments(source: str) -> str:
    """The source without what follows a # on each line."""
    return "\n".join(line.partition("#")[0] for line in source.splitlines())


def needed(cells: Cells, wanted: Collection[int]) -> Cells:
    """The wanted cells, and the earlier ones that define a name they use, directly or not.

    Drawings, explorers and trainings that no exercise builds on are left out; of a cell that is only needed for what it
    imports, only the imports are kept. A name that comes from elsewhere (a star import, exec) is not seen here; the
    runner then runs the cells that were left out.
    """
    known = {place: reads_and_writes(cells[place]) for place in cells if place <= max(wanted, default=0)}
    chosen, names = set(wanted), set()
    while True:
        names = names.union(*(known[place][0] for place in chosen))
        more = {place for place, (_, writes) in known.items() if writes & names} - chosen
        imports = {place for place in more if known[place][1] & names <= imported(cells[place])}
        if not more - imports:
            break
        chosen |= more - imports
    kept = {place: cells[place] for place in chosen} | {place: only_imports(cells[place]) for place in imports}
    return dict(sorted(kept.items()))


def imports_of(source: str) -> list[ast.stmt]:
    """The import statements of a cell."""
    return [
        statement for statement in code_shape.tree(source).body if isinstance(statement, ast.Import | ast.ImportFrom)
    ]


def imported(source: str) -> set[str]:
    """The names that a cell's imports bind."""
    return {(alias.asname or alias.name).split(".")[0] for node in imports_of(source) for alias in node.names}


def only_imports(source: str) -> str:
    """The cell with nothing but its imports, each in its line."""
    kept = {line for node in imports_of(source) for line in range(node.lineno, node.end_lineno + 1)}
    return "\n".join(line if number in kept else "" for number, line in enumerate(source.splitlines(), start=1))


@lru_cache(maxsize=1000)
def reads_and_writes(source: str) -> tuple[set[str], set[str]]:
    """The names a cell takes from earlier cells, and the names it gives to later ones; none if it does not parse."""
    try:
        statements = code_shape.tree(source).body
        return _reads_and_writes(statements) if len(statements) <= STATEMENTS else (set(), set())
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # too deep, too odd: the cell says so when it runs
        return set(), set()


def _reads_and_writes(statements: list[ast.stmt]) -> tuple[set[str], set[str]]:
    reads: set[str] = set()
    writes: set[str] = set()
    for statement in statements:
        table = symtable.symtable(ast.unparse(statement), "cell", "exec")
        used, given = _used(table), {s.get_name() for s in table.get_symbols() if s.is_assigned() or s.is_imported()}
        given |= {s.get_name() for s in table.get_symbols() if s.is_namespace()}
        stored = {_root(node) for node in ast.walk(statement) if isinstance(node, ast.Attribute | ast.Subscript)
                  and isinstance(node.ctx, ast.Store)}  # fmt: skip
        reads |= used - writes - (given if isinstance(statement, COMPOUND) else set())
        writes |= given | (stored - {""})
    return reads, writes


def _used(table: symtable.SymbolTable) -> set[str]:
    top = table.get_type() == "module"
    used = {s.get_name() for s in table.get_symbols() if s.is_referenced() and (top or s.is_global())}
    return used.union(*map(_used, table.get_children()))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else ""
