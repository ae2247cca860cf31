"""A short name for what the check of an exercise does, so that a class is graded again where a check has changed.

The name is made from the syntax tree of the check and of all that it uses. Comments, hints and formatting do not change
it.
"""

import ast
import hashlib
import importlib
import inspect
from collections.abc import Iterator
from functools import cache

from course_lib import exercises
from course_lib.evidence import code_shape


@cache
def fingerprint(number: str) -> str:
    """The name of one exercise's check; nothing for a number that no exercise has."""
    judge = next((held.judge for held in exercises.all_exercises() if held.number == number), None)
    if judge is None:
        return ""
    nodes = dict(_defined(judge.__module__))
    used, waiting = {judge.__name__}, [judge.__name__]
    while waiting:
        words = {part.id for part in ast.walk(nodes[waiting.pop()]) if isinstance(part, ast.Name)}
        waiting += (new := words & nodes.keys() - used)
        used |= new
    imports = [ast.unparse(nodes[name]) for name in used if isinstance(nodes[name], ast.Import | ast.ImportFrom)]
    modules = code_shape.of_modules("course_lib.checking.exercise", *code_shape.imported("\n".join(imports)))
    shapes = sorted(code_shape.shape(nodes[name]) for name in used)
    return hashlib.sha256("\n".join([modules, *shapes]).encode()).hexdigest()[:8]


def _defined(module: str) -> Iterator[tuple[str, ast.stmt]]:
    """The names of a module with the statements that make them; of an exercise without its hints and its title."""
    for node in code_shape.tree(inspect.getsource(importlib.import_module(module))).body:
        if isinstance(node, ast.FunctionDef):
            node.decorator_list = []
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name.partition(".")[0], node) for alias in node.names)
        else:
            stored = [n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
            yield from ((name.id, node) for name in stored)
