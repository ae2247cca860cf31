"""From an executed notebook to the page of a lecture: the same cells, without what only a notebook can use.

Pictures become files beside the page, so that the text is there first; explorers become places where host.js shows
them; the quiz and what else a page can judge become buttons. No cell is run here.
"""

import ast
import base64
import html
import io
import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from PIL import Image

from course_lib.shown import HEARD
from notebooks import drawings, first_cell
from notebooks.site import exercise, language
from notebooks.site.quiz import quiz

EMBEDDED = re.compile(r'<img\b([^>]*?) src="data:image/(png|jpeg);base64,([^"]+)"([^>]*)>')
TERM = re.compile(r'\[([^\]]+)\]\([^)\s]*GLOSSARY\.md#([\w-]+) "([^"]*)"\)')
MADE = re.compile(r"\bexplorers\.(\w+)\((.*)\)$", re.MULTILINE)
SHOWN = re.compile(r"explorers\.(\w+)\(\), moved by ")
BADGE = re.compile(r"\)\]\((.+)\)$")
LONG = 6  # lines of code; from here on it unfolds when asked for
BROAD = 600  # pixels; on a phone a broader picture scrolls, because its letters would be too small
FIRST = "# Run this cell first."
UPLOAD = (
    '<p class="elsewhere">The button is in the notebook. Here the page '
    '<a href="photograph.html">Your photograph</a> labels a picture, in your browser.</p>'
)


class Pictures:
    """A folder of pictures, each stored once under a name made from its bytes.

    redrawn  the name of every picture -> its SVG in another language, which is stored in its place
    """

    def __init__(self, folder: Path, redrawn: dict[str, str] | None = None):
        self.folder, self.redrawn = folder, redrawn
        folder.mkdir(parents=True, exist_ok=True)

    def stored(self, kind: str, raw: bytes) -> str:
        if self.redrawn is not None:
            if (shown := drawings.name(raw)) not in self.redrawn:
                raise ValueError(
                    f"no drawing of picture {shown} in {drawings.PLACE}: it is older than its notebook; "
                    "build that again (python -m notebooks.build NAME --force) and commit both"
                )
            kind, raw = "svg", self.redrawn[shown].encode()
        name = f"{drawings.name(raw)}.{'jpg' if kind == 'jpeg' else kind}"
        (self.folder / name).write_bytes(raw)
        return f"{self.folder.name}/{name}"

    def outside(self, text: str) -> str:
        """The same HTML with its embedded pictures as files, fetched when they come into sight."""
        return EMBEDDED.sub(lambda found: self.image(found[2], found[3], found[1] + found[4]), text)

    def image(self, kind: str, data: str, attributes: str) -> str:
        """With the shape of the picture told before it is there, the text below does not jump."""
        raw = base64.b64decode(data)
        name = self.stored(kind, raw)
        with Image.open(io.BytesIO(raw)) as picture:
            width, height = picture.size
        attributes = re.sub(r' (width|height|style)="[^"]*"', "", attributes)
        shown = f'<img{attributes} src="{name}" width="{width}" height="{height}" loading="lazy"'
        if width <= BROAD:
            return f"{shown}>"
        kind = "wide tall picture" if height > width else "wide picture"
        return f'<div class="{kind}" tabindex="0">{shown} style="--own: {width}px"></div>'


class Lecture:
    """One notebook on its way to a page.

    front      the front matter of its source
    live       the names of the explorers' scripts
    citations  link of a paper -> its title and venue
    others     the same page in other languages: the language -> its page
    """

    def __init__(
        self,
        name: str,
        front: dict,
        live: Collection[str],
        citations: dict[str, str],
        pictures: Pictures,
        others: dict[str, str] | None = None,
    ):
        self.name, self.front, self.live, self.citations, self.pictures = name, front, live, citations, pictures
        self.others = others or {}
        self.waiting: dict[str, tuple[str, str]] = {}  # explorer -> its script and first picture, until it is shown

    def page(self, book: NotebookNode) -> NotebookNode:
        cells = [cell for cell in book.cells if not cell.source.startswith(FIRST)]
        made = [self.words(cell) if cell.cell_type == "markdown" else self.code(cell) for cell in cells]
        made[0].source = self.opening(made[0].source)
        return nbformat.v4.new_notebook(cells=made, metadata={"kernelspec": book.metadata.kernelspec})

    def opening(self, text: str) -> str:
        """The first words; the badge, a picture from elsewhere, becomes a link."""
        title, _, rest = text.replace(first_cell.badge(self.name), "").partition("\n")
        return f'{title}\n\n<p class="ways">{self.ways()}{self.slides()}{self.switch()}</p>\n\n{rest.strip()}'

    def ways(self) -> str:
        """Links to the notebook itself."""
        colab = f'<a href="{link[1]}">Open in Colab</a>' if (link := BADGE.search(first_cell.badge(self.name))) else ""
        return f'<a href="notebooks/{self.name}.ipynb" download>Download the notebook</a>{colab}'

    def slides(self) -> str:
        return f'<a href="slides_{self.name[:2]}.html">Slides</a>'

    def switch(self) -> str:
        """Links to the page in other languages."""
        return "".join(
            f'<a href="{page}" lang="{tongue}" hreflang="{tongue}">{language.NAMES[tongue]}</a>'
            for tongue, page in self.others.items()
        )

    def words(self, cell: NotebookNode) -> NotebookNode:
        text = quiz(self.front["quiz"], self.name) if cell.source.startswith("## Quiz\n") else cell.source
        text = TERM.sub(r'<a class="term" href="GLOSSARY.html#\2" data-says="\3">\1</a>', text)
        for link, says in self.citations.items():
            cited = rf'<a class="paper reference external" href="{link}" data-says="{says}">\1</a>'
            text = re.sub(rf"\[([^\]]+)\]\({re.escape(link)}\)", cited, text)
        return nbformat.v4.new_markdown_cell(text, id=cell.id)

    def code(self, cell: NotebookNode) -> NotebookNode:
        shown = [output for one in cell.outputs for output in self.output(cell, one)]
        made = nbformat.v4.new_code_cell(cell.source, outputs=shown, id=cell.id, execution_count=None)
        if "upload()" in cell.source:
            shown.append(as_html(UPLOAD))
        if several := exercise.asked(cell.source):
            shown += [as_html(exercise.form(one)) for one in several if exercise.statements(one)]
            if code := [one for one in several if not exercise.statements(one)]:
                shown.append(as_html(exercise.elsewhere(code, self.ways())))
            made.metadata["tags"] = [] if code else ["remove-input"]
        elif cell.source.count("\n") >= LONG and "exercise" not in cell.metadata.get("tags", []):
            made.metadata["tags"] = ["hide-input"]  # on a page the text leads from picture to picture
        return made

    def output(self, cell: NotebookNode, output: NotebookNode) -> Iterator[NotebookNode]:
        """What a page shows of one output; a check that was not attempted, and a widget's words, are left out."""
        if output.output_type == "stream":
            yield output
            return
        data, made = output.data, MADE.search(cell.source)
        if explorer := SHOWN.match(data["text/plain"]):
            yield as_html(self.place_of(explorer[1], start(cell.source)))
        elif HEARD in data.get("text/html", ""):
            return  # the alt text once more, for JupyterLab: here it stands in the picture
        elif picture := self.picture(output):
            if made and identity(made) in self.live:
                self.waiting[made[1]] = identity(made), picture
            else:
                yield as_html(picture)
        elif "text/html" in data and "not attempted" not in data["text/plain"]:
            yield as_html(dressed(self.pictures.outside(data["text/html"])))

    def picture(self, output: NotebookNode) -> str:
        """An output that is a picture and nothing else, with its alt text; empty for others."""
        for kind in ("png", "jpeg"):
            if f"image/{kind}" in output.data:
                alt = html.escape(output.metadata[f"image/{kind}"]["alt"])
                return self.pictures.image(kind, output.data[f"image/{kind}"], f' alt="{alt}"')
        return ""

    def place_of(self, explorer: str, settings: dict[str, object]) -> str:
        """Where host.js shows an explorer, from the settings of its figure on; until then, and in print, this stands
        there."""
        if explorer not in self.waiting:
            raise ValueError(f"{self.name} shows explorers.{explorer} without a figure of it: call .figure() before")
        name, picture = self.waiting.pop(explorer)
        told = html.escape(json.dumps(settings))
        return f'<div class="explorer" data-explorer="{name}" data-start="{told}">{picture}</div>'


def start(source: str) -> dict[str, object]:
    """What a cell asks of an explorer's figure: `breaking.figure(world="harbour")` gives {"world": "harbour"}.

    Switches stay as they are: what they turn on is computed when somebody asks for it.
    """
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    figures = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "figure")
    asked = {word.arg: ast.literal_eval(word.value) for call in figures for word in call.keywords}
    return {name: value for name, value in asked.items() if value is not True}


def identity(made: re.Match) -> str:
    """The name of an explorer's script: where a lecture chooses a network or a picture, this is part of it."""
    chosen = re.search(r'"(\w+)"', made[2])
    return f"{made[1]}_{chosen[1]}" if chosen else made[1]


def as_html(text: str) -> NotebookNode:
    return nbformat.v4.new_output("display_data", data={"text/html": text})


def dressed(text: str) -> str:
    """Evidence cards and tables get the site's look in place of their own."""
    text = re.sub(r'<div style="border-left:4px solid #777777[^"]*">', '<div class="evidence">', text)
    text = re.sub(r'(<t[hd]\b[^>]*?) style="[^"]*"', r"\1", text)
    return re.sub(r"<table>.*?</table>", r'<div class="wide" tabindex="0">\g<0></div>', text, flags=re.DOTALL)
