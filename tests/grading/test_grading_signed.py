"""A student's record, signed by an instructor and verified by whoever holds the public half of the key."""

import json

import pytest

from course_lib.grading.command import main

pytest.importorskip("cryptography", reason='needs cryptography: pip install "beyond-fcn[sign]"')
RECORD = {"course": "Beyond FCN", "student": "안나", "solved": ["1.6", "2.6"], "quiz": {"01_fcn_limits": [True, False]}}


@pytest.fixture
def signed(tmp_path):
    (tmp_path / "ann.json").write_text(json.dumps(RECORD), "utf-8")
    assert main(["sign", str(tmp_path / "ann.json"), "--key", str(tmp_path / "mine.pem")]) == 0
    return tmp_path / "ann.signed.json"


def verify(path, key):
    return main(["verify", str(path), "--key", str(key)])


def test_a_signed_record_is_verified_with_the_public_half_and_reads_as_before(signed, capsys):
    assert verify(signed, signed.with_name("mine.pub")) == 0
    assert "안나, 2 exercises solved" in capsys.readouterr().out
    assert json.loads(signed.read_text("utf-8"))["record"] == RECORD
    assert (signed.with_name("mine.pem").stat().st_mode & 0o077) == 0, "others can read the key"


@pytest.mark.parametrize("change", [{"solved": ["1.6", "2.6", "4.4"]}, {"student": "Bob"}])
def test_a_record_that_was_changed_is_not_believed(signed, change, capsys):
    held = json.loads(signed.read_text("utf-8"))
    held["record"] |= change
    signed.write_text(json.dumps(held), "utf-8")
    assert verify(signed, signed.with_name("mine.pub")) == 1
    assert "NOT what was signed" in capsys.readouterr().out


def test_another_layout_of_the_file_changes_nothing(signed):
    held = json.loads(signed.read_text("utf-8"))
    signed.write_text(json.dumps(held, indent=7, sort_keys=True), "utf-8")
    assert verify(signed, signed.with_name("mine.pub")) == 0


def test_the_key_of_somebody_else_does_not_verify(signed, tmp_path):
    (tmp_path / "bob.json").write_text(json.dumps(RECORD), "utf-8")
    assert main(["sign", str(tmp_path / "bob.json"), "--key", str(tmp_path / "other.pem")]) == 0
    assert verify(signed, tmp_path / "other.pub") == 1


def test_a_file_that_is_no_record_is_refused_in_words(tmp_path, capsys):
    (tmp_path / "list.json").write_text("[1]")
    assert main(["sign", str(tmp_path / "list.json"), "--key", str(tmp_path / "mine.pem")]) == 2
    assert "holds no record" in capsys.readouterr().err
    assert not (tmp_path / "mine.pem").exists()
