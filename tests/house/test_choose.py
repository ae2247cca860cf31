"""Which tests a change asks for."""

import pytest


@pytest.fixture
def choose(script):
    return script("choose")


def asked(choose, monkeypatch, *changed: str) -> list[str]:
    monkeypatch.setattr(choose, "changed_files", lambda: list(changed))
    return choose.changed_tests()


def test_every_fast_file_exists(root, choose):
    assert [name for name in choose.FAST if not (root / name).is_file()] == []


def test_a_change_asks_for_its_own_tests_and_the_fast_ones_above(choose, monkeypatch):
    found = asked(choose, monkeypatch, "course_lib/metrics/boundary.py")
    assert "tests/metrics/test_metrics_boundary.py" in found
    assert "tests/training/test_training_scores.py" in found, "training imports metrics"
    assert not [name for name in found if name.startswith(("tests/models/", "tests/receptive_field/"))]
    assert "tests/models/test_segnet.py" in asked(choose, monkeypatch, "course_lib/models/segnet.py")


def test_a_changed_test_asks_for_itself_and_words_for_nothing(choose, monkeypatch):
    assert asked(choose, monkeypatch, "tests/crf/test_crf_exact.py") == ["tests/crf/test_crf_exact.py"]
    assert asked(choose, monkeypatch, "README.md", "tests/browser/test_widgets_b.py") == []
    assert asked(choose, monkeypatch) == []
