"""The table of grades: a CSV that spreadsheets read, written whole each time, so that a kill loses nothing."""

import csv
import io
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from course_lib.files import whole

LONGEST = 400
FORMULA = "=+-@\t\r'"


@dataclass(frozen=True)
class Grade:
    """One line of the table. `point` is 1 or 0, `why` says why in words, `checksum` which file it was."""

    student: str
    exercise: str
    point: int
    why: str
    title: str
    notebook: str
    checksum: str


def read(out: Path) -> list[Grade]:
    """The lines that are there already; a table of another kind is not overwritten."""
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise ValueError(f"no table can be written at {out}; expected the name of a file in a folder that is there")
    if not out.exists():
        return []
    with out.open(newline="", encoding="utf-8-sig") as file:
        try:
            table = csv.DictReader(file)
            found = list(table)
        except (csv.Error, UnicodeDecodeError):
            table, found = csv.DictReader(["?"]), []
    names = [field.name for field in fields(Grade)]
    if table.fieldnames is not None and list(table.fieldnames) != names:
        raise ValueError(f"{out} is no table of grades; expected the columns {', '.join(names)}. Name another --out")
    whole_lines = [line for line in found if None not in line.values() and line["point"] in ("0", "1")]
    return [
        Grade(**{name: _plain(line[name]) for name in names} | {"point": int(line["point"])}) for line in whole_lines
    ]


def write(out: Path, lines: Iterable[Grade]) -> None:
    """Writes the whole table; the disk has it, or still the old one, whatever happens."""
    file = io.StringIO(newline="")
    table = csv.writer(file)
    table.writerow(field.name for field in fields(Grade))
    for line in lines:
        table.writerow(_safe(value) if isinstance(value, str) else value for value in astuple(line))
    whole.write(out, "\ufeff" + file.getvalue())  # the mark tells spreadsheets how the file is written


def name(text: str) -> str:
    """A student's or a file's name as the table can hold it: bytes that are no UTF-8 are written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def words(text: str) -> str:
    """A reason on one line and not too long."""
    text = name(" ".join(text.replace("\0", " ").split()))
    return text if len(text) <= LONGEST else text[: LONGEST - 4] + " ..."


def _safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; `_plain` takes the mark away again."""
    return "'" + text if text[:1] in FORMULA and text else text


def _plain(text: str) -> str:
    return text[1:] if text[:1] == "'" else text


def points(lines: Iterable[Grade]) -> dict[str, tuple[int, int]]:
    """Points won and points to win, by student."""
    found: dict[str, tuple[int, int]] = {}
    for line in lines:
        won, of = found.get(line.student, (0, 0))
        found[line.student] = won + line.point, of + 1
    return found
