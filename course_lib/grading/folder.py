"""Grades submitted notebooks: a folder goes in, a table (CSV) comes out, a line for each student and exercise.

    python -m course_lib.exercises grade SUBMISSIONS/ --out grades.csv

Each notebook runs in a process of its own (child) with the cells that its exercises need (cells). That process knows no
solution: answers leave it as data (wire), and another process judges them (judge). What the system offers of walls is
built around it (walls). The table is written anew after each notebook (table); started again, notebooks that are graded
and did not change are not run again. Where the check of an exercise has changed since (checkers), that exercise alone
is graded again.
"""

import hashlib
import time
from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from course_lib import exercises
from course_lib.files import lock
from course_lib.grading import cells as cells_of
from course_lib.grading import checkers, table
from course_lib.grading.run import Limits, Result, Running
from course_lib.grading.table import Grade
from course_lib.grading.workshop import Workshop

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
Key = tuple[str, str, str]  # student, notebook, checksum


@dataclass(frozen=True)
class Submission:
    """One student's notebook."""

    student: str
    path: Path | None  # None: the student's folder holds no notebook

    def key(self, folder: Path) -> Key:
        """What the table knows the notebook by: student, place and checksum."""
        place = self.path.relative_to(folder).as_posix() if self.path else ""
        return table.name(self.student), table.name(place), self.checksum()

    def checksum(self) -> str:
        """The start of the notebook's SHA-256, or a word for why there is none."""
        if self.path is None:
            return "none"
        try:
            digest = hashlib.sha256()
            if self.path.is_symlink() or not self.path.is_file() or self.path.stat().st_size > cells_of.MEGABYTES * 1e6:
                return "unreadable"  # and not read: a link may lead to a device or to all of the disk
            with self.path.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
            return digest.hexdigest()[:12]
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
        if place.is_symlink():
            found.append(Submission(place.name.removesuffix(".ipynb"), place))
        elif place.is_dir():
            books = sorted(p for p in place.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts
                           and (p.is_file() or p.is_symlink()))  # fmt: skip
            found += [Submission(place.name, path) for path in books or [None]]
        elif place.suffix == ".ipynb":
            found.append(Submission(place.stem, place))
    if not found:
        raise ValueError(f"{folder} holds no notebook (*.ipynb) and no student's folder")
    return found


def grade(
    folder: Path,
    out: Path,
    *,
    limits: Limits | None = None,
    lecture: str = "",
    progress: bool = True,
    jobs: int = 1,
    workshop: Workshop | None = None,
) -> list[Grade]:
    """Grades what the table does not hold yet, or holds from a check that has changed, `jobs` notebooks at a time.

    The whole table comes back. How long each notebook ran stands in a file beside it, so that the table itself is the
    same each time. A student whose notebooks are all of other lectures than the one asked for still gets its lines.
    """
    given = {submission.key(folder): submission for submission in submissions(folder)}
    asked = asked_for([s.path for s in given.values() if s.path])
    if lecture and lecture not in asked:
        raise ValueError(f"no exercises of lecture {lecture}; expected one of {', '.join(sorted(asked, key=int))}")
    table.read(out)  # a table that cannot be written is told before anything is locked or run
    with ExitStack() as stack:
        stack.enter_context(lock.held(out.with_name(out.name + ".lock")))
        rows: dict[Key, list[Grade]] = {}
        for line in table.read(out):
            if (key := (line.student, line.notebook, line.checksum)) in given:
                rows.setdefault(key, []).append(line)
        new = {key: numbers for key in given if (numbers := to_grade(rows.get(key, []), asked)) != set()}
        seconds = table.read_seconds(out)
        if new:
            pool = stack.enter_context(ThreadPoolExecutor(jobs))
            stack.callback(pool.shutdown, wait=False, cancel_futures=True)
            shop = workshop or stack.enter_context(Workshop())  # on Ctrl-C it closes first, and what runs ends with it
            work = {
                pool.submit(timed, given[key].path, asked, limits or Limits(), lecture, shop, numbers): key
                for key, numbers in new.items()
            }
            for done in tqdm(as_completed(work), total=len(new), desc="grading", unit="notebook", disable=not progress):
                key = work[done]
                found, seconds[key[:2]] = done.result()
                lines = {line.exercise: line for line in rows.get(key, ()) if new[key]}
                lines |= {number: _line(key, number, *row) for number, row in found.items()}
                rows[key] = sorted(lines.values(), key=lambda line: order(line.exercise))
                table.write_seconds(out, seconds)
                table.write(out, (line for key in given for line in rows.get(key, ())))
        found = [line for key in given for line in rows.get(key, ())]
        missing = sorted({student for student, _, _ in given} - {line.student for line in found}) if lecture else []
        why = f"no notebook of lecture {lecture} was handed in"
        found += [_line((student, "", "none"), number, 0, why) for student in missing for number in asked[lecture]]
        table.write(out, found)
    return found


def _line(key: Key, number: str, point: int, why: str) -> Grade:
    student, notebook, checksum = key
    check = checkers.fingerprint(number)
    return Grade(student, number, point, table.words(why), title(number), notebook, checksum, check)


def to_grade(lines: list[Grade], asked: dict[str, list[str]]) -> set[str] | None:
    """The exercises of a graded notebook whose check is new or has changed; None if all of it is to be graded."""
    if not lines:
        return None
    held = {line.exercise: line.checker for line in lines}
    numbers = {number for lecture in set(map(lecture_of, held)) for number in asked.get(lecture, ())}
    return {number for number in numbers if held.get(number) != checkers.fingerprint(number)}


def order(number: str) -> list[int]:
    """By which exercises are sorted: 1.9 comes before 1.10."""
    return [int(part) for part in number.split(".")] if number else []


def asked_for(paths: Iterable[Path]) -> dict[str, list[str]]:
    """The exercises that each lecture's notebook asks: those of the course's own; without it, of all submissions."""
    own = {path.name[:2].lstrip("0") or "0": path for path in NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")}
    asked: dict[str, set[str]] = {}
    for path in [*own.values(), *(path for path in paths if not path.is_symlink())]:
        try:
            numbers = cells_of.checked_in(cells_of.read(path))
        except (cells_of.Unreadable, OSError):
            continue
        for number in numbers:
            if path in own.values() or lecture_of(number) not in own:
                asked.setdefault(lecture_of(number), set()).add(number)
    return {lecture: sorted(numbers, key=order) for lecture, numbers in asked.items()}


def timed(*given: Any) -> tuple[dict[str, tuple[int, str]], float]:
    """What `graded` says, and how many seconds it took."""
    began = time.monotonic()
    return graded(*given), time.monotonic() - began


def graded(
    path: Path | None,
    asked: dict[str, list[str]],
    limits: Limits,
    lecture: str,
    workshop: Workshop,
    only: Collection[str] | None = None,
) -> dict[str, tuple[int, str]]:
    """Point and why for each exercise of one notebook, whatever it is; nothing if it is of another lecture.

    `only` names the exercises that are wanted, if not all of them are.
    """
    try:
        if path is None:
            raise cells_of.Unreadable("there is no notebook in the student's folder")
        if path.is_symlink():  # to a neighbour's notebook, or to the course's own with its solutions
            raise cells_of.Unreadable("it is a link to another file: the notebook itself is to be handed in")
        cells = cells_of.read(path)
        checked = cells_of.checked_in(cells)
        if not checked:
            raise cells_of.Unreadable("no cell checks an exercise of the course")
    except (cells_of.Unreadable, OSError) as error:
        lecture = lecture or named(path) or (next(iter(asked)) if len(asked) == 1 else "")
        return dict.fromkeys(asked.get(lecture, [""]), (0, f"nothing could be graded: {error}"))
    numbers = [number for found in lectures_in(checked, asked, lecture) for number in asked[found]]
    if not numbers:
        return {}
    places = {number: checked.get(number, []) for number in numbers if only is None or number in only}
    seed = int(hashlib.sha256(path.read_bytes()).hexdigest()[:15], 16)
    result = Running(cells, places, cells_of.tasks(), limits, workshop, seed).run()
    return {number: judged(result, number, found) for number, found in places.items()}


def lectures_in(checked: Collection[str], asked: dict[str, list[str]], wanted: str) -> list[str]:
    """The lectures that a notebook is graded for: the wanted one, or each of which it checks at least half.

    Two lectures in one file are both graded; an exercise of another lecture that somebody tried out is not. If no
    lecture is there by half, it is the one with most exercises.
    """
    share = {lecture: len({*checked} & {*numbers}) / len(numbers) for lecture, numbers in asked.items()}
    if wanted:
        return [wanted] if share.get(wanted) else []
    return [lecture for lecture in share if share[lecture] >= 0.5] or [max(share, key=lambda one: share[one])]


def judged(result: Result, number: str, places: Iterable[int]) -> tuple[int, str]:
    """The point of one exercise, and the words for it."""
    if number in result.outcomes:
        kind, lines = result.outcomes[number]
        words = kind if kind in ("correct", "not attempted") else f"{kind}: {' / '.join(lines)}"
        return int(kind == "correct"), words
    if fates := [f"cell {place}: {result.fates[place]}" for place in places if place in result.fates]:
        return 0, "; ".join(fates)
    if not list(places):
        return 0, "no cell checks this exercise: was it deleted, or its last line changed?"
    return 0, result.problem or "its cell ran, but the check was not reached"


def lecture_of(number: str) -> str:
    """The lecture of an exercise: "4" for "4.2"."""
    return number.split(".")[0]


def named(path: Path | None) -> str:
    """The lecture by the name of the file, such as 04_receptive_field_dilation.ipynb; no such name, no lecture."""
    first = path.name[:2] if path else ""
    return str(int(first)) if first.isdecimal() else ""


def title(number: str) -> str:
    """The title of an exercise; empty for a number that is none."""
    return next((exercise.title for exercise in exercises.all_exercises() if exercise.number == number), "")
