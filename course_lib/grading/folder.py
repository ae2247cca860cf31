"""Grades submitted notebooks: a folder goes in, a table (CSV) comes out, a line for each student and exercise.

    python -m course_lib.exercises grade SUBMISSIONS/ --out grades.csv

Each notebook runs in a process of its own (run), with the cells that its exercises need (cells_of), and
the checks are ours, not the notebook's (grading_guard). The lines of a notebook are written as soon as they are known;
started again, notebooks that are graded and did not change are not run again.

What is guarded: time; memory, where the system can limit it (Linux; macOS and Windows cannot, or not well); the network
(taken away by Linux where it may be, elsewhere Python's sockets refuse); the record of progress (off); output (thrown
away); a changed check (put back before it judges, and named in the table).

What is not: a notebook runs as you, so it can read and delete your files by their full path. Code that digs through the
running process for the grader's word can write outcomes of its own, and a student can copy our solution. So run it in
a container or as another user when you do not trust the class, and look at the code of a surprising full score.
"""

import csv
import hashlib
import os
from collections.abc import Iterable
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

from tqdm import tqdm

from course_lib import exercises
from course_lib.grading import cells as cells_of
from course_lib.grading import run
from course_lib.grading.run import Limits, Result

LONGEST = 400
NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"


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


@dataclass(frozen=True)
class Submission:
    student: str
    path: Path | None  # None: the student's folder holds no notebook

    def checksum(self) -> str:
        try:
            return hashlib.sha256(self.path.read_bytes()).hexdigest()[:12] if self.path else "none"
        except OSError:
            return "unreadable"


def submissions(folder: Path) -> list[Submission]:
    """Notebooks that lie flat are named after their students; otherwise each student has a folder."""
    if not folder.is_dir():
        raise ValueError(f"{folder} is not a folder; expected one with notebooks, or with a folder for each student")
    found = []
    for place in sorted(folder.iterdir()):
        if place.name.startswith("."):
            continue
        if place.is_dir():
            books = sorted(p for p in place.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts and p.is_file())
            found += [Submission(place.name, path) for path in books or [None]]
        elif place.suffix == ".ipynb":
            found.append(Submission(place.stem, place))
    if not found:
        raise ValueError(f"{folder} holds no notebook (*.ipynb) and no student's folder")
    return found


def grade(
    folder: Path, out: Path, *, limits: Limits | None = None, lecture: str = "", progress: bool = True
) -> list[Grade]:
    """Grades every notebook in the folder that the table does not hold yet; the whole table.

    A student whose notebooks are all of other lectures than the one asked for still gets its lines.
    """
    given = {(s.student, _name(s, folder), s.checksum()): s for s in submissions(folder)}
    asked = asked_for([s.path for s in given.values() if s.path])
    if lecture and lecture not in asked:
        raise ValueError(f"no exercises of lecture {lecture}; expected one of {', '.join(sorted(asked, key=int))}")
    kept = [line for line in read(out) if (line.student, line.notebook, line.checksum) in given]
    known = {(line.student, line.notebook, line.checksum) for line in kept}
    write(out, kept)
    bar = tqdm([key for key in given if key not in known], desc="grading", unit="notebook", disable=not progress)
    for key in bar:
        bar.set_postfix_str(key[0])
        rows = graded(given[key].path, asked, limits or Limits(), lecture)
        lines = [Grade(key[0], number, *row, title(number), key[1], key[2]) for number, row in rows.items()]
        write(out, lines, append=True)
        kept += lines
    missing = sorted({student for student, _, _ in given} - {line.student for line in kept}) if lecture else []
    why = f"no notebook of lecture {lecture} was handed in"
    lines = [Grade(s, number, 0, why, title(number), "", "none") for s in missing for number in asked[lecture]]
    write(out, lines, append=True)
    return kept + lines


def asked_for(paths: Iterable[Path]) -> dict[str, list[str]]:
    """The exercises that each lecture's notebook asks: those of the course's own; without it, of all submissions."""
    own = {path.name[:2].lstrip("0") or "0": path for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")}
    asked: dict[str, set[str]] = {}
    for path in [*own.values(), *paths]:
        try:
            numbers = cells_of.checked_in(cells_of.read(path))
        except (cells_of.Unreadable, OSError):
            continue
        for number in numbers:
            if path in own.values() or lecture_of(number) not in own:
                asked.setdefault(lecture_of(number), set()).add(number)
    return {
        lecture: sorted(numbers, key=lambda number: int(number.split(".")[1])) for lecture, numbers in asked.items()
    }


def graded(
    path: Path | None, asked: dict[str, list[str]], limits: Limits, lecture: str = ""
) -> dict[str, tuple[int, str]]:
    """Point and why for each exercise of one notebook, whatever it is; nothing if it is of another lecture."""
    try:
        if path is None:
            raise cells_of.Unreadable("there is no notebook in the student's folder")
        cells = cells_of.read(path)
        checked = cells_of.checked_in(cells)
        if not checked:
            raise cells_of.Unreadable("no cell checks an exercise of the course")
    except (cells_of.Unreadable, OSError) as error:
        lecture = lecture or named(path) or (next(iter(asked)) if len(asked) == 1 else "")
        return dict.fromkeys(asked.get(lecture, [""]), (0, f"nothing could be graded: {error}"))
    lectures = [lecture_of(number) for number in checked]
    lecture = lecture or max(lectures, key=lectures.count)
    if lecture not in lectures:
        return {}
    places = {number: checked.get(number, []) for number in asked[lecture]}
    result = run.run(cells, {place for found in places.values() for place in found}, limits)
    return {number: judged(result, number, found) for number, found in places.items()}


def judged(result: Result, number: str, places: Iterable[int]) -> tuple[int, str]:
    """The point of one exercise, and the words for it."""
    note = f" (the notebook changed {', '.join(c)}; it was put back)" if (c := result.changed.get(number)) else ""
    if number in result.outcomes:
        kind, lines = result.outcomes[number]
        words = kind if kind in ("correct", "not attempted") else f"{kind}: {' / '.join(lines)}"
        return int(kind == "correct"), words + note
    if fates := [f"cell {place}: {result.fates[place]}" for place in places if place in result.fates]:
        return 0, "; ".join(fates)
    if not list(places):
        return 0, "no cell checks this exercise: was it deleted, or its last line changed?"
    return 0, result.problem or "its cell ran, but the check was not reached"


def lecture_of(number: str) -> str:
    return number.split(".")[0]


def named(path: Path | None) -> str:
    """The lecture by the name of the file, such as 04_receptive_field_dilation.ipynb; no such name, no lecture."""
    first = path.name[:2] if path else ""
    return str(int(first)) if first.isdigit() else ""


def title(number: str) -> str:
    return next((exercise.title for exercise in exercises.all_exercises() if exercise.number == number), "")


def _name(submission: Submission, folder: Path) -> str:
    return submission.path.relative_to(folder).as_posix() if submission.path else ""


def read(out: Path) -> list[Grade]:
    """The lines that are there already; a table of another kind is not overwritten."""
    if out.is_dir() or not out.absolute().parent.is_dir():
        raise ValueError(f"no table can be written at {out}; expected the name of a file in a folder that is there")
    if not out.exists():
        return []
    with out.open(newline="", encoding="utf-8-sig") as file:
        table = csv.DictReader(file)
        names = [field.name for field in fields(Grade)]
        if table.fieldnames is not None and list(table.fieldnames) != names:
            raise ValueError(
                f"{out} is no table of grades; expected the columns {', '.join(names)}. Name another --out"
            )
        return [Grade(**line | {"point": int(line["point"])}) for line in table if None not in line.values()]


def write(out: Path, lines: list[Grade], *, append: bool = False) -> None:
    """Writes lines as a spreadsheet reads them; the disk has them when this returns."""
    coding = "utf-8" if append else "utf-8-sig"  # a mark at its start tells spreadsheets how the file is written
    with out.open("a" if append else "w", newline="", encoding=coding, errors="replace") as file:
        table = csv.writer(file)
        if not append:
            table.writerow(field.name for field in fields(Grade))
        table.writerows(tuple(map(_safe, astuple(line))) for line in lines)
        file.flush()
        os.fsync(file.fileno())


def _safe(value: object) -> object:
    """A cell that no spreadsheet takes for a formula, on one line and not too long."""
    if not isinstance(value, str):
        return value
    text = " ".join(value.split())
    text = text if len(text) <= LONGEST else text[: LONGEST - 4] + " ..."
    return "'" + text if text[:1] in "=+-@" and text else text


def points(lines: Iterable[Grade]) -> dict[str, tuple[int, int]]:
    """Points won and points to win, by student."""
    found: dict[str, tuple[int, int]] = {}
    for line in map(asdict, lines):
        won, of = found.get(line["student"], (0, 0))
        found[line["student"]] = won + line["point"], of + 1
    return found
