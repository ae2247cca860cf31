"""The slides of a lecture, from the cells of its page: a column for each section, a slide for each output.

A slide shows a picture, an explorer that moves, or what the code prints, below the sentence that leads to it. What the
page says in full, and what the instructor's page says of the section, stand in the speaker's notes (key S).
"""

import re
import shutil
from collections.abc import Iterator
from difflib import get_close_matches
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt
from nbformat import NotebookNode

from notebooks.words import code

SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
SECTION_BEGINS = re.compile(r"^(?=## )", re.MULTILINE)
UNSAID = re.compile(r"<details>.*?</details>|^#+ [^\n]*|<[^>]+>", re.DOTALL | re.MULTILINE)
LEADING = re.compile(r"\*(?:Guess|Play|Then measure|Find out)[:.]\*\s*(\w)")
LIST_BEGINS = re.compile(r"\n(?:- |\d+\. )")
SENTENCE = re.compile(r".+?(?:[.?!](?=\s)|\Z)", re.DOTALL)
SCRIPTS = ("reveal/reveal.js", "reveal/notes.js", "_static/host.js", "_static/runtime.js", "_static/slides.js")
STYLES = ("reveal/reveal.css", "_static/widget.css", "_static/slides.css")
NOT_SHOWN = ('class="answer"', 'class="elsewhere"')
BESIDE = re.compile(r'href="(\w+)\.(?:ipynb|md)(?=["#])')  # as the notebook names what lies beside it
WRITTEN = MarkdownIt("commonmark", {"html": True})


def write_reveal(npm: Path, made: Path) -> None:
    """What reveal.js needs, out of npm's package; the look is ours."""
    (made / "reveal").mkdir()
    package = npm / "node_modules" / "reveal.js"
    for file in ("dist/reveal.css", "dist/reveal.js", "plugin/notes/notes.js"):
        shutil.copy(package / file, made / "reveal")


def slides(name: str, front: dict, page: NotebookNode) -> str:
    """The whole document."""
    columns = sections(page)
    told, others = notes(front["teach"]["sections"], list(columns))
    opening = (
        f"<h1>{code(front['title'])}</h1><p>{code(front['question'])}</p>"
        f'<p class="small"><a href="{name}.html">The lecture as a page</a></p>'
    )
    body = slide(opening, others) + "".join(column(title, cells, told[title]) for title, cells in columns.items())
    body = BESIDE.sub(r'href="\1.html', body)
    styles = "".join(f'<link rel="stylesheet" href="{style}">' for style in STYLES)
    scripts = "".join(f'<script src="{script}"></script>' for script in SCRIPTS)
    return (
        '<!doctype html><html lang="en" data-content_root="./"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{code(front["title"])}: slides'
        f'</title>{styles}</head><body><main><div class="reveal"><div class="slides">{body}</div></div></main>'
        f"{scripts}</body></html>\n"
    )


def sections(page: NotebookNode) -> dict[str, list[NotebookNode]]:
    """The cells below each heading of the second rank, where something is shown."""
    found: dict[str, list[NotebookNode]] = {}
    title = ""
    for cell in page.cells:
        parts = [cell]
        if cell.cell_type == "markdown":
            parts = [NotebookNode(cell | {"source": part}) for part in SECTION_BEGINS.split(cell.source) if part]
        for part in parts:
            if part.cell_type == "markdown" and (heading := SECTION.match(part.source)):
                title = heading[1]
            if title:
                found.setdefault(title, []).append(part)
    return {title: cells for title, cells in found.items() if any(list(shown(cell)) for cell in cells)}


def notes(taught: list[dict], titles: list[str]) -> tuple[dict[str, str], str]:
    """What the instructor's page says, at the section of the nearest name; the rest is for the first slide."""
    told, others = dict.fromkeys(titles, ""), ""
    for one in taught:
        words = f"<p><b>{escape(one['section'])}, {one['minutes']} minutes.</b> {escape(one['show'])}</p>"
        if near := get_close_matches(one["section"], titles, 1):
            told[near[0]] += words
        else:
            others += words
    return told, others


def column(title: str, cells: list[NotebookNode], told: str) -> str:
    """The section's outputs one below the other, the first of them under its title."""
    words = SECTION.sub("", cells[0].source).strip()
    head, said, parts = f"<h2>{code(title)}</h2>", told + WRITTEN.render(words), []
    for cell in cells[1:]:
        if cell.cell_type == "markdown":
            words = cell.source
            said = (said if head else "") + WRITTEN.render(words)
            continue
        for output in shown(cell):
            leads = "" if "data-explorer" in output else led(words)  # an explorer says what to do, and needs the room
            parts.append(slide(f"{head}{leads}{output}", said))
            head, said = "", WRITTEN.render(words)
    return f"<section>{''.join(parts)}</section>"


def slide(body: str, notes: str) -> str:
    return f'<section>{body}<aside class="notes">{notes}</aside></section>'


def led(words: str) -> str:
    """The last sentence or two before what is shown, which speak of it."""
    text = LEADING.sub(lambda found: found[1].upper(), UNSAID.sub("", words))
    paragraphs = [one for one in text.split("\n\n") if one.strip() and not one.lstrip().startswith(("-", "|", "    "))]
    sentences = SENTENCE.findall(LIST_BEGINS.split(paragraphs[-1])[0].strip()) if paragraphs else []
    return WRITTEN.render(" ".join(one.strip() for one in sentences[:2])).replace("<p>", '<p class="led">')


def shown(cell: NotebookNode) -> Iterator[str]:
    """The outputs that a room can see; text only where nothing is drawn."""
    if cell.cell_type != "code":
        return
    drawn = [output.data["text/html"] for output in cell.outputs if output.output_type == "display_data"]
    drawn = [html for html in drawn if not any(one in html for one in NOT_SHOWN)]
    said = "".join(output.text for output in cell.outputs if output.output_type == "stream")
    if not drawn and said:
        yield f"<pre>{escape(said)}</pre>"
    yield from drawn
