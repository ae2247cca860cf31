"""What a class found hard: the share that solved each exercise, and the slips that were made most often."""

import re
from collections import Counter
from dataclasses import dataclass

from course_lib.grading import table
from course_lib.grading.score import Score

SHOWN = 3
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@dataclass(frozen=True)
class Share:
    """One exercise: how many solved and tried it, and the most common slips with how often each was made."""

    number: str
    title: str
    solved: int
    tried: int
    slips: list[tuple[str, int]]


def shares(scores: list[Score]) -> list[Share]:
    """One line for each exercise, in order."""
    found = []
    for lines in zip(*(score.lines for score in scores)):
        slips = Counter(slip(line.why) for line in lines if not line.point)
        tried = sum(line.why != "not attempted" and line.notebook != "" for line in lines)
        solved = sum(line.point for line in lines)
        found.append(Share(lines[0].exercise, lines[0].title, solved, tried, slips.most_common(SHOWN)))
    return found


def slip(why: str) -> str:
    """The slip that a check named, or else what it said first, without the numbers of this one answer."""
    parts = why.split(" / ")
    return parts[-1] if len(parts) > 1 else NUMBER.sub("…", parts[0])


def as_csv(shares: list[Share], students: int) -> str:
    """The table of the class as CSV: a line for each exercise, with its most common slip."""
    rows = [["exercise", "title", "students", "tried", "solved", "share", "most common slip", "times"]]
    for share in shares:
        words, times = share.slips[0] if share.slips else ("", 0)
        part = f"{share.solved / students:.3f}"
        rows.append([share.number, share.title, students, share.tried, share.solved, part, table.safe(words), times])
    return table.as_csv(rows)
