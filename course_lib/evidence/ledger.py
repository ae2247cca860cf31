"""The ledger: data/claims.json, one row per claim, and data/claims.md, the same to read.

In come claims, out go rows; a row is written as soon as it is measured, so that an interrupted run loses nothing.
Several processes may measure side by side: each reads the file again before it writes, and writes alone.
"""

import importlib
import json
import os
import pkgutil
import platform
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from course_lib import paths
from course_lib.evidence import probe
from course_lib.evidence.claim import Claim, NeedsPhotographs
from course_lib.evidence.ledger_text import Row, markdown

UNSEEN = "needs the photographs"  # why a row can be neither probed nor measured here


def all_claims() -> list[Claim]:
    """Every claim of the course, in the order of the lectures: those that the rooms of `course_lib.lectures` hold."""
    rooms = importlib.import_module("course_lib.lectures")
    found: dict[str, Claim] = {}
    for module in pkgutil.walk_packages(rooms.__path__, f"{rooms.__name__}."):
        if re.search(r"\.(claims|experiments)\w*$", module.name):
            members = vars(importlib.import_module(module.name)).values()
            found |= {member.id: member for member in members if isinstance(member, Claim)}
    return sorted(found.values(), key=lambda claim: (claim.notebook, int(claim.id[1:])))


def file() -> Path:
    """Where the ledger of this course lies."""
    return paths.data() / "claims.json"


def read(path: Path | None = None) -> dict[str, Row]:
    """The rows by id; none before the first measurement."""
    path = path or file()
    if not path.exists():
        return {}
    return {row["id"]: row for row in json.loads(path.read_text())["rows"]}


def write(rows: dict[str, Row], order: Iterable[Claim], path: Path | None = None) -> None:
    """The rows of these claims become the ledger; rows of claims that are gone are dropped.

    What a claim says may be worded anew, and its bound be changed, without measuring: both come from the claims.
    """
    save(current(order, rows), path or file())


def refresh(claims: Iterable[Claim], path: Path | None = None) -> None:
    """The rows that are there, in the present words and by the present bounds of the claims."""
    with alone(path or file()):
        write(read(path), claims, path)


def add(row: Row, path: Path | None = None) -> None:
    """Puts one row among those that are there by now, also those that this process has never heard of."""
    path = path or file()
    with alone(path):
        rows = read(path) | {row["id"]: row}
        save(sorted(rows.values(), key=lambda row: (row["notebook"], int(row["id"][1:]))), path)


def save(rows: list[Row], path: Path) -> None:
    """Replaces the file at once, so that it is whole at any moment, and writes the page beside it."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    replace(path, f'{{"machine": {json.dumps(machine())}, "rows": [\n{lines}\n]}}\n')
    path.with_suffix(".md").write_text(markdown(rows))


def replace(path: Path, text: str) -> None:
    """Writes beside the file and puts the whole in its place."""
    temporary = path.with_suffix(".new")
    temporary.write_text(text)
    temporary.replace(path)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """One process at a time, by a lock on the ledger's folder; Windows has no such lock."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)  # lets go of the lock, too


def stale(claims: Iterable[Claim], rows: dict[str, Row], path: Path | None = None) -> dict[str, str]:
    """The claims whose rows are no longer what their code gives, by id, each with what has changed."""
    kept = read_probes(path)
    found = {}
    for claim in tqdm(list(claims), desc="probes", unit="claim", delay=2, leave=False, disable=None):
        if claim.id not in rows:
            found[claim.id] = "never measured"
        elif claim.id not in kept:
            found[claim.id] = "no probe was kept"
        elif changed := change(kept[claim.id], claim):
            found[claim.id] = changed
    return found


def change(kept: probe.Print, claim: Claim) -> str:
    """What differs from the probe that was kept; nothing when nothing does."""
    try:
        return probe.differs(kept, claim.fingerprint())
    except NeedsPhotographs:
        return UNSEEN


def read_probes(path: Path | None = None) -> dict[str, probe.Print]:
    """What a probe of each claim gave when its row was measured; none before the first measurement."""
    path = beside(path)
    return json.loads(path.read_text()) if path.exists() else {}


def keep_probe(id: str, found: probe.Print, path: Path | None = None) -> None:
    """Puts the probe of one claim beside those of the others."""
    with alone(path or file()):
        probes = read_probes(path) | {id: found}
        lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(probes[name])}" for name in sorted(probes, key=in_order))
        replace(beside(path), f"{{\n{lines}\n}}\n")


def beside(path: Path | None) -> Path:
    """The file of the probes of a ledger."""
    return (path or file()).with_name("probes.json")


def in_order(id: str) -> tuple[str, int]:
    """The key that sorts ids by letter and number: T2 before T10."""
    return id[0], int(id[1:])


def current(claims: Iterable[Claim], rows: dict[str, Row]) -> list[Row]:
    """The rows of these claims, in their order, in their present words and judged by their present bounds.

    A row that lacks a value which its claim compares by now keeps its judgement until it is measured again.
    """
    found = [(claim, rows[claim.id]) for claim in claims if claim.id in rows]
    return [
        row | claim.words() | (claim.judgement(row["values"]) if claim.compared <= row["values"].keys() else {})
        for claim, row in found
    ]


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    import torch

    return {
        "processor": platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
