"""The house rules that a machine can check."""

import ast
import re
import subprocess
import sys

import pytest

from course_lib import fingerprint

LAYERS = [  # from bottom to top; a module imports only from its own room and from those before it
    {"checks", "files", "fingerprint", "palette", "paths"},
    {"receptive_field"},
    {"models"},
    {"scenes"},
    {"datasets"},
    {"metrics"},
    {"crf"},
    {"training"},
    {"claims"},
    {"figures"},
    {"widgets"},
    {"exercises"},
    {"notebook"},
]


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


def test_imports_run_one_way_down(root):
    level = {name: number for number, layer in enumerate(LAYERS) for name in layer}
    for name, path in modules(root):
        if not room(name):
            continue
        assert room(name) in level, f"{name} has no layer"
        for used in fingerprint.imports_of(name):
            if room(used) and not (room(name) == "receptive_field" and path.name == "__main__.py"):
                assert level[room(used)] <= level[room(name)], f"{name} imports {used}, which lies above it"


def test_receptive_field_could_stand_alone(root):
    for path in (root / "course_lib/receptive_field").glob("*.py"):
        used = fingerprint.imported(path.read_text(), "course_lib.receptive_field")
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
