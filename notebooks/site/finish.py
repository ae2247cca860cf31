"""What the theme leaves open for those who use a keyboard or a screen reader, mended in every page that Sphinx made."""

import json
import re
from pathlib import Path

from PIL import Image

from notebooks.site import language

MENDED = (
    ('<p class="caption" role="heading">', '<p class="caption" role="heading" aria-level="2">'),
    ('<aside class="sidebar-drawer">', '<aside class="sidebar-drawer" aria-label="Site">'),
    ('<aside class="toc-drawer">', '<aside class="toc-drawer" aria-label="Page">'),
    ('<summary aria-label="Toggle hidden content">', "<summary>"),
    ("<pre>", '<pre tabindex="0">'),  # wide code scrolls, by keys too
)
EMPTY_HEAD = re.compile(r"<th\b[^>]*>(<p></p>)?</th>")
SIZELESS = re.compile(r'<img (?![^>]*\bwidth=)([^>]*?)src="([^":]+)"')
RESULTS = (
    '<div id="search-results">'  # the page of the search has nothing else, and on a phone its field is in the menu
)
ASKED = (
    '<h1>Search</h1>\n<form class="search-again"><input type="search" name="q" aria-label="Search">'
    ' <button type="submit">Search</button></form>\n'
)


def page(text: str) -> str:
    """The page with roles, labels and tab stops where they were missing."""
    for found, wanted in MENDED:
        text = text.replace(found, wanted)
    return EMPTY_HEAD.sub("<td></td>", text).replace(RESULTS, ASKED + RESULTS)


def sized(text: str, folder: Path) -> str:
    """The page with the shape of every picture told, so that the text below does not jump when it comes."""

    def told(found: re.Match) -> str:
        with Image.open(folder / found[2]) as picture:
            width, height = picture.size
        return f'<img {found[1]}src="{found[2]}" width="{width}" height="{height}"'

    return SIZELESS.sub(told, text)


def translated(folder: Path, lecture: str, tongue: str) -> None:
    """The page of a lecture in another language: what is no prose exchanged, and words for its scripts."""
    words, path = language.catalogue(tongue, lecture), folder / f"{lecture}.{tongue}.html"
    (folder / "_static" / f"words.{tongue}.js").write_text(f"course.speak({json.dumps(words, ensure_ascii=False)});\n")
    scripts = "".join(f'<script src="_static/{name}.js"></script>\n' for name in ("language", f"words.{tongue}"))
    text = language.html(path.read_text("utf-8"), words).replace('lang="en"', f'lang="{tongue}"', 1)
    path.write_text(text.replace("</body>", f"{scripts}</body>"), "utf-8")


def pages(folder: Path) -> None:
    """Mends every page in place."""
    for path in folder.glob("*.html"):
        path.write_text(sized(page(path.read_text("utf-8")), folder), "utf-8")
