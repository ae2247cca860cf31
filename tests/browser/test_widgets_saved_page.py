"""A notebook saved as HTML: its explorers still move, with no kernel and no network.

The page is what nbconvert writes, and anywidget's bundle is the installed one. The widgets' HTML manager is
in no Python package: the tests take it from npm's, and where there is no npm saved_page.js stands in for it.
"""

import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
import saved_html
from gallery_page import NAMES, cells
from widget_page import click, drag, explorers, key_moves, look, picture, titled

ANYWIDGET = Path(sys.prefix) / "share/jupyter/nbextensions/anywidget/index.js"
STATE = "application/vnd.jupyter.widget-state+json"
MANAGER = "@jupyter-widgets/html-manager@1.0.15", "2b9d65cb7913e1c7d671757a10008b32c9c2448d4429513371e55c07d6107638"


@pytest.fixture(scope="module", params=["the real manager", "a stand-in"])
def page(request, root, browser, gallery, tmp_path_factory):
    """The gallery's notebook as nbconvert writes it, with the state its widgets had when they were first shown."""
    book = nbformat.v4.new_notebook(metadata={"widgets": {STATE: gallery.state}})
    for source, outputs in zip(cells(), gallery.outputs):
        book.cells.append(nbformat.v4.new_code_cell(source, outputs=[nbformat.from_dict(one) for one in outputs]))
    packages = saved_html.packages(MANAGER, root) if request.param == "the real manager" else None
    page = saved_html.opened(browser, book, tmp_path_factory.mktemp("saved"), packages, ANYWIDGET)
    explorers(page, 2 * len(NAMES))
    yield page
    page.close()


def find(page, gallery, name):
    return titled(page, gallery.facts[name]["title"]).first


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_with_a_table_it_answers_to_keys_and_without_it_says_who_can(page, gallery, name):
    explorer, facts = find(page, gallery, name), gallery.facts[name]
    control = next(one for one in facts["controls"] if one["kind"] in ("slider", "choice"))
    element = explorer.locator(f"[name={control['name']}]")
    shown = picture(explorer)
    at_end = control["values"].index(control["default"]) == len(control["values"]) - 1
    keys = ("ArrowLeft", "ArrowRight") if control["kind"] == "slider" else ("ArrowUp", "ArrowDown")
    before, after = key_moves(page, explorer, control["name"], keys[0 if at_end else 1])
    if facts["table"]:
        assert before != after
        assert picture(explorer) != shown
    else:
        explorer.locator(".problem").wait_for()
        assert explorer.locator(".problem").inner_text().startswith("Only Python can draw this")
        assert element.is_enabled()


@pytest.mark.browser
def test_it_follows_a_drag(page, gallery):
    seen = drag(page, find(page, gallery, "dilation"), "rate", 23)
    assert all(before != after for before, after in pairwise(seen))


@pytest.mark.browser
def test_it_follows_a_click(page, gallery):
    assert click(find(page, gallery, "pyramids"), 0, row=40, column=40).startswith("Row 5, column 5")


@pytest.mark.browser
def test_what_only_python_knows_is_said_to_need_python(page, gallery):
    explorer = find(page, gallery, "convolution_cost")
    before = explorer.locator("dl").inner_text()
    explorer.locator("[name=timed]").check()
    explorer.locator(".problem").wait_for()
    assert explorer.locator(".problem").inner_text().startswith("Only Python can draw this")
    assert explorer.locator("dl").inner_text() == before
    explorer.locator("[name=timed]").uncheck()
    assert explorer.locator(".problem").is_hidden()
    assert look(explorer) == []
