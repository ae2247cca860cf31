"""The table of grades: a CSV that spreadsheets read, written whole each time, so that a kill loses nothing."""

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from course_lib.files import whole

LONGEST = 400
FORMULA = "=+-@\t\r'"


@dataclass(frozen=True)
class Grade:
    """One line of the table: `point` is 1 or 0, `why` the reason; `checksum` names the file, `checker` the check."""

    student: str
    exercise: str
    point: int
    why: str
    title: str
    notebook: str
    checksum: str
    checker: str = ""


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
    if table.fieldnames is not None and list(table.fieldnames) == names[:-1]:  # an earlier version's
        found, names = [{**line, "checker": ""} for line in found], names[:-1]
    if table.fieldnames is not None and list(table.fieldnames) != names:
        raise ValueError(f"{out} is no table of grades; expected the columns {', '.join(names)}. Name another --out")
    whole_lines = [line for line in found if None not in line.values() and line["point"] in ("0", "1")]
    return [
        Grade(**{name: plain(text) for name, text in line.items()} | {"point": int(line["point"])})
        for line in whole_lines
    ]


def write(out: Path, lines: Iterable[Grade]) -> None:
    """Writes the whole table; the disk has it, or still the old one, whatever happens."""
    rows = [[field.name for field in fields(Grade)]]
    rows += [[safe(value) if isinstance(value, str) else value for value in astuple(line)] for line in lines]
    whole.write(out, "\ufeff" + as_csv(rows))  # the mark tells spreadsheets how the file is written


def beside(out: Path) -> Path:
    """The file that holds the running times of a table's notebooks."""
    return out.with_name(out.stem + ".seconds.csv")


def read_seconds(out: Path) -> dict[tuple[str, str], float]:
    """How long the notebooks of a table ran when they were graded, by student and notebook."""
    if not beside(out).is_file():
        return {}
    with beside(out).open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if len(row) == 3 and re.fullmatch(r"\d+\.\d", row[2])]
    return {(plain(student), plain(notebook)): float(seconds) for student, notebook, seconds in rows}


def write_seconds(out: Path, seconds: dict[tuple[str, str], float]) -> None:
    """Write how long each notebook ran."""
    rows = [["student", "notebook", "seconds"]]
    rows += [[safe(student), safe(notebook), f"{spent:.1f}"] for (student, notebook), spent in seconds.items()]
    whole.write(beside(out), "\ufeff" + as_csv(rows))


def as_csv(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV text."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows(rows)
    return file.getvalue()


def name(text: str) -> str:
    """A student's or a file's name as the table can hold it: bytes that are no UTF-8 are written out."""
    return text.encode("utf-8", "backslashreplace").decode()


def words(text: str) -> str:
    """A reason on one line and not too long; without addresses in memory, which are never the same twice."""
    text = name(" ".join(re.sub(r"\b0x[0-9a-fA-F]{3,}\b", "0x...", text).replace("\0", " ").split()))
    return text if len(text) <= LONGEST else text[: LONGEST - 4] + " ..."


def safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula; `plain` takes the mark away again."""
    return "'" + text if text[:1] in FORMULA and text else text


def plain(text: str) -> str:
    """A cell without the quote that keeps spreadsheets from reading it as a formula."""
    return text[1:] if text[:1] == "'" else text


def points(lines: Iterable[Grade]) -> dict[str, tuple[int, int]]:
    """Points won and points to win, by student."""
    found: dict[str, tuple[int, int]] = {}
    for line in lines:
        won, of = found.get(line.student, (0, 0))
        found[line.student] = won + line.point, of + 1
    return found
