"""A lecture in another language: the words of its source, block by block, and whatever else its page says.

A catalogue is a .po file in locale/. Prose is translated where authors write it, before terms and papers become links;
the rest (cards, quiz, alt texts, explorers) is text between tags, exchanged in the finished page by `html` and, where
scripts write it later, by static/language.js. What a catalogue does not know stays English.
"""

import html as entities
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from babel.messages import pofile
from nbformat import NotebookNode

from notebooks import build, convert
from notebooks.words import expand

LOCALE = Path(__file__).parent / "locale"
NAMES = {"en": "English", "ko": "한국어"}
STAYS = "Code and what it prints, the slides and the other pages stay in English."
DETAILS = re.compile(r"(</?(?:details|summary)>)")
# what Markdown reads by itself, and words between: a heading, a list item, a table's cells, a block of code
LINE = re.compile(r"(?P<mark>#+ +|[-*] +|\d+\. +)?(?P<words>.*)")
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
HIDDEN = re.compile(r"(<(script|style|pre|code)\b.*?</\2>)", re.DOTALL)
BETWEEN = re.compile(r"(?<![^>])([^<>]*[^\W\d_][^<>]*)(?![^<])")
SPOKEN = re.compile(r'(?<=\s)(alt|aria-label|data-says|title|placeholder)="([^"]*)"')
Words = dict[str, str]


def languages(lecture: str) -> list[str]:
    """The languages that a lecture has been translated into."""
    return sorted(path.parent.name for path in LOCALE.glob(f"*/{lecture}.po"))


def catalogue(language: str, lecture: str) -> Words:
    """Message -> translation, of those that have one."""
    with open(LOCALE / language / f"{lecture}.po", "rb") as file:
        read = pofile.read_po(file, locale=language)
    return {one.id: one.string for one in read if one.id and one.string and not one.fuzzy}


def blocks(text: str, said: Callable[[str], str]) -> str:
    """The same Markdown with each block of words put through `said`, which gets it as one line."""
    return "".join(part if DETAILS.fullmatch(part) else _block(part, said) for part in DETAILS.split(text))


def _block(text: str, said: Callable[[str], str]) -> str:
    made, mark, words = [], "", []

    def close() -> None:
        nonlocal mark, words
        if words:
            made.append(mark + said(" ".join(" ".join(words).split())))
        mark, words = "", []

    for line in text.split("\n"):
        found = LINE.fullmatch(line)
        if not line.strip() or line.startswith(("    ", "|")) or found["mark"]:
            close()
        if not line.strip() or line.startswith("    "):
            made.append(line)
        elif line.startswith("|"):
            made.append("|".join(f" {said(cell)} " if (cell := one.strip(" -")) else one for one in line.split("|")))
        else:
            mark, words = found["mark"] or mark, [*words, found["words"]]
            if mark.startswith("#"):
                close()
    close()
    return "\n".join(made)


def prose(source: convert.Source) -> list[str]:
    """The Markdown cells of a source as authors write them, the opening first; empty for code and for the quiz."""
    cells = [cell.source if cell.kind == "markdown" and cell.source != "[quiz]" else "" for cell in source.cells]
    return [convert.opening(source, ""), "", *cells]


def front(source: convert.Source, tongue: str) -> dict:
    """The front matter with the quiz in another language."""
    words = catalogue(tongue, source.name)
    return source.front | {"quiz": asked(source.front["quiz"], lambda text: words.get(text, text))}


def book(source: convert.Source, tongue: str, executed: NotebookNode) -> NotebookNode:
    """An executed notebook with its prose in another language, and a sentence on what stays English."""
    words, shelf = catalogue(tongue, source.name), build.shelf(solutions=False)
    for cell, text in zip(executed.cells, prose(source)):
        if text:
            cell.source = expand(blocks(text, lambda one: words.get(one, one)), shelf, [])
    executed.cells[0].source += f"\n\n{words.get(STAYS, STAYS)}"
    return executed


def asked(questions: list[dict], said: Callable[[str], str]) -> list[dict]:
    """The quiz in other words."""
    return [
        {"ask": said(one["ask"]), "options": [option | _option(option, said) for option in one["options"]]}
        for one in questions
    ]


def _option(option: dict, said: Callable[[str], str]) -> dict:
    return {part: said(str(option[part])) for part in ("say", "why")}


def template(text: str) -> str:
    """The text with numbered places for its numbers."""
    numbers = iter(range(len(text)))
    return NUMBER.sub(lambda _: f"{{{next(numbers)}}}", text)


def spoken(text: str, words: Words) -> str:
    """What stands for a text, with its numbers put in; the text itself where the catalogue does not know it."""
    own = " ".join(text.split())
    if own in words:
        return words[own]
    numbers, pattern = NUMBER.findall(own), template(own)
    return re.sub(r"\{(\d+)\}", lambda found: numbers[int(found[1])], words[pattern]) if pattern in words else text


def heard(text: str) -> Iterator[str]:
    """Every piece of words in HTML: between tags, and, with places for the numbers, what is read aloud."""
    for part in HIDDEN.split(text)[::3]:
        yield from (" ".join(entities.unescape(one).split()) for one in BETWEEN.findall(part))
        yield from (template(" ".join(entities.unescape(one).split())) for _, one in SPOKEN.findall(part))


def html(text: str, words: Words) -> str:
    """A page with all that the catalogue knows exchanged; code stays as it is."""

    def put(words_of: str, quote: bool) -> str:
        exchanged = spoken(entities.unescape(words_of), words)
        around = [words_of[: len(words_of) - len(words_of.lstrip())], words_of[len(words_of.rstrip()) :]]
        return entities.escape(exchanged.strip(), quote=quote).join(around)

    parts = HIDDEN.split(text)
    for number in range(0, len(parts), 3):
        shown = BETWEEN.sub(lambda found: put(found[1], False), parts[number])
        parts[number] = SPOKEN.sub(lambda found: f'{found[1]}="{put(found[2], True)}"', shown)
    return "".join(part for number, part in enumerate(parts) if number % 3 != 2)
