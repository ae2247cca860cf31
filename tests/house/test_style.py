"""The house rules that a machine can check."""

import ast
import re
import subprocess
import sys

import pytest

from course_lib.evidence import code_shape

LIBRARY = [  # what one takes home, from bottom to top: a package imports from itself and from those before it
    {"checks", "files", "memory", "palette", "paths", "shown", "threads", "vision"},
    {"receptive_field"},
    {"models"},
    {"scenes"},
    {"datasets"},
    {"metrics"},
    {"crf"},
    {"training"},
    {"segment"},
    {"zoo"},
]
MACHINERY = [{"figures"}, {"evidence"}, {"checking"}, {"explorers"}]  # of a course: knows of no lecture
FACES = {"exercises", "claims", "notebook", "grading", "compare"}  # what people call gathers the lectures
FLOORS = [*LIBRARY, *MACHINERY, {"lectures"}, {"exercises"}, {"grading"}, {"claims", "notebook", "compare"}]


def room(module: str) -> str:
    return (module.split(".") + [""])[1]


def modules(root):
    for path in sorted((root / "course_lib").rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        yield name, path


@pytest.mark.newest
def test_ruff_has_nothing_to_say(root):
    for command in (["check", "."], ["format", "--check", "."]):
        done = subprocess.run([sys.executable, "-m", "ruff", *command], cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_every_module_begins_with_words(root):
    for name, path in modules(root):
        assert ast.get_docstring(ast.parse(path.read_text())), f"{name} has no docstring"


def test_every_public_name_says_what_it_does(root):
    """Two need no docstring: torch's `forward`, of which the class says what it computes, and a claim: its statement is
    the claim's own words. What serves one claim in `claims*.py` and `experiments*.py` is read beside that statement."""

    def undocumented(node: ast.AST, inside: str):
        for child in node.body:
            if not isinstance(child, ast.ClassDef | ast.FunctionDef) or child.name.startswith("_"):
                continue
            claimed = any(ast.unparse(one).startswith("claim(") for one in child.decorator_list)
            if not ast.get_docstring(child) and child.name != "forward" and not claimed:
                yield f"{inside}{child.name}"
            if isinstance(child, ast.ClassDef):
                yield from undocumented(child, f"{inside}{child.name}.")

    for name, path in modules(root):
        if room(name) != "lectures" or not path.name.startswith(("claims", "experiments")):
            assert not [*undocumented(ast.parse(path.read_text()), f"{name}.")]


def test_imports_run_one_way_down(root):
    level = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    for name, path in modules(root):
        if not room(name) or name == "course_lib.exercises":
            continue
        assert room(name) in level, f"{name} has no floor"
        for used in code_shape.imports_of(name):
            if room(used) and not (room(name) == "receptive_field" and path.name == "__main__.py"):
                assert level[room(used)] <= level[room(name)], f"{name} imports {used}, which lies above it"


def test_no_lecture_imports_another(root):
    def lecture(name: str) -> str:
        return (name.split(".") + [""] * 3)[2] if room(name) == "lectures" else ""

    for name, _ in modules(root):
        if room(name) in FACES:
            continue
        for used in code_shape.imports_of(name):
            assert not lecture(used) or lecture(used) == lecture(name), f"{name} imports {used} of another lecture"


def test_no_module_imports_itself_in_a_circle(root):
    """A package and its modules are looked at apart: `a/__init__` may import `a.b`, which may not import `a` again."""
    graph = {name: set(code_shape.imports_of(name)) - {name} for name, _ in modules(root)}
    for name in graph:  # `from a import b` names the package too, which is no import of what the package gathers
        graph[name] -= {used for used in graph[name] if any(other.startswith(f"{used}.") for other in graph[name])}
        graph[name] -= {name.rpartition(".")[0]}
    graph["course_lib.exercises"].discard("course_lib.grading.command")  # only where it is started as a program
    left = set(graph)
    while free := {name for name in left if not graph[name] & left}:
        left -= free
    assert not left, f"these import each other in a circle: {sorted(left)}"


def test_receptive_field_could_stand_alone(root):
    for path in (root / "course_lib/receptive_field").rglob("*.py"):
        package = ".".join(path.relative_to(root).parent.parts)
        used = code_shape.imported(path.read_text(), package)
        assert {room(name) for name in used} <= {"receptive_field", ""}, path.name


def test_nothing_in_the_project_names_a_machine_or_a_registry(root):
    tracked = subprocess.run(["git", "ls-files"], cwd=root, capture_output=True, text=True, check=True).stdout.split()
    words = re.compile(r"/(?:work|root|home|tmp/bash)/|py" + r"pi\.org|python" + r"hosted")
    for name in tracked:
        path = root / name
        if path.suffix in {".py", ".md", ".toml", ".yml", ".lock", ".ipynb", ".json"} and path.exists():
            found = words.search(path.read_text(errors="replace"))
            assert not found, f"{name}: {found and found.group()}"


@pytest.mark.parametrize("word", ["torch.load(", "extractall("])
def test_what_is_loaded_is_loaded_safely(root, word):
    for name, path in modules(root):
        for line in re.findall(re.escape(word) + r"[^\n]*", path.read_text()):
            assert "weights_only=True" in line or "filter=" in line, f"{name}: {line}"
