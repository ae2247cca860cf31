"""CONTRIBUTING.md, played as it is written: a new network and a new explorer in a copy of the project."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.newest  # ruff is part of the newest environment only
NEEDED = (".ci", "course_lib", "tests", "pyproject.toml", "Makefile")


@pytest.fixture
def copy(root, tmp_path) -> Path:
    """The code and its tests in a folder of their own, with the data beside them."""
    ignore = shutil.ignore_patterns("__pycache__")
    for name in NEEDED:
        source = root / name
        shutil.copytree(source, tmp_path / name, ignore=ignore) if source.is_dir() else shutil.copy(source, tmp_path)
    (tmp_path / "data").symlink_to(root / "data")
    return tmp_path


def steps(root: Path, title: str) -> list[list[str]]:
    """The commands of one section of CONTRIBUTING.md, each as its words."""
    section = (root / "CONTRIBUTING.md").read_text().split(f"### {title}\n")[1].split("\n#")[0]
    block = re.search(r"```\n(.*?)```", section, re.S)
    assert block, f"the section {title} shows no command"
    return [shlex.split(line) for line in block[1].splitlines()]


def play(copy: Path, words: list[str]) -> subprocess.CompletedProcess:
    """Runs one command of the text in the copy, with this Python in the place of `.venv/bin/python` and of make's."""
    if words[:2] == ["make", "new"]:
        given = dict(word.split("=") for word in words[2:])
        words = [sys.executable, ".ci/new.py", given["KIND"], given["NAME"]]
    assert words[0] in (sys.executable, ".venv/bin/python"), f"the test cannot play {words}"
    return subprocess.run([sys.executable, *words[1:]], cwd=copy, capture_output=True, text=True)


@pytest.mark.parametrize("title, file", [("A network", "models/my_net"), ("An explorer", "explorers/my_explorer")])
def test_what_the_page_says_is_enough(root, copy, title, file):
    makes, *tests = steps(root, title)
    made = play(copy, makes)
    assert made.returncode == 0, made.stderr
    assert f"course_lib/{file}.py" in made.stdout
    assert tests
    for command in tests:
        done = play(copy, command)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr
        assert re.search(r"\d+ passed", done.stdout)
    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        ruff = [sys.executable, "-m", "ruff", *command, *made.stdout.split()]
        said = subprocess.run(ruff, cwd=copy, capture_output=True, text=True)
        assert said.returncode == 0, said.stdout


@pytest.mark.parametrize(
    "kind, name, words",
    [
        ("network", "segnet", "course_lib/models/segnet.py is there already"),
        ("network", "My-Net", "got 'My-Net'"),
        ("explorer", "class", "got 'class'"),
    ],
)
def test_a_name_that_cannot_be_is_refused_before_anything_is_written(copy, kind, name, words):
    before = {path: path.read_bytes() for path in copy.rglob("*.py")}
    done = subprocess.run([sys.executable, ".ci/new.py", kind, name], cwd=copy, capture_output=True, text=True)
    assert done.returncode == 2
    assert words in done.stderr
    assert {path: path.read_bytes() for path in copy.rglob("*.py")} == before
