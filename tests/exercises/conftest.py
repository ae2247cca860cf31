"""A record of progress of its own for every test, so that no test touches a student's."""

from pathlib import Path

import pytest

pytest.register_assert_rewrite("exercise_answers")


@pytest.fixture(autouse=True)
def own_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    record = tmp_path / "progress.json"
    monkeypatch.setenv("BEYOND_FCN_PROGRESS", str(record))
    return record
