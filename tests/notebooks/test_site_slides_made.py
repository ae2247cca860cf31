"""The slides of a lecture as text: what stands on one, and in which words."""

import re

import nbformat
import pytest

pytest.importorskip("markdown_it", reason="needs the packages of the site: make site")

from notebooks.site import slides

FRONT = {"title": "A title", "question": "A question?", "teach": {"sections": []}}


def words(text):
    return nbformat.v4.new_markdown_cell(text)


def output(html):
    return nbformat.v4.new_code_cell("", outputs=[nbformat.v4.new_output("display_data", data={"text/html": html})])


def shown(*cells):
    """The slides without the opening one and without notes."""
    text = slides.slides("00_a", FRONT, nbformat.v4.new_notebook(cells=cells))
    text = re.sub(r"<aside.*?</aside>", "", text, flags=re.DOTALL)
    return re.findall(r"<section>((?:(?!</?section>).)+)", text, re.DOTALL)[1:]


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (
            "It sees one pixel. *Guess:* how many weights does it have?",
            "It sees one pixel. How many weights does it have?",
        ),
        ("*Guess* before you run: is it higher or lower?", "<em>Guess</em> before you run: is it higher or lower?"),
        ("## A section\nIts words.", "Its words."),
        ("Both are repeated:\n- **S2**, gradients.\n- S3.", "Both are repeated:"),
        ("### An exercise\nIts words.\n<details>hidden</details>", "Its words."),
    ],
)
def test_what_leads_to_a_picture_is_a_whole_sentence(said, read):
    assert slides.led(said) == f'<p class="led">{read}</p>\n'


def test_a_section_that_begins_inside_a_cell_has_its_own_title():
    found = shown(words("## One\nSaid."), output("<i>1</i>"), words("Then.\n\n## Two\nMore."), output("<i>2</i>"))
    assert [one.partition("</h2>")[0] for one in found] == ["<h2>One", "<h2>Two"]


def test_an_explorer_stands_alone_below_the_title():
    assert shown(words("## Move\nRead this."), output('<div data-explorer="x"></div>')) == [
        '<h2>Move</h2><div data-explorer="x"></div>'
    ]
