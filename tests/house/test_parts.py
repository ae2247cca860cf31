"""What `make test` gives to the parts that it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from notebooks import build
from tests.browser import chromium


@pytest.fixture
def parts(script):
    return script("test")


def test_where_no_bytecode_may_lie_beside_the_code_a_folder_of_the_runs_own_keeps_it(parts, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    with parts.compiled_once() as bytecode:
        folder = Path(bytecode["PYTHONPYCACHEPREFIX"])
        command = [sys.executable, "-c", "import json"]
        subprocess.run(command, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **bytecode}, check=True)
        assert list(folder.rglob("json/__init__*.pyc"))
    assert not folder.exists()


def test_elsewhere_nothing_changes(parts, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    with parts.compiled_once() as bytecode:
        assert bytecode == {}


@pytest.fixture
def with_chromium(monkeypatch):
    """Says whether there is a Chromium."""
    return lambda there: monkeypatch.setattr(chromium, "find", lambda: Path("chromium") if there else None)


def played(command: list[str]) -> list[str]:
    """The notebooks that a command plays, as folder and name."""
    return sorted("/".join(Path(word).parts[-2:]) for word in command if word.endswith(".ipynb"))


@pytest.mark.parametrize("in_browser, there", [(False, True), (True, False)])
def test_every_notebook_is_played_where_no_browser_plays_them(parts, with_chromium, in_browser, there):
    with_chromium(there)
    both = [f"{room}/{path.stem}.ipynb" for room in ("notebooks", "solutions") for path in build.sources()]
    assert played(parts.notebooks(played_in_browser=in_browser)) == both


def test_two_solution_notebooks_are_played_beside_the_browser(parts, with_chromium):
    with_chromium(True)
    found = played(parts.notebooks(played_in_browser=True))
    assert found == [f"solutions/{name}.ipynb" for name in parts.WITH_BROWSER]
    assert all((parts.ROOT / "notebooks" / one).is_file() for one in found)
