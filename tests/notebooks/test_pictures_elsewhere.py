"""The pictures of a notebook where its HTML is not trusted, as on GitHub."""

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbconvert import HTMLExporter

from course_lib import shown

WORDS = 'Two squares, "grey"'


@pytest.fixture
def book(monkeypatch):
    """A notebook whose one cell has shown a picture."""
    outputs = []

    def display(data, metadata=None, raw=False):
        outputs.append(nbformat.v4.new_output("display_data", data=data, metadata=metadata or {}))

    monkeypatch.setattr("IPython.display.display", display)
    shown.show(b"\x89PNG", "png", WORDS, width=300)
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("draw()", outputs=outputs)])


@pytest.mark.parametrize("template", ["lab", "classic"])
def test_a_sanitised_page_shows_the_picture_and_its_words(book, template):
    page, _ = HTMLExporter(sanitize_html=True, template_name=template).from_notebook_node(book)
    body = BeautifulSoup(page, "html.parser").body
    (image,) = body.find_all("img")
    assert image["src"] == "data:image/png;base64,iVBORw=="
    assert body.find("div", string=WORDS)
    assert "&lt;img" not in str(body)


def test_the_template_that_knows_alt_texts_takes_it_from_the_metadata(book):
    page, _ = HTMLExporter(template_name="classic").from_notebook_node(book)
    assert BeautifulSoup(page, "html.parser").body.find("img")["alt"] == WORDS
