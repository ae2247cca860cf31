"""What changes in a student's notebook once the exercises are solved: the cells that run again, with their solutions.

The solution notebook differs from the student's only in the cells of exercises (`test_solved.py`). So whoever has run
the student's notebook, then puts in each solution and runs these cells, and those that read a name which one of them
binds, has run every cell of the solution notebook after the cells that it depends on.
"""

import ast
import symtable

import nbformat
from IPython.core.inputtransformer2 import TransformerManager

from notebooks import build


def solved(name: str) -> dict[int, str]:
    """The code of each cell to run again, by its number among the code cells, in the order of the notebook."""
    given, solution = code_cells(name, solutions=False), code_cells(name, solutions=True)
    found, changed = {}, set()
    for number, (before, after) in enumerate(zip(given, solution, strict=True)):
        bound, read = names(after.source)
        if before.source != after.source or read & changed:
            found[number] = after.source
            changed |= bound
    return found


def code_cells(name: str, *, solutions: bool) -> list[nbformat.NotebookNode]:
    """The code cells of a notebook as it is kept."""
    cells = nbformat.read(build.target(name, solutions), 4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def names(code: str) -> tuple[set[str], set[str]]:
    """The names of the notebook that a cell binds, and those that it reads, also inside its functions."""
    code = TransformerManager().transform_cell(code)
    top = symtable.symtable(code, "cell", "exec")
    bound = {one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported()}
    read = {one.get_name() for one in top.get_symbols() if one.is_referenced()}
    inside = top.get_children()
    while inside:
        scope = inside.pop()
        inside += scope.get_children()
        outer = [one for one in scope.get_symbols() if one.is_global()]
        bound |= {one.get_name() for one in outer if one.is_assigned()}
        read |= {one.get_name() for one in outer if one.is_referenced()}
    changed = [node.target for node in ast.walk(ast.parse(code)) if isinstance(node, ast.AugAssign)]
    return bound, read | {one.id for one in changed if isinstance(one, ast.Name)} & bound
