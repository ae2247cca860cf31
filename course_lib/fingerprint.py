"""A short name for what a piece of code does: the same while only comments, docstrings or formatting change.

`of_modules("course_lib.scenes")` follows the imports inside the course from there on, so the name changes when, and
only when, something that the module really uses changes. The notebooks are rebuilt by it.
"""

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


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


def imported(source: str, package: str = "") -> set[str]:
    """The modules of the course named by the imports of a source text."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1] + [base] * bool(base))
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return {name for name in found if name.split(".")[0] == "course_lib" and module_path(name)}


def module_path(name: str) -> Path | None:
    """The file of a module of the course, or nothing when the name is not a module."""
    stem = ROOT.joinpath(*name.split("."))
    return next((path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()), None)


def digest(source: str) -> str:
    """A hash of a source text's syntax tree, equal on every Python version."""
    return hashlib.sha256(shape(ast.parse(source)).encode()).hexdigest()


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
    body = node.body  # type: ignore[attr-defined]
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and body:
        first = body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            return body[1:]
    return body


def of_function(module: str, name: str) -> str:
    """The fingerprint of one function: what it uses of its own module, and the modules that those parts reach."""
    path = module_path(module)
    if path is None:
        raise ValueError(f"{module} is not a module of the course")
    tree = ast.parse(path.read_text())
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    defined, imports = _top_level(Bare().visit(tree), package)
    if name not in defined:
        raise ValueError(f"{module} defines no {name!r} at its top level")
    used, waiting, modules = set(), [name], set()
    while waiting:
        current = waiting.pop()
        if current in used:
            continue
        used.add(current)
        for node in ast.walk(defined[current]):
            if isinstance(node, ast.Name):
                waiting += [node.id] if node.id in defined else []
                modules |= imports.get(node.id, set())
            elif isinstance(node, ast.Import | ast.ImportFrom):
                modules |= imported(ast.unparse(node), package)
    parts = sorted(hashlib.sha256(shape(defined[part]).encode()).hexdigest() for part in used)
    return hashlib.sha256("\n".join([*parts, of_modules(*modules)]).encode()).hexdigest()[:16]


class Bare(ast.NodeTransformer):
    """Drops what does not run when a function is called: its decorators and the types of its arguments."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        node.decorator_list, node.returns = [], None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node


def _top_level(tree: ast.Module, package: str) -> tuple[dict[str, ast.AST], dict[str, set[str]]]:
    """What a module defines by name, and which modules of the course each imported name stands for."""
    defined: dict[str, ast.AST] = {}
    imports: dict[str, set[str]] = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                defined |= {leaf.id: node for leaf in ast.walk(target) if isinstance(leaf, ast.Name)}
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                single = (
                    ast.ImportFrom(node.module, [alias], node.level)
                    if isinstance(node, ast.ImportFrom)
                    else ast.Import([alias])
                )
                imports[(alias.asname or alias.name).split(".")[0]] = imported(ast.unparse(single), package)
    return defined, imports
