"""Student and solution notebooks differ in the exercises alone, so that the browser plays both in one run."""

import ast

import pytest

from notebooks import build
from tests.browser.solved import code_cells, names, solved

every_lecture = pytest.mark.parametrize("name", [path.stem for path in build.sources()])
PLAIN = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.Assign, ast.Expr)


@every_lecture
def test_only_the_cells_of_exercises_differ(name):
    for given, solution in zip(code_cells(name, solutions=False), code_cells(name, solutions=True), strict=True):
        assert given.metadata == solution.metadata
        if "exercise" not in given.metadata.get("tags", []):
            assert given.source == solution.source


@every_lecture
def test_every_exercise_runs_again_and_so_does_what_reads_its_names(name):
    cells, again = code_cells(name, solutions=True), solved(name)
    exercises = {number for number, cell in enumerate(cells) if "exercise" in cell.metadata.get("tags", [])}
    assert exercises
    assert exercises <= set(again)
    assert list(again) == sorted(again)
    assert set(again) - exercises == ({20} if name == "00_start_here" else set()), "only the poster uses a solution"


@every_lecture
def test_a_solution_changes_names_alone(name):
    """Nothing that stands elsewhere: a cell that does not read these names cannot notice it."""
    for cell in code_cells(name, solutions=True):
        if "exercise" in cell.metadata.get("tags", []):
            body = ast.parse(cell.source).body
            assert all(isinstance(line, PLAIN) for line in body)
            assert all(isinstance(one, ast.Name) for line in body for one in getattr(line, "targets", ()))


@pytest.mark.parametrize(
    "code, bound, read",
    [
        ("a = b", {"a"}, {"b"}),
        ("def f(x):\n    y = x + z\n    return y", {"f"}, {"z"}),
        ("from m import n as o", {"o"}, set()),
        ("a += [lambda: b]", {"a"}, {"a", "b"}),
        ("class C:\n    def f(self):\n        global g\n        g = h", {"C", "g"}, {"h"}),
        ("%pip install q\nfor i in range(3): print(i)", {"i"}, {"get_ipython", "i", "print", "range"}),
    ],
)
def test_the_names_of_a_cell_are_found_also_in_its_functions(code, bound, read):
    assert names(code) == (bound, read)
