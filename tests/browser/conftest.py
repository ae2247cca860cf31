"""A JupyterLab server and a browser for the tests of this folder, each started once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import FLAGS, HOW_TO_GET_IT, find
from gallery_page import Gallery, open_gallery
from jupyterlab_page import PATIENCE, Lab, running_lab

ARTEFACTS = Path(__file__).resolve().parents[2] / "artefacts" / "browser"


@pytest.fixture(scope="session")
def browser() -> Iterator:
    program = find()
    if program is None:
        pytest.skip(f"needs Chromium: {HOW_TO_GET_IT}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(program), args=FLAGS, timeout=PATIENCE)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def lab(root: Path, browser, tmp_path_factory) -> Iterator[Lab]:
    """JupyterLab on a copy of the notebooks, so that no test changes the course; the library is the checkout's."""
    folder = tmp_path_factory.mktemp("course")
    ignore = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")
    shutil.copytree(root / "notebooks", folder / "notebooks", ignore=ignore)
    with running_lab(browser, folder, artefacts=ARTEFACTS) as running:
        yield running


@pytest.fixture(scope="session")
def opened(lab) -> Iterator[Gallery]:
    """Every explorer, twice, on one page."""
    gallery = open_gallery(lab)
    yield gallery
    gallery.page.close()


@pytest.fixture(scope="module")
def gallery(opened) -> Gallery:
    """That page as each file of tests finds it, whatever the one before left there."""
    opened.as_opened()
    return opened
