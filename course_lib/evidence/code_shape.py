"""A short name for what a piece of code does: the same while only comments, docstrings or formatting change.

`of_modules("course_lib.scenes")` follows the imports inside the course from there on, so the name changes when, and
only when, something that the module really uses changes. `make notebooks` builds again what it finds changed; no
test asks for it.
"""

import ast
import hashlib
import threading
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PARSING = threading.Lock()


def of_modules(*names: str) -> str:
    """The fingerprint of modules of the course and of every module of the course that they reach."""
    parts = [f"{name}:{digest(module_path(name).read_text())}" for name in sorted(reached(names)) if module_path(name)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def reached(names: Iterable[str]) -> set[str]:
    """The named modules and all modules of the course that they import, directly or not."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in found or module_path(name) is None:
            continue
        found.add(name)
        waiting += imports_of(name)
    return found


@cache
def imports_of(name: str) -> tuple[str, ...]:
    """The modules of the course that one module imports, also inside functions."""
    path = module_path(name)
    assert path is not None
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    return tuple(sorted(imported(path.read_text(), package)))


@cache
def imported(source: str, package: str = "") -> frozenset[str]:
    """The modules of the course named by the imports of a source text."""
    found: set[str] = set()
    for node in ast.walk(tree(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1] + [base] * bool(base))
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return frozenset(name for name in found if name.split(".")[0] == "course_lib" and module_path(name))


def module_path(name: str) -> Path | None:
    """The file of a module of the course, or nothing when the name is not a module."""
    stem = ROOT.joinpath(*name.split("."))
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)


def tree(source: str) -> ast.Module:
    """The syntax tree of a source text, made for one thread at a time.

    Before 3.11.8 and 3.12.2 Python counts how deep it is in a tree for all threads together, and where two of them
    meet it stops with a SystemError (python/cpython#106905).
    """
    with _PARSING:
        return ast.parse(source)


@cache
def digest(source: str) -> str:
    """A hash of a source text's syntax tree, equal on every Python version."""
    return hashlib.sha256(shape(tree(source)).encode()).hexdigest()


def shape(node: object) -> str:
    """The tree as text; empty fields are left out, because Python versions differ in which ones they have."""
    if isinstance(node, ast.AST):
        fields = ((name, without_docstring(node) if name == "body" else value) for name, value in ast.iter_fields(node))
        inside = ",".join(
            f"{name}={shape(value)}" for name, value in fields if value not in (None, []) and name != "kind"
        )
        return f"{type(node).__name__}({inside})"
    if isinstance(node, list):
        return "[" + ",".join(map(shape, node)) + "]"
    return repr(node)


def without_docstring(node: ast.AST) -> object:
    """The statements of a node, without its docstring."""
    body = node.body  # type: ignore[attr-defined]
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and body:
        first = body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            return body[1:]
    return body
