"""What instructors do with a class: `python -m course_lib.exercises grade SUBMISSIONS/ --out grades.csv`.

`grade` runs and judges a folder of notebooks, `report` makes pages and a learning platform's file from the table,
`assignment` makes an assignment for nbgrader or otter-grader from a lecture, `sign` and `verify` are for the record
that a student keeps on the course's site.
"""

import argparse
import os
import sys
import warnings
from pathlib import Path

from course_lib.files import lock
from course_lib.grading import assignment, folder, report, signed, table

GRADE = """Grades a folder of notebooks.

Notebooks may lie flat (ann.ipynb, bob.ipynb) or in one folder for each student. Run it again after an interruption:
what is graded and did not change is kept. Where the check of an exercise has changed since, that exercise is graded
again."""
EPILOG = """exit codes: 0 all is graded, whatever the grades; 2 a wish that cannot be met, with the reason;
130 stopped by Ctrl-C: what is graded is kept.
Grading runs other people's code. INSTRUCTORS.md says which walls stand around it on which system."""


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and grade the folder; the exit status."""
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m course_lib.exercises", description=__doc__, formatter_class=layout)
    names = "grade | report | assignment | sign | verify"
    commands = parser.add_subparsers(dest="command", required=True, metavar=names)
    add_grade(commands.add_parser("grade", description=GRADE, epilog=EPILOG, formatter_class=layout))
    report.options(commands.add_parser("report", description=report.__doc__, formatter_class=layout))
    assignment.options(commands.add_parser("assignment", description=assignment.__doc__, formatter_class=layout))
    for name in ("sign", "verify"):
        signed.options(commands.add_parser(name, description=signed.__doc__, formatter_class=layout))
    options = parser.parse_args(arguments)
    if options.command == "grade":
        return grade(options)
    try:
        return {"report": report, "assignment": assignment}.get(options.command, signed).main(options)
    except (ValueError, OSError, ImportError) as error:
        print(error, file=sys.stderr)
        return 2


def add_grade(grade: argparse.ArgumentParser) -> None:
    """The options of `grade`."""
    grade.add_argument("submissions", type=Path, help="the folder with the notebooks, or with one folder per student")
    grade.add_argument("--out", type=Path, default=Path("grades.csv"), help="the table (default: grades.csv)")
    grade.add_argument("--lecture", default="", help="the lecture whose exercises count, such as 04; else found out")
    grade.add_argument("--cell-seconds", type=float, default=30, help="the most that one cell may take (default: 30)")
    grade.add_argument("--seconds", type=float, default=180, help="the most that a notebook may take (default: 180)")
    grade.add_argument("--memory", type=float, default=4, help="gigabytes beside torch's own (default: 4; Linux only)")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    grade.add_argument("--jobs", type=int, default=cores, help=f"notebooks at a time (default: your cores, {cores})")


def grade(options: argparse.Namespace) -> int:
    """Grade the folder and print what came of it; the exit status."""
    warnings.simplefilter("ignore", SyntaxWarning)  # such as "\d" in a student's words: cells are read as code
    try:
        limits = folder.Limits(options.cell_seconds, options.seconds, options.memory)
        if options.lecture and not options.lecture.isdecimal():
            raise ValueError(f"--lecture expects a lecture's number, such as 04, got {options.lecture!r}")
        if options.jobs < 1:
            raise ValueError(f"--jobs expects a number from 1 up, got {options.jobs}")
        lecture = str(int(options.lecture)) if options.lecture else ""
        lines = folder.grade(options.submissions, options.out, limits=limits, lecture=lecture, jobs=options.jobs)
    except lock.Held as holder:
        print(f"{options.out} is being written by {holder}; wait for it, or name another --out", file=sys.stderr)
        return 2
    except (ValueError, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"Stopped. {options.out} has what is graded; the same command goes on from there.", file=sys.stderr)
        return 130
    for student, (won, of) in table.points(lines).items():
        print(f"{student:24} {won} of {of}")
    print(f"{options.out} says for each exercise whether its point was won, and why not.")
    return 0
