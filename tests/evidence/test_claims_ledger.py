"""The ledger is whole at any moment, notices stale rows, and reads well."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from course_lib import claims as command
from course_lib.evidence import ledger, ledger_text, resume
from course_lib.evidence.claim import claim
from course_lib.evidence.ledger import all_claims
from course_lib.evidence.small_training import over_seeds
from course_lib.evidence.verdict import NOT_HERE, Core, Evidence, Fact


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


def test_a_bound_may_change_without_measuring(tmp_path):
    path = tmp_path / "claims.json"

    @claim("T1", "M", "a is above 0.", seeds=3, core=Core("a", "a", bound=0.5, why="half of it"))
    def measured(seeds) -> Evidence:
        return Evidence(values={"a": [0.9, 0.8, 0.85]})

    ledger.write({"T1": measured.row()}, [measured], path)
    ledger.keep_probe("T1", measured.fingerprint(), path)
    stricter = replace(measured, core=Core("a", "a", bound=0.99, why="nearly all of it"), remarks={NOT_HERE: "lower"})
    assert ledger.stale([stricter], ledger.read(path), path) == {}
    ledger.refresh([stricter], path)
    row = ledger.read(path)["T1"]
    assert (row["verdict"], row["remark"], row["core"]["bound"]) == (NOT_HERE, "lower", 0.99)


def test_seeds_that_were_finished_before_a_kill_are_not_measured_again(tmp_path, monkeypatch):
    monkeypatch.setattr(resume.paths, "cache", lambda: tmp_path)
    measured, killed_at = [], [2]

    def scores(seed: int) -> dict[str, float]:
        if seed in killed_at:
            raise KeyboardInterrupt
        measured.append(seed)
        return {"score": seed / 3}

    def row(found: dict) -> dict[str, list[float]]:
        with resume.resuming("T1", found):
            return over_seeds(range(4), scores)

    with pytest.raises(KeyboardInterrupt):
        row({"numbers": [1]})
    killed_at.clear()
    assert row({"numbers": [1]}) == {"score": [0, 1 / 3, 2 / 3, 1]}
    assert measured == [0, 1, 2, 3]
    row({"numbers": [1]})
    assert measured[4:] == [0, 1, 2, 3], "a row that was finished is measured anew"
    killed_at.append(1)
    with pytest.raises(KeyboardInterrupt):
        row({"numbers": [1]})
    killed_at.clear()
    row({"numbers": [2]})
    assert measured[9:] == [0, 1, 2, 3], "so is one whose experiment has changed"


def test_other_seeds_are_compared_and_not_kept(capsys):
    @claim("T1", "M", "a is above 0.", seeds=3, core=Core("a", "a", bound=0.5, why="half of it"))
    def measured(seeds) -> Evidence:
        return Evidence(values={"a": [0.8 + 0.01 * seed for seed in seeds]})

    row = measured.row()
    assert command.agrees(measured, row, command.range_of("1-3"))
    assert (
        "0.82 with 1-3; 0.01 apart, spread allows 0.023: they agree; holds before, holds now" in capsys.readouterr().out
    )
    assert not command.agrees(measured, row, command.range_of("10-12"))
    assert command.agrees(measured, row | {"settings": {"seeds": "folds"}}, command.range_of("10")), (
        "nothing to compare"
    )
