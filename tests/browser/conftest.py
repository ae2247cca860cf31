"""A JupyterLab server, the site and a browser for the tests of this folder, each started once."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import shares
from chromium import FLAGS, HOW_TO_GET_IT, find
from gallery_page import Gallery, open_gallery
from jupyterlab_page import PATIENCE, Lab, running_lab
from site_visit import Visit

ARTEFACTS = Path(__file__).resolve().parents[2] / "artefacts" / "browser"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest shares first; `shares` has only the names of files to tell who uses the gallery."""
    for item in items:
        if ("gallery" in getattr(item, "fixturenames", ())) != (item.path.stem in shares.GALLERY):
            raise pytest.UsageError(f"shares.GALLERY is to name the files that use the gallery, not so {item.nodeid}")
    items.sort(key=lambda item: shares.place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log):
    from xdist.scheduler import LoadScopeScheduling

    class Shares(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return shares.share(nodeid)

    return Shares(config, log)


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


@pytest.fixture(scope="session")
def site(root):
    """The site, built again where something that it is made from is younger."""
    if importlib.util.find_spec("furo") is None:
        pytest.skip("needs the packages of the site: make site")
    from notebooks.site.build import SITE

    made = SITE / "index.html"
    static = root / "notebooks/site/static"
    inputs = [root / "notebooks", root / "notebooks/site", static, static / "engines", root / "data/claims.json"]
    inputs += [root / "course_lib/explorers/machinery/widget.js", root / "course_lib/explorers/machinery/widget.css"]
    inputs += [one for kind in ("locale", "drawings") for one in (root / "notebooks/site" / kind).iterdir()]
    files = [file for one in inputs for file in ([one] if one.is_file() else one.iterdir()) if file.is_file()]
    if not (SITE / "explorers").is_dir() or any(file.stat().st_mtime > made.stat().st_mtime for file in files):
        done = subprocess.run([sys.executable, "-m", "notebooks.site"], cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return SITE


@pytest.fixture(scope="module")
def desktop(browser, site):
    visit = Visit(browser, site.as_uri(), viewport={"width": 1400, "height": 900})
    yield visit
    visit.context.close()


@pytest.fixture(scope="module")
def phone(browser, site):
    visit = Visit(browser, site.as_uri(), viewport={"width": 375, "height": 740}, has_touch=True, is_mobile=True)
    yield visit
    visit.context.close()


@pytest.fixture(autouse=True)
def nothing_wrong_yet(request):
    for name in {"desktop", "phone"} & set(request.fixturenames):
        request.getfixturevalue(name).wrong.clear()
