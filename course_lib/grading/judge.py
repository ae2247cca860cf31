"""The process that judges: it knows the solutions, runs the course's own checks, and never a line of a notebook.

A frame "C" brings the answers to one exercise, and the grader's seed for its cases. While its check runs, frames "D" go
to the notebook's process and come back; a frame "O" says the outcome.
"""

import os
from typing import Any, BinaryIO

from course_lib import exercises
from course_lib.checking import attempt
from course_lib.checking.exercise import UNREADABLE, Exercise
from course_lib.checking.outcome import Outcome
from course_lib.grading import walls, wire
from course_lib.grading.answers import Answers

LONGEST, LINES = 500, 9
BY_NUMBER = {exercise.number: exercise for exercise in exercises.all_exercises()}


def run(reader: BinaryIO, writer: BinaryIO, settings: dict[str, Any]) -> None:
    """Judges until the line ends. The notebook's side keeps the time of each call; the grader keeps it for all."""
    attempt.call.__kwdefaults__["seconds"] = 3600.0
    os.environ["BEYOND_FCN_PROGRESS"] = "off"
    walls.limit(settings["gigabytes"])

    def talk(head: Any, body: bytes) -> tuple[dict[str, Any], bytes]:
        wire.send(writer, b"D", head, body)
        frame = wire.receive(reader)
        if frame is None:
            os._exit(0)
        return wire.loads(frame[1]), frame[2]

    while (frame := wire.receive(reader)) is not None:
        outcome = judged(wire.loads(frame[1]), frame[2], Answers(talk))
        lines = [str(line)[:LONGEST] for line in outcome.lines][:LINES]
        wire.send(writer, b"O", {"kind": outcome.kind, "lines": lines})


def judged(head: dict[str, Any], body: bytes, answers: Answers) -> Outcome:
    """The outcome of one answer, by the course's own check."""
    exercise: Exercise = BY_NUMBER[head["check"]]
    given = head.get("answers")
    try:
        if isinstance(given, dict) and "unreadable" in given:
            raise wire.Broken(str(given["unreadable"]))
        answer = answers.read(given, body)
        if not isinstance(answer, tuple):
            raise wire.Broken("no answers")
    except wire.Broken as error:
        return Outcome(exercise.name, "not yet", (f"{UNREADABLE} ({error})",))
    return exercise.judged(answer, head.get("seed", 0))
