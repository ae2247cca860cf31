"""What `make test` gives to the parts that it starts."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


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
