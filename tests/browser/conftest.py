"""A JupyterLab server and a browser for the tests of this folder, each started once."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import FLAGS, HOW_TO_GET_IT, find
from gallery_page import Gallery, open_gallery
from jupyterlab_page import Lab

ARTEFACTS = Path(__file__).resolve().parents[2] / "artefacts" / "browser"


@pytest.fixture(scope="session")
def browser() -> Iterator:
    program = find()
    if program is None:
        pytest.skip(f"needs Chromium: {HOW_TO_GET_IT}")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(program), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def lab(root: Path, browser, tmp_path_factory) -> Iterator[Lab]:
    """JupyterLab on a copy of the notebooks, so that no test changes the course; the library is the checkout's."""
    folder = tmp_path_factory.mktemp("course")
    ignore = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")
    shutil.copytree(root / "notebooks", folder / "notebooks", ignore=ignore)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ServerApp.port_retries=0", "--IdentityProvider.token=", "--expose-app-in-browser"]
    own = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR")}
    own["JUPYTERLAB_WORKSPACES_DIR"] = str(folder / "workspaces")
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env={**os.environ, **own}, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    wait_until_it_answers(server, address, folder / "server.log")
    ARTEFACTS.mkdir(parents=True, exist_ok=True)
    yield Lab(browser, address, folder, ARTEFACTS)
    server.terminate()
    server.wait()


@pytest.fixture(scope="session")
def gallery(lab) -> Iterator[Gallery]:
    """Every explorer, twice, on one page."""
    opened = open_gallery(lab)
    yield opened
    opened.page.close()


def wait_until_it_answers(server: subprocess.Popen, address: str, log: Path) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/api/status", timeout=2)
            return
        except OSError:
            time.sleep(0.3)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")
