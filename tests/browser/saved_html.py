"""A notebook with widgets as nbconvert writes it, opened where nothing but this machine answers."""

from pathlib import Path

import nbformat
import pytest
from jupyterlab_page import PATIENCE
from nbconvert import HTMLExporter
from npm_packages import packed
from playwright.sync_api import Browser, Page

STAND_IN = Path(__file__).parent / "saved_page.js"
REQUIRE = "requirejs@2.3.8", "777158e89275e16bd51aec3ef714fbcb5dc45789e7078659933bc814916d7dec"


def packages(manager: tuple[str, str], root: Path) -> list[Path]:
    """What the page asks a CDN for: the HTML manager (its name and the sum of npm's file) and requirejs."""
    found = [packed(*one, root / ".cache" / "npm") for one in (manager, REQUIRE)]
    if not all(found):
        pytest.skip("needs npm and its registry, for the widgets' HTML manager")
    return found


def opened(
    browser: Browser, book: nbformat.NotebookNode, folder: Path, found: list[Path] | None, anywidget: Path
) -> Page:
    """The page of a notebook that holds the state of its widgets; without packages the stand-in shows them."""
    html, _ = HTMLExporter().from_notebook_node(book)
    (folder / "saved.html").write_text(html)
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    page.set_default_timeout(PATIENCE)
    manager, require = found or (None, None)

    def serve(route):
        address = route.request.url
        if "html-manager" in address:
            asked = address.rpartition("/")[2].partition("?")[0]
            name = asked if asked.endswith(".js") else "embed-amd.js"
            route.fulfill(path=manager / "dist" / name if manager else STAND_IN, content_type="text/javascript")
        elif "/require.js/" in address and require:
            route.fulfill(path=require / "require.js", content_type="text/javascript")
        elif "anywidget" in address:
            route.fulfill(path=anywidget, content_type="text/javascript")
        else:
            route.abort()

    page.route(lambda url: url.startswith("http"), serve)
    page.goto((folder / "saved.html").as_uri())
    return page
