"""The scores for a learning platform: the list of the class that it gives out comes back with its grades filled in.

- Moodle: the grading worksheet of an assignment ("Download grading worksheet"; the assignment's settings must allow
  "Offline grading worksheet", and "Feedback comments" if the reasons are wanted too). Moodle wants the columns
  Identifier, Grade and Last modified (grade), in English, and compares the last with what it holds.
- Canvas: the gradebook as it is exported. Canvas wants Student, ID and Section, then a column for the assignment, and
  takes a row "Points Possible". Only this one assignment comes back, so that nothing else is written over.
"""

import csv
import html
import re
from pathlib import Path

from course_lib.grading import table
from course_lib.grading.score import Score

MOODLE = ("Identifier", "Grade", "Last modified (grade)")
CANVAS = ("Student", "ID", "Section")
ABOUT = ("Student", "ID", "SIS User ID", "SIS Login ID", "Integration ID", "Root Account", "Section")
NAMES = ("Full name", "Email address", "ID number", "Username", "Student", "SIS Login ID", "SIS User ID", "ID")
MOODLE_FOLDER = re.compile(r"(.*)_(\d+)_assignsubmission_(?:file|onlinetext)(?:_.*)?")
CANVAS_FILE = re.compile(r"([^_]+)_(?:LATE_)?(\d+)_\d+_.*")


def person(student: str) -> str:
    """A student's name without what Moodle and Canvas add to it when they hand out submissions."""
    found = MOODLE_FOLDER.fullmatch(student) or CANVAS_FILE.fullmatch(student)
    return found[1] if found else student


def filled(roster: Path, scores: list[Score], assignment: str) -> tuple[str, str, list[str]]:
    """The platform's name, the file for it, and the students whom its list does not name."""
    try:
        with roster.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.DictReader(file)
            rows, columns = list(lines), list(lines.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{roster} cannot be read as a list of the class: {error}") from None
    for platform, wanted, fill in (("moodle", MOODLE, moodle), ("canvas", CANVAS, canvas)):
        if set(wanted) <= set(columns):
            found = matched(rows, scores)
            text = fill(rows, columns, found, assignment)
            return platform, text, [score.student for score in scores if score not in found.values()]
    raise ValueError(
        f"{roster} has the columns {', '.join(columns) or 'none'}; expected {', '.join(MOODLE)} (Moodle's grading "
        f"worksheet, downloaded in English) or {', '.join(CANVAS)} (Canvas's exported gradebook)"
    )


def matched(rows: list[dict], scores: list[Score]) -> dict[int, Score]:
    """The score of each row that has one: by the number in the name of a downloaded file or folder, or by a name."""
    found: dict[int, Score] = {}
    for score in scores:
        names = {score.student.casefold()}
        if moodle_one := MOODLE_FOLDER.fullmatch(score.student):
            names = {f"participant {moodle_one[2]}"}
        elif canvas_one := CANVAS_FILE.fullmatch(score.student):
            names = {canvas_one[2]}
        places = [
            place
            for place, row in enumerate(rows)
            if names & {(row.get(column) or "").strip().casefold() for column in ("Identifier", *NAMES)}
        ]
        if len(places) > 1:
            raise ValueError(f"{len(places)} lines of the class's list fit {score.student}; rename the submission")
        if places and places[0] in found:
            raise ValueError(f"{found[places[0]].student} and {score.student} are the same line of the class's list")
        found |= dict.fromkeys(places, score)
    return found


def moodle(rows: list[dict], columns: list[str], found: dict[int, Score], assignment: str) -> str:
    """The worksheet with grades on its own scale, and with reasons where it has a column for them."""
    most = next((column for column in columns if column.casefold() == "maximum grade"), "")
    for place, score in found.items():
        row = rows[place]
        row["Grade"] = grade(score, row.get(most) or "")
        if "Feedback comments" in columns:
            row["Feedback comments"] = reasons(score)
    return table.as_csv([columns, *([row.get(column) or "" for column in columns] for row in rows)])


def canvas(rows: list[dict], columns: list[str], found: dict[int, Score], assignment: str) -> str:
    """The lines of the students with one assignment; its column is the gradebook's if it is there, else a new one."""
    about = [column for column in ABOUT if column in columns]
    name = next((c for c in columns if c not in ABOUT and re.sub(r" \(\d+\)$", "", c) == assignment), assignment)
    possible = next((row for row in rows if "Points Possible" in (row["Student"] or "")), None)
    points = ((possible or {}).get(name) or "").strip() or f"{next(iter(found.values())).of:g}" if found else ""
    lines = [[*about, name], [(possible or {}).get(column) or "" for column in about] + [points]]
    lines[1][0] = "    Points Possible"
    for place, score in sorted(found.items(), key=lambda pair: pair[0]):
        lines.append([rows[place].get(column) or "" for column in about] + [grade(score, points)])
    return table.as_csv(lines)


def grade(score: Score, most: str) -> str:
    """What was won, on the platform's scale."""
    scale = float(re.sub(r"[^\d.]", "", most.replace(",", ".")) or score.of)
    return f"{scale * score.won / score.of if score.of else 0:.2f}"


def reasons(score: Score) -> str:
    """A line of HTML for each exercise, as Moodle's comments are."""
    lines = [f"{line.exercise}: {line.why}" for line in score.lines]
    return "<br>".join(map(html.escape, [*lines, *([score.by_hand.remark] if score.by_hand.remark else [])]))
