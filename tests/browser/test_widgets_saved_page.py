"""A notebook saved as HTML: its explorers still move, with no kernel and no network.

The page is what nbconvert writes, and anywidget's bundle is the installed one. The widgets' HTML manager is on a CDN
and in no Python package, so saved_page.js stands in for it.
"""

import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from widget_page import click, drag, explorers, key_moves, look

ANYWIDGET = Path(sys.prefix) / "share/jupyter/nbextensions/anywidget/index.js"
STAND_IN = Path(__file__).parent / "saved_page.js"
NAMES = ("dilation", "unpooling", "upsampling", "pyramids", "metrics", "convolution_cost", "output_stride")


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    book = nbformat.v4.new_notebook()
    cells = ["from course_lib.widgets import explorers", *(f"explorers.{name}()" for name in NAMES)]
    book.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    NotebookClient(book, timeout=120, store_widget_state=True).execute()
    html, _ = HTMLExporter().from_notebook_node(book)
    path = tmp_path_factory.mktemp("saved") / "saved.html"
    path.write_text(html)
    page = browser.new_page(viewport={"width": 1000, "height": 900})

    def serve(route):
        address = route.request.url
        if "html-manager" in address:
            route.fulfill(path=STAND_IN, content_type="text/javascript")
        elif "/anywidget/" in address:
            route.fulfill(path=ANYWIDGET, content_type="text/javascript")
        else:
            route.abort()

    page.route(lambda url: url.startswith("http"), serve)
    page.goto(path.as_uri())
    explorers(page, len(NAMES))
    yield page
    page.close()


def find(page, name):
    return explorers(page, len(NAMES))[NAMES.index(name)]


@pytest.mark.browser
@pytest.mark.parametrize(
    "name, control, key",
    [
        ("dilation", "rate", "ArrowRight"),
        ("unpooling", "fill", "ArrowDown"),
        ("upsampling", "scale", "ArrowRight"),
        ("pyramids", "module", "ArrowDown"),
        ("metrics", "shift", "ArrowRight"),
        ("convolution_cost", "kernel", "ArrowRight"),
        ("output_stride", "stride", "ArrowRight"),
    ],
)
def test_it_answers_to_keys(page, name, control, key):
    before, after = key_moves(page, find(page, name), control, key)
    assert before != after


@pytest.mark.browser
def test_it_follows_a_drag(page):
    seen = drag(page, find(page, "dilation"), "rate", 23)
    assert all(before != after for before, after in pairwise(seen))


@pytest.mark.browser
def test_it_follows_a_click(page):
    assert click(find(page, "pyramids"), 0, row=40, column=40).startswith("Row 10, column 10")


@pytest.mark.browser
def test_what_only_python_knows_is_said_to_need_python(page, browser):
    explorer = find(page, "convolution_cost")
    before = explorer.locator("dl").inner_text()
    explorer.locator("[name=timed]").check()
    explorer.locator(".problem").wait_for(timeout=5000)
    assert explorer.locator(".problem").inner_text().startswith("Only Python can draw this")
    assert explorer.locator("dl").inner_text() == before
    explorer.locator("[name=timed]").uncheck()
    assert explorer.locator(".problem").is_hidden()
    assert look(explorer) == []
