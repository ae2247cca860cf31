"""What authors may write in the words of a source, and what it becomes. Pure functions, no file is read here.

[@long2015]                    authors and year, linked to the paper
[@@long2015]                   the full reference: authors, year, title, venue
[[receptive field]]            a link to the glossary, its tooltip the meaning
[[receptive field|the field]]  the same with other words
[quiz]                         the five questions of the front matter, as a cell of its own
"""

import difflib
import html
import re
from dataclasses import dataclass

QUESTIONS = 5
LETTERS = "abcd"


@dataclass(frozen=True)
class Shelf:
    """What the words of a lecture may refer to; `page` is where the glossary lies, seen from the notebook."""

    references: dict[str, dict]
    glossary: dict[str, dict]
    page: str = "GLOSSARY.md"


def expand(text: str, shelf: Shelf, questions: list[dict]) -> str:
    """The text of a markdown cell as the notebook shows it."""
    if text.strip() == "[quiz]":
        return quiz(questions)
    text = text.replace("](GLOSSARY.md)", f"]({shelf.page})")
    text = re.sub(r"\[@@([a-z0-9_]+)\]", lambda match: reference(paper(match[1], shelf)), text)
    text = re.sub(r"\[@([a-z0-9_]+)\]", lambda match: citation(paper(match[1], shelf)), text)
    return re.sub(r"\[\[([^\]|]+)(?:\|([^\]]+))?\]\]", lambda match: term(match[1], match[2] or match[1], shelf), text)


def paper(key: str, shelf: Shelf) -> dict:
    if key not in shelf.references:
        raise ValueError(f"no reference {key!r} in notebooks/source/references.yml{nearest(key, shelf.references)}")
    return shelf.references[key]


def citation(paper: dict) -> str:
    return f"[{paper['authors']} {paper['year']}]({paper['link']})"


def reference(paper: dict) -> str:
    return f"{paper['authors']} ({paper['year']}). [{paper['title']}]({paper['link']}). *{paper['venue']}*"


def term(name: str, shown: str, shelf: Shelf) -> str:
    entry = shelf.glossary.get(name.lower())
    if entry is None:
        raise ValueError(f"no term {name!r} in notebooks/source/glossary.yml{nearest(name, shelf.glossary)}")
    meaning = entry["meaning"].replace('"', "&quot;").replace("`", "")
    return f'[{shown}]({shelf.page}#{anchor(name)} "{meaning}")'


def anchor(name: str) -> str:
    return name.lower().replace(" ", "-")


def nearest(name: str, known: dict) -> str:
    found = difflib.get_close_matches(name, known, n=3)
    return f"; the nearest are {', '.join(found)}" if found else ""


def quiz(questions: list[dict]) -> str:
    """Every option folds out and says why it is right or not: it needs no kernel, so a static page will do."""
    check_quiz(questions)
    parts = ["## Quiz", "Five questions. Unfold the answer you believe in; each says why it is right or not."]
    for number, question in enumerate(questions, start=1):
        options = [
            f"<details><summary>{letter}) {code(option['say'])}</summary>"
            f"<b>{'Right.' if option.get('right') else 'Not this one.'}</b> {code(option['why'])}</details>"
            for letter, option in zip(LETTERS, question["options"])
        ]
        parts += [f"**{number}. {question['ask']}**", "\n".join(options), "<p></p>"]
    return "\n\n".join(parts)


def check_quiz(questions: list[dict]) -> None:
    if len(questions) != QUESTIONS:
        raise ValueError(f"a quiz has {QUESTIONS} questions, got {len(questions)}")
    for question in questions:
        options = question["options"]
        right = [option for option in options if option.get("right")]
        whole = all(option.get("say") is not None and option.get("why") for option in options)
        if not (3 <= len(options) <= len(LETTERS) and len(right) == 1 and whole):
            raise ValueError(f"three or four options, one of them right, each with say and why: {question['ask']!r}")


def code(text: str) -> str:
    """Plain words for HTML, where markdown is not read; `code` in backticks stays code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(str(text), quote=False))
