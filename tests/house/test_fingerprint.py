"""A fingerprint changes with what the code does, and with nothing else."""

import subprocess
import sys

import pytest

from course_lib.evidence import code_shape as fingerprint

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
    assert fingerprint.digest(same) == fingerprint.digest(CODE)


@pytest.mark.parametrize("other", [CODE.replace("2", "3"), CODE.replace("*", "+"), CODE.replace("f(x)", "f(x, y=1)")])
def test_a_change_of_meaning_counts(other):
    assert fingerprint.digest(other) != fingerprint.digest(CODE)


def test_imports_are_followed_also_inside_functions_and_relative_ones():
    source = "from course_lib.paths import data\n\ndef f():\n    from . import palette\n"
    assert fingerprint.imported(source, "course_lib") >= {"course_lib.paths", "course_lib.palette"}


def test_only_modules_that_are_reached_count():
    assert "course_lib.palette" in fingerprint.reached(["course_lib.notebook"])
    assert "course_lib.evidence.code_shape" not in fingerprint.reached(["course_lib.notebook"])


def test_it_is_the_same_in_another_process():
    code = "from course_lib import fingerprint; print(fingerprint.of_modules('course_lib.notebook'))"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == fingerprint.of_modules("course_lib.notebook")


def test_a_function_depends_on_what_it_uses_and_on_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "course_lib").mkdir()
    module = tmp_path / "course_lib" / "made_up.py"
    code = "LIMIT = 3\n\ndef helper():\n    return LIMIT\n\n"
    code += "def used():\n    return helper()\n\ndef other():\n    return 1\n"
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path)

    def measured(text):
        module.write_text(text)
        return fingerprint.of_function("course_lib.made_up", "used")

    first = measured(code)
    assert measured(code.replace("return 1", "return 2")) == first
    assert (
        measured("import course_lib\n\n" + code.replace("def used()", "@course_lib.mark\ndef used() -> int")) == first
    )
    assert measured(code.replace("LIMIT = 3", "LIMIT = 4")) != first
    assert measured(code.replace("return LIMIT", "return -LIMIT")) != first
