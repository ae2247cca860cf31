"""The script that plants faults: what it changes, and that a test which sees a fault kills it."""

import ast
import subprocess
import sys

import pytest

from tests.mutants.change import changes

SOURCE = '''"""Words."""
LEAST: int = 3


def small(n: int, *, strict: bool = True) -> bool:
    if n < LEAST and strict:
        print(f"{n + 1} ü")
        return not n % 2
    raise ValueError(f"at least {LEAST}")
'''


def after(before: str) -> list[str]:
    return [change.after for change in changes(SOURCE) if change.before == before]


@pytest.mark.parametrize(
    "before, expected",
    [
        ("n < LEAST", ["(n <= LEAST)"]),
        ("n < LEAST and strict", ["(n < LEAST or strict)", "False", "True"]),
        ("3", ["4"]),
        ("True", ["False"]),
        ("not n % 2", ["(n % 2)"]),
        ("n % 2", ["(n // 2)"]),
        ('print(f"{n + 1} ü")', ["pass"]),
        ("n + 1", []),  # words of a message
    ],
)
def test_each_kind_of_fault_is_planted_where_something_is_computed(before, expected):
    assert sorted(after(before)) == expected


def test_each_fault_changes_its_place_only_and_still_parses():
    for change in changes(SOURCE):
        changed = change.applied(SOURCE)
        ast.parse(changed)
        assert changed != SOURCE
        first, last = change.start[0] - 1, change.end[0]
        assert SOURCE.splitlines()[:first] == changed.splitlines()[:first]
        assert SOURCE.splitlines()[last:] == changed.splitlines()[last:]


TRIAL = """
import sys
from pathlib import Path
import pytest
from tests.mutants import court
place = Path(sys.argv[1])
for condition in ("n < 3", "n <= 3", "n < 3 or wait()"):
    (place / "small.py").write_text(f"def wait():\\n    while True: pass\\ndef small(n): return {condition}\\n")
    print(court.run(["test_small.py"], place, 2, place / "log.txt")[0], flush=True)
"""


def test_a_fault_is_killed_by_a_failing_test_or_by_its_time(root, tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = browser: none\n")
    (tmp_path / "test_small.py").write_text("from small import small\ndef test(): assert not small(3)\n")
    done = subprocess.run([sys.executable, "-c", TRIAL, tmp_path], cwd=root, capture_output=True, text=True)
    codes = done.stdout.split()
    assert codes[:2] == ["0", "1"], done.stderr
    assert int(codes[2]) < 0, "it ran for ever"
