"""A report on a class, from its table of grades: pages for students and instructor, and a file for Moodle or Canvas.

python -m course_lib.exercises report grades.csv --out REPORT/ --rules rules.json --hand hand.csv --class-list FILE
"""

import argparse
import re
from pathlib import Path

from course_lib.files import whole
from course_lib.grading import class_table, pages, platforms, table
from course_lib.grading import score as scoring


def options(parser: argparse.ArgumentParser) -> None:
    """The options of `report`."""
    parser.add_argument("grades", type=Path, help="the table that `grade` wrote")
    parser.add_argument("--out", type=Path, default=Path("report"), help="the folder for the pages (default: report)")
    parser.add_argument("--rules", type=Path, help="weights, points of the capstone and late days, as JSON")
    parser.add_argument(
        "--hand", type=Path, help="late days, capstone, remarks; if not there, it is made to be filled in"
    )
    parser.add_argument("--class-list", type=Path, help="Moodle's grading worksheet or Canvas's exported gradebook")
    parser.add_argument("--assignment", default="Beyond FCN", help="its name in Canvas (default: Beyond FCN)")


def main(given: argparse.Namespace) -> int:
    """Write the report on a class: a page for each student, the class's page and table, and the file for upload."""
    if not given.grades.is_file() or not (lines := table.read(given.grades)):
        raise ValueError(f"{given.grades} holds no grades; expected the table that `grade` wrote")
    rules = scoring.rules(given.rules)
    students = list(dict.fromkeys(line.student for line in lines))
    scores = scoring.scores(lines, rules, scoring.by_hand(given.hand, students))
    seconds = table.read_seconds(given.grades)
    for score, name in zip(scores, file_names(students)):
        whole.write(given.out / "feedback" / name / "feedback.html", pages.feedback(score, rules, seconds))
    shares = class_table.shares(scores)
    whole.write(given.out / "class.html", pages.class_page(scores, shares, seconds))
    whole.write(given.out / "class.csv", "\ufeff" + class_table.as_csv(shares, len(scores)))
    print(f"{given.out} has a page for each of {len(scores)} students (feedback/), class.html and class.csv.")
    if given.class_list:
        platform, text, unknown = platforms.filled(given.class_list, scores, given.assignment)
        whole.write(given.out / f"{platform}.csv", text)
        print(f"{given.out / platform}.csv is for {platform.title()}: {len(scores) - len(unknown)} grades.")
        for student in unknown:
            print(f"not in {given.class_list}: {student}")
    return 0


def file_names(students: list[str]) -> list[str]:
    """A folder's name for each student, as the submissions have it where that is a name on every system."""
    found: list[str] = []
    for student in students:
        name = plain = re.sub(r"[^\w@+=, .-]", "_", student).strip(" .") or "_"
        number = 1
        while name.casefold() in map(str.casefold, found):
            number += 1
            name = f"{plain} {number}"
        found.append(name)
    return found
