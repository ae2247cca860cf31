"""The shape of code changes with what the code does, and with nothing else."""

import ast
import gc
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from course_lib.evidence import code_shape

CODE = 'def f(x):\n    """Doubles."""\n    return 2 * x\n'


@pytest.mark.parametrize(
    "same",
    [
        'def f(x):  # a comment\n    """Doubles."""\n\n    return 2 * x\n',
        'def f(x):\n    """Another docstring."""\n    return 2*x\n',
        "def f(x):\n    return (2 * x)\n",
    ],
)
def test_comments_docstrings_and_formatting_do_not_count(same):
    assert code_shape.digest(same) == code_shape.digest(CODE)


@pytest.mark.parametrize("other", [CODE.replace("2", "3"), CODE.replace("*", "+"), CODE.replace("f(x)", "f(x, y=1)")])
def test_a_change_of_meaning_counts(other):
    assert code_shape.digest(other) != code_shape.digest(CODE)


def test_imports_are_followed_also_inside_functions_and_relative_ones():
    source = "from course_lib.paths import data\n\ndef f():\n    from . import palette\n"
    assert code_shape.imported(source, "course_lib") >= {"course_lib.paths", "course_lib.palette"}


def test_only_modules_that_are_reached_count():
    assert "course_lib.palette" in code_shape.reached(["course_lib.notebook"])
    assert "course_lib.evidence.code_shape" not in code_shape.reached(["course_lib.notebook"])


def test_it_is_the_same_in_another_process():
    code = "from course_lib.evidence import code_shape; print(code_shape.of_modules('course_lib.notebook'))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == code_shape.of_modules("course_lib.notebook")


def test_many_threads_may_ask_for_trees_at_once():
    """Each tree is made with a few waits in it, so that two threads that used `ast.parse` would meet there."""
    source, before = Path(ast.__file__).read_text(), gc.get_threshold()
    gc.callbacks.append(wait)
    gc.set_threshold(20)
    try:
        with ThreadPoolExecutor(2) as pool:
            trees = list(pool.map(code_shape.tree, [source] * 8))
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(wait)
    assert all(len(tree.body) == len(trees[0].body) for tree in trees)


def wait(phase: str, info: dict) -> None:
    time.sleep(0)
