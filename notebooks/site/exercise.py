"""An exercise on a page. Statements are judged there, every choice of letters by the checker's own words; code is not.

In comes the cell that a notebook asks it in; out comes HTML for record.js, or the way to the notebook.
"""

import json
import re
from html import escape
from itertools import combinations

from course_lib import exercises
from course_lib.checking.exercise import Exercise

ASKED = re.compile(r"\bexercises\.(\w+)\.(\w+)\.check\(")
SHORT = re.compile(r"^(\w+) = (exercises\.\w+)$", re.MULTILINE)
STATEMENT = re.compile(r"^ *([a-z])  (.+(?:\n {3,}.+)*)$", re.MULTILINE)


def asked(source: str) -> list[Exercise]:
    """The exercises that a cell checks, also by a short name: `ours = exercises.fcn`."""
    for short, whole in SHORT.findall(source):
        source = re.sub(rf"\b{short}\.", f"{whole}.", source)
    return [getattr(getattr(exercises, room), name) for room, name in ASKED.findall(source)]


def statements(one: Exercise) -> dict[str, str]:
    """The statements of which some follow, by letter; empty for an exercise of another kind."""
    if not (isinstance(one.answer, str) and one.answer.isalpha()):
        return {}
    return {letter: " ".join(text.split()) for letter, text in STATEMENT.findall(one.question())}


def form(one: Exercise) -> str:
    """Its boxes, and what the checker says to each choice of them."""
    said = statements(one)
    boxes = "".join(
        f'<label><input type="checkbox" value="{letter}"> <b>{letter}</b> {escape(text)}</label>'
        for letter, text in said.items()
    )
    told = {"hints": one.hints, "outcomes": {"".join(chosen): outcome(one, chosen) for chosen in every(said)}}
    data = json.dumps(told, ensure_ascii=False).replace("</", "<\\/")
    return (
        f'<div class="answer" data-exercise="{one.number}" hidden><fieldset><legend>Exercise {one.number}: which '
        f"follow?</legend>{boxes}</fieldset>"
        '<button type="button">Check</button><button type="button">Hint</button>'
        f'<output></output><script type="application/json">{data}</script></div>'
    )


def every(letters: dict[str, str]) -> list[tuple[str, ...]]:
    return [chosen for number in range(len(letters) + 1) for chosen in combinations(letters, number)]


def outcome(one: Exercise, chosen: tuple[str, ...]) -> dict:
    found = one.judged(("".join(chosen),))
    return {"kind": found.kind, "lines": found.lines}


def elsewhere(several: list[Exercise], ways: str) -> str:
    """For code: where it can be written and checked."""
    *first, last = (one.number for one in several)
    numbers = f"{', '.join(first)} and {last}" if first else last
    return f'<p class="elsewhere">For code ({numbers}): write it and check it in the notebook. {ways}</p>'
