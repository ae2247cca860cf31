"""A lecture in another language: nothing of it waits for a translation, and a translation keeps what is no word."""

import importlib.util
import re

import nbformat
import pytest

if importlib.util.find_spec("babel") is None or importlib.util.find_spec("furo") is None:
    pytest.skip("needs the packages of the site: make site", allow_module_level=True)

from notebooks import build, convert
from notebooks.site import language, letters, messages, tables
from notebooks.site.lecture import Lecture, Pictures

pytestmark = pytest.mark.newest
TRANSLATED = [(tongue, path.stem) for path in build.sources() for tongue in language.languages(path.stem)]
KEPT = {
    "places for numbers": r"\{\d+\}",
    "papers": r"\[@@?\w+\]",
    "terms": r"\[\[([^\]|]+)",
    "code": r"`[^`]+`",
    "statements": r"(?<![A-Za-z])[A-Z]\d+(?!\d)",
}


@pytest.fixture(scope="module")
def live():
    return tables.every()


@pytest.mark.parametrize("tongue, lecture", TRANSLATED)
def test_every_message_has_a_translation(tongue, lecture, live, root):
    source = convert.parse(lecture, (root / "notebooks" / "source" / f"{lecture}.py").read_text())
    words = language.catalogue(tongue, lecture)
    missing = {text for _, text in messages.messages(source, live)} - words.keys()
    assert not missing, "run make messages and translate:\n" + "\n".join(sorted(missing))


@pytest.mark.parametrize("tongue, lecture", TRANSLATED)
@pytest.mark.parametrize("kind", KEPT)
def test_a_translation_keeps_what_is_no_word(kind, tongue, lecture):
    for text, said in language.catalogue(tongue, lecture).items():
        assert sorted(re.findall(KEPT[kind], said)) == sorted(re.findall(KEPT[kind], text)), text


@pytest.mark.parametrize("tongue, lecture", TRANSLATED)
def test_no_translation_is_fuzzy(tongue, lecture):
    assert "fuzzy" not in (language.LOCALE / tongue / f"{lecture}.po").read_text()


@pytest.mark.parametrize("tongue, lecture", TRANSLATED)
def test_each_picture_has_a_drawing_made_with_it(tongue, lecture, live, root, tmp_path):
    """One that is missing, or left over, is older than its notebook: python -m notebooks.build NAME --force."""
    source = convert.parse(lecture, (root / "notebooks" / "source" / f"{lecture}.py").read_text())
    redrawn = letters.translated(lecture, language.catalogue(tongue, lecture))
    page = Lecture(lecture, source.front, live, {}, Pictures(tmp_path, redrawn))
    page.page(nbformat.read(build.target(lecture, solutions=False), 4))
    assert len(list(tmp_path.iterdir())) == len(redrawn)
    assert sum(map(len, redrawn.values())) < 1.5e6


WORDS = {"A map": "맵", "Row {0}, column {1}": "{1}열 {0}행", "One two.": "하나 둘.", "a & b": "가 & 나"}


def said(text: str) -> str:
    return WORDS.get(text, text)


def test_markdown_is_translated_block_by_block_and_what_is_unknown_stays():
    text = "# A map\nOne\ntwo.\n- A map\n- unknown,\n  wrapped\n\n      r = 1\n\n| A map | x |\n|---|---|\n"
    made = "# 맵\n하나 둘.\n- 맵\n- unknown, wrapped\n\n      r = 1\n\n| 맵 | x |\n|---|---|\n"
    assert language.blocks(text, said) == made
    folded = "A map\n<details><summary>A map</summary>One\ntwo.</details>"
    assert language.blocks(folded, said) == "맵\n<details><summary>맵</summary>하나 둘.</details>"


def test_html_is_translated_between_tags_and_where_it_is_read_aloud_and_code_is_not():
    page = '<p>A map</p><img alt="Row 3, column 1,000"> <b> a &amp; b </b><pre>A map</pre><td>other</td>'
    assert language.html(page, WORDS) == (
        '<p>맵</p><img alt="1,000열 3행"> <b> 가 &amp; 나 </b><pre>A map</pre><td>other</td>'
    )


def test_words_inside_a_picture_are_exchanged_and_numbers_stay():
    style = 'style="font-size: 10px; font-family: \'DejaVu Sans\'; text-anchor: middle" x="1" y="2"'
    drawn = f"<g><text {style}> A map </text>\n</g><text {style}>0.5</text>"
    assert letters.in_words(drawn, WORDS) == drawn.replace("'DejaVu Sans'", "sans-serif").replace(
        "> A map <", ">\xa0맵\xa0<"
    )
    assert list(letters.heard(drawn)) == ["A map", "0.5"]


@pytest.mark.parametrize(("anchor", "share"), [("start", 0), ("middle", 0.5), ("end", 1)])
def test_a_text_of_several_lines_keeps_its_edge_and_breaks_where_it_is_too_long(anchor, share):
    lines = ["a first line", "second", "3"]
    drawn = "".join(
        f'<text style="font-size: 10px" transform="translate({100 - share * letters.length(line, 10)} {20 * n})">'
        f"{line}</text>\n"
        for n, line in enumerate(lines)
    )
    said = letters.in_words(drawn, {"a first line second {0}": "가나다 라마바사 {0}\n아"})
    texts = re.findall(r'translate\(([\d.]+) ([\d.]+)\)" text-anchor="(\w+)">(.*)</text>', said)
    assert texts == [
        ("100.00", "0.00", anchor, "가나다"),
        ("100.00", "20.00", anchor, "라마바사 3"),
        ("100.00", "40.00", anchor, "아"),
    ]
