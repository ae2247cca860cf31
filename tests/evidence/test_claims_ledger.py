"""The ledger is whole at any moment, notices stale rows, and reads well."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from course_lib.evidence import ledger, ledger_text
from course_lib.evidence.claim import claim
from course_lib.evidence.ledger import all_claims
from course_lib.evidence.verdict import Evidence, Fact


@claim("T1", "E", "Two and two are four.", tests=("tests/evidence/test_claims_ledger.py",))
def addition(seeds) -> Evidence:
    return Evidence(facts=[Fact("sum", 2 + 2, 4)], values={"sum": [4.0]})


@pytest.fixture
def row():
    return addition.row()


def test_a_row_holds_everything_a_reader_asks_for(row):
    assert {"id", "kind", "statement", "settings", "seeds", "values", "mean", "deviation", "verdict", "paper"} <= set(
        row
    )
    assert json.loads(json.dumps(row)) == row
    assert row["verdict"] == "holds"


def test_rows_survive_writing_and_reading(row, tmp_path):
    path = tmp_path / "claims.json"
    ledger.write({"T1": row}, [addition], path)
    assert ledger.read(path) == {"T1": row}
    assert "Two and two are four." in (tmp_path / "claims.md").read_text()


def test_a_row_is_stale_when_a_probe_gives_something_else(row, tmp_path):
    path = tmp_path / "claims.json"
    assert ledger.stale([addition], {}, path) == {"T1": "never measured"}
    assert ledger.stale([addition], {"T1": row}, path) == {"T1": "no probe was kept"}
    ledger.keep_probe("T1", addition.fingerprint(), path)
    assert ledger.stale([addition], {"T1": row}, path) == {}
    other = replace(addition, measure=lambda seeds: Evidence(facts=[Fact("sum", 4, 4)], values={"sum": [5.0]}))
    assert ledger.stale([other], {"T1": row}, path) == {"T1": "sum: 4.0 before, 5.0 now"}


def test_probes_are_kept_beside_each_other_in_the_order_of_the_lectures(tmp_path):
    path = tmp_path / "claims.json"
    for id in ("T10", "F1", "T2"):
        ledger.keep_probe(id, {"rule": id, "numbers": [], "values": {}}, path)
    assert list(ledger.read_probes(path)) == ["F1", "T2", "T10"]


def test_an_interrupted_write_leaves_the_old_ledger(row, tmp_path, monkeypatch):
    path = tmp_path / "claims.json"
    ledger.write({"T1": row}, [addition], path)
    monkeypatch.setattr(type(path), "write_text", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        ledger.write({}, [addition], path)
    assert ledger.read(path) == {"T1": row}


def test_a_row_joins_those_that_others_have_written(row, tmp_path):
    path = tmp_path / "claims.json"
    for id in ("T2", "T10", "T1"):
        ledger.add(row | {"id": id}, path)
    ledger.add(row | {"id": "T2", "verdict": "new"}, path)
    rows = ledger.read(path)
    assert list(rows) == ["T1", "T2", "T10"], "in the order of the lectures"
    assert [rows[id]["verdict"] for id in rows] == ["holds", "new", "holds"]


def test_writers_side_by_side_lose_no_row(row, tmp_path, monkeypatch):
    pytest.importorskip("fcntl", reason="no file lock on this system")
    path, read = tmp_path / "claims.json", ledger.read

    def slowly(path):
        rows = read(path)
        time.sleep(0.05)  # time enough for another to write between our reading and our writing
        return rows

    monkeypatch.setattr(ledger, "read", slowly)
    with ThreadPoolExecutor(3) as writers:  # the lock parts them like processes: each opens the folder for itself
        list(writers.map(lambda id: ledger.add(row | {"id": id}, path), ("T1", "T2", "T3")))
    assert list(read(path)) == ["T1", "T2", "T3"]


def test_words_are_renewed_and_rows_of_claims_that_are_gone_are_dropped(row, tmp_path):
    path = tmp_path / "claims.json"
    for one in (row | {"statement": "old words"}, row | {"id": "T2"}):
        ledger.add(one, path)
    ledger.refresh([addition], path)
    assert ledger.read(path) == {"T1": row}


def test_an_exact_claim_must_name_its_tests():
    with pytest.raises(ValueError, match="names the unit tests"):
        claim("T9", "E", "Nothing.")


def test_ids_are_unique_and_every_claim_was_measured_and_probed():
    ids = [c.id for c in all_claims()]
    assert len(set(ids)) == len(ids)
    assert set(ids) == set(ledger.read()) == set(ledger.read_probes()), "measure what is missing: make claims STALE=1"


def test_named_tests_exist(root):
    for one in all_claims():
        for name in one.tests:
            path, _, function = name.partition("::")
            assert f"def {function}" in (root / path).read_text(), f"{one.id} names {name}"


def test_the_page_is_made_from_the_rows():
    rows = ledger.read()
    now = ledger.current(all_claims(), rows)
    assert list(rows.values()) == now, "the words of a claim changed: make claims STALE=1"
    late = "the page is older than the notebooks: .venv/bin/python -m course_lib.claims --page"
    assert ledger.file().with_suffix(".md").read_text() == ledger_text.markdown(now), late
