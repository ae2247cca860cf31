"""The real browser of the tests: Debian's Chromium, driven by Playwright, reaching nothing but this machine."""

import os
import shutil
from pathlib import Path

HOW_TO_GET_IT = "On Debian and Ubuntu: sudo apt-get install chromium; elsewhere set CHROMIUM to the program's path."
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def find() -> Path | None:
    """The program named by CHROMIUM, or one of the usual names on the path: first the one without windows."""
    names = [os.environ.get("CHROMIUM", ""), "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
    return next((Path(found) for name in names if name and (found := shutil.which(name))), None)
