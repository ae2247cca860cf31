"""The ledger: data/claims.json, one row per claim, and data/claims.md, the same to read.

In come claims, out go rows; a row is written as soon as it is measured, so that an interrupted run loses nothing.
Several processes may measure side by side: each reads the file again before it writes, and writes alone.
"""

import json
import os
import platform
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from course_lib import paths
from course_lib.claims.claim import Claim
from course_lib.claims.shown import Row, markdown, numbers, short

__all__ = ["add", "current", "file", "markdown", "numbers", "read", "refresh", "short", "stale", "write"]


def file() -> Path:
    return paths.data() / "claims.json"


def read(path: Path | None = None) -> dict[str, Row]:
    """The rows by id; none before the first measurement."""
    path = path or file()
    if not path.exists():
        return {}
    return {row["id"]: row for row in json.loads(path.read_text())["rows"]}


def write(rows: dict[str, Row], order: Iterable[Claim], path: Path | None = None) -> None:
    """The rows of these claims become the ledger; rows of claims that are gone are dropped.

    What a claim says may be worded anew without measuring: the words come from the claims.
    """
    save(current(order, rows), path or file())


def refresh(claims: Iterable[Claim], path: Path | None = None) -> None:
    """The rows that are there, in the present words of the claims."""
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
    temporary = path.with_suffix(".new")
    temporary.write_text(f'{{"machine": {json.dumps(machine())}, "rows": [\n{lines}\n]}}\n')
    temporary.replace(path)
    path.with_suffix(".md").write_text(markdown(rows))


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


def stale(claims: Iterable[Claim], rows: dict[str, Row]) -> list[Claim]:
    """The claims that were never measured, or whose code changed since."""
    return [c for c in claims if c.id not in rows or rows[c.id]["fingerprint"] != c.fingerprint()]


def current(claims: Iterable[Claim], rows: dict[str, Row]) -> list[Row]:
    """The rows of these claims, in their order and in their present words."""
    return [rows[claim.id] | claim.words() for claim in claims if claim.id in rows]


def machine() -> dict[str, str]:
    """What the numbers were measured on."""
    import torch

    return {
        "processor": platform.processor() or platform.machine(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "torch": torch.__version__,
    }
