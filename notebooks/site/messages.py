"""`make messages`: what of a lecture can be translated, as gettext catalogues.

For each lecture a template, .cache/site/messages/NAME.pot; the catalogues in locale/ take over what is new and drop
what is gone. Sphinx's own extraction skips HTML, and with it each guess, quiz and card; this one reads the words where
language.py puts their translations.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import nbformat
from babel.messages import Catalog, pofile

from course_lib import __version__
from course_lib.explorers.machinery.explorer import Explorer
from notebooks import build, convert
from notebooks.site import language, letters, tables
from notebooks.site.lecture import MADE, Lecture, Pictures, identity

NO_WORDS = {"colours", "colour", "drags", "palette"}  # of panels
WORD = re.compile(r"[^\W\d_]{2}")
HTML = re.compile(r'<a class="term"[^>]*>')  # of prose; the rest of it stands in the source
IDENTIFIER = re.compile(r"\w*[\d._][\w.]*")  # pool4, conv1.relu
NAMES = re.compile(r"\[@@?\w+\]")  # papers are cited as they are
HEADER = "# Translated by the authors of Beyond FCN; under the licence of the course's texts."
MOST = 30  # values of one control that are looked at
ROOM = build.HERE.parent / ".cache" / "site"
# what the theme, widget.js and record.js say around it; a browser test finds what is missing here
AROUND = (
    "Search", "Contents", "Menu", "Expand", "Light mode", "Dark mode", "Auto light/dark, in light mode",
    "Auto light/dark, in dark mode", "Skip to content", "Back to top", "Lectures", "Beside them", "Site", "Page",
    "Toggle site navigation sidebar", "Toggle table of contents sidebar", "Toggle Light / Dark / Auto color theme",
    "Link to this heading",
    "The code", "On this page", "Next", "Previous", "Quiz", "Slides", "Download the notebook",
    "Choose the answer you believe in; each says why it is right or not.",
    "Take the tour", "Leave the tour", "Go on with the tour", "Show me", "Next", "Back", "Done", "Start again",
    "Keep this state", "Play", "Step {0} of {1}", "Step {0} of {1}: predict first", "Row {0}, column {1}",
    "{0} seeds, {1} processor seconds. Measured by", "{0} seeds", "{0} of {1} as stated",
    "{0} to {1}", "-{0} to {1}", "-{0} to -{1}", "picture with a pixel cursor",
    "This takes a moment; the picture follows.",
    "Tour", "Row {0}, column {1} of {2} x {3} places", "Outlined", "box {0} x {1}, the output pixel",
    "map of {0} x {1}, from {2} to {3}", "picture of {0} x {1} pixels", "The field", "theoretical",
    "effective (gradient)", "empirical (occlusion)", "Shaded", "what the unit cannot see", "share of places over rate",
    "mean of all weights from {0} to {1}, {2} at {3}", "{0} valid from {1} to {2}, {3} at {4}",
    "all {0} valid from {1} to {2}, {3} at {4}", "At rate {0} the kernel uses {1}% of its weights on average",
    "from rate {0} on it is a {1} x {2}", "{0} (logarithmic)",
    "Stop", "Patches hidden", "So far in patches of {0} x {1} pixels",
    "{0} of {1} right at the first try", "{0} of {1} right at the first try. That was all of them.",
)  # fmt: skip


def main() -> int:
    place, live = ROOM / "messages", tables.every()
    place.mkdir(parents=True, exist_ok=True)
    for path in build.sources():
        source = convert.parse(path.stem, path.read_text())
        made = catalogue(messages(source, live))
        with open(place / f"{path.stem}.pot", "wb") as file:
            pofile.write_po(file, made, width=0, omit_header=False)
        for tongue in language.languages(path.stem):
            kept = language.LOCALE / tongue / f"{path.stem}.po"
            missing = update(kept, made, tongue)
            print(f"{kept.relative_to(build.HERE)}: {missing} of {len(made)} messages wait for a translation")
    print(f"templates of all lectures: {place.relative_to(build.HERE.parent)}/*.pot")
    return 0


def catalogue(found: Iterable[tuple[str, str]]) -> Catalog:
    made = Catalog(project="Beyond FCN", version=__version__, fuzzy=False)
    for where, text in found:
        made.add(text, locations=[(where, 0)])
    return made


def update(path: Path, made: Catalog, tongue: str) -> int:
    """Writes the catalogue's messages of today with yesterday's translations; returns how many have none."""
    words = language.catalogue(tongue, path.stem)
    kept = Catalog(locale=tongue, project="Beyond FCN", version=__version__, header_comment=HEADER, fuzzy=False)
    for one in made:
        if one.id:
            kept.add(one.id, words.get(one.id, ""), locations=one.locations)
    with open(path, "wb") as file:
        pofile.write_po(file, kept, width=0, include_lineno=False)
    return sum(one.id not in words for one in made if one.id)


def messages(source: convert.Source, live: dict[str, Explorer]) -> Iterator[tuple[str, str]]:
    """All that a lecture says, each text with where it stands: in its text, its quiz, its outputs or its explorers."""
    known = set()
    for where, text in every(source, live):
        if WORD.search(NAMES.sub("", text)) and not IDENTIFIER.fullmatch(text):
            if where == "picture" and text not in known:
                text = language.template(text)
            known.add(text)
            yield where, text


def every(source: convert.Source, live: dict[str, Explorer]) -> Iterator[tuple[str, str]]:
    said: list[str] = []
    for text in language.prose(source):
        language.blocks(text, lambda one: said.append(one) or one)
    language.asked(source.front["quiz"], lambda one: said.append(one) or one)
    yield from (("text", text) for text in said)
    yield from (("around", text) for text in (language.STAYS, *AROUND))
    lecture = Lecture(source.name, source.front, live, {}, Pictures(ROOM / "html" / "pictures"))
    page = lecture.page(nbformat.read(build.target(source.name, solutions=False), 4))
    for cell in page.cells[1:]:
        outputs = [output.data["text/html"] for output in cell.get("outputs", ()) if "data" in output]
        for text in outputs or (HTML.findall(cell.source) if cell.cell_type == "markdown" else ()):
            yield from (("page", one) for one in language.heard(text) if language.template(one) not in AROUND)
    for made in MADE.finditer("\n".join(cell.source for cell in source.cells if cell.kind == "code")):
        yield from (("explorer", text) for text in moved(live[identity(made)]))
    for svg in letters.drawn(source.name).values():
        yield from (("picture", text) for text in letters.heard(svg))


def moved(explorer: Explorer) -> Iterator[str]:
    """What an explorer says: its labels and its tour, and its panels under values of each control and of the tour."""
    guide, labels = explorer.guide, [(one.label, one.wire().get("texts", ())) for one in explorer.controls]
    yield from strings([explorer.title, guide.prompt, list(guide.presets), labels])
    yield from strings([(step.ask, step.explain) for step in guide.tour])
    settings = [*guide.every_setting(), {}]
    for control in explorer.controls:
        values = control.every()
        settings += [{control.name: value} for value in values[:: max(len(values) // MOST, 1)]]
    kinds = defaultdict(set)
    for one in settings:
        try:
            panels: object = explorer.render(**one)
        except ValueError as error:  # a unit that never fires; the widget says so
            panels = str(error)
        for text in strings(panels):
            kinds[language.template(text.replace("{v}", "0"))].add(text)  # the widget puts a number there
    for pattern, texts in kinds.items():
        yield texts.pop() if len(texts) == 1 and "{v}" not in "".join(texts) else pattern


def strings(thing: object) -> Iterator[str]:
    """Each text with a word in it, in lists, dictionaries' values and the words of panels."""
    if isinstance(thing, str):
        yield " ".join(thing.split())
    elif isinstance(thing, dict):
        yield from strings(list(thing.values()))
    elif isinstance(thing, list | tuple):
        for one in thing:
            yield from strings(one)
    elif is_dataclass(thing):
        yield from strings([getattr(thing, one.name) for one in fields(thing) if one.name not in NO_WORDS])


if __name__ == "__main__":
    sys.exit(main())
