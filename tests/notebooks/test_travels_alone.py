"""A notebook alone: an empty folder, an environment that never saw the course, and the first cell does the rest.

A lecture takes most of a minute. So the first cell is played every time, and of the lectures the one that loads every
checkpoint and reads the ledger; with TRAVELS=all every one of them, and with TRAVELS="04 08" those. What it trains by
a command learns one step here: it is found and runs, and how well it learns is for those who play it whole. What else a
wheel must hold, test_release checks file by file.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from notebooks import build, first_cell

pytestmark = pytest.mark.newest
WHERE = "import course_lib, course_lib.paths, torch\nprint(course_lib.__file__, course_lib.paths.data().is_dir())"
HAS = ("torch", "numpy", "matplotlib", "ipywidgets", "ipykernel")
USUAL = ("08",)


def chosen(wish: str, names: list[str]) -> list[str]:
    """The lectures of a wish, or the usual ones when there is none."""
    wanted = wish.replace(",", " ").split() or USUAL
    return names if wish == "all" else [name for name in names if name[:2] in wanted]


NAMES = [path.stem for path in build.sources()]
CHOSEN = chosen(os.environ.get("TRAVELS", ""), NAMES)


@pytest.fixture(scope="module")
def published(root, tmp_path_factory) -> Path:
    """The project as it is now, committed and tagged in a repository of its own."""
    place = tmp_path_factory.mktemp("published")
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=root, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (root / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, place / name)
    who = ["-c", "user.name=Test", "-c", "user.email=test@localhost"]
    for command in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "All"], ["tag", "v0.0-test"]):
        subprocess.run(["git", *command], cwd=place, check=True)
    return place


@pytest.fixture(scope="module")
def kernel(tmp_path_factory) -> str:
    """A Jupyter kernel in a new environment that has only what a student elsewhere has."""
    place = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "env"], check=True)
    python = place / "env" / "bin" / "python"
    versions = [
        f"{name}=={re.sub(r'[+].*', '', __import__('importlib.metadata').metadata.version(name))}" for name in HAS
    ]
    # the newest pip, as elsewhere: that of this Python is made with seconds of compiling and reads names for seconds
    install = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", python, "pip", *versions]
    subprocess.run(install, check=True)
    spec = place / "share" / "kernels" / "elsewhere"
    spec.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "elsewhere", "language": "python"}))
    return str(place / "share" / "kernels")


def run(book: nbformat.NotebookNode, folder: Path, kernels: str) -> None:
    place = {"metadata": {"path": str(folder)}}
    # a slow kernel sends one printed line as two outputs, the text and its end
    client = NotebookClient(book, timeout=300, kernel_name="elsewhere", resources=place, coalesce_streams=True)
    client.create_kernel_manager()
    client.km.kernel_spec_manager = KernelSpecManager(kernel_dirs=[kernels])
    clean = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV", "JPY_PARENT_PID"}}
    client.execute(env=clean)


def released(address: str) -> str:
    """The first cell as it is after a release at an address."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(first_cell, "ADDRESS", address)
        patched.setattr(first_cell, "TAG", "v0.0-test")
        return first_cell.text()


def cells(*sources: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def advice(first: str, folder: Path, kernels: str) -> str:
    """The line at which a first cell stops, and what stands behind it."""
    with pytest.raises(CellExecutionError, match="No module named 'course_lib'") as stopped:
        run(cells(first), folder, kernels)
    (line,) = re.findall(r"->.*", re.sub(r"\x1b\[[\d;]*m", "", stopped.value.traceback))
    return line


# these two come first: later the course is installed
def test_never_released_it_says_what_to_do(kernel, tmp_path):
    assert "Open it inside the course's folder, or put its wheel beside it." in advice(
        first_cell.text(), tmp_path, kernel
    )


def test_without_network_it_says_what_to_do(kernel, tmp_path):
    gone = released(f"file://{tmp_path}/unreachable")
    assert "Check the network, then run this cell again." in advice(gone, tmp_path, kernel)


@pytest.fixture(scope="module")
def installed(published, kernel, tmp_path_factory) -> nbformat.NotebookNode:
    """The first cell alone has run in the new environment, and then told what it installed and where."""
    book = cells(released(f"file://{published}"), WHERE)
    run(book, tmp_path_factory.mktemp("empty"), kernel)
    return book


def test_the_first_cell_installs_the_course(installed):
    assert re.search(r"site-packages/course_lib/__init__.py True", installed.cells[1].outputs[0].text)


def test_in_a_clone_it_takes_the_clone_although_a_course_is_installed(installed, published, kernel):
    book = cells(first_cell.text(), WHERE)
    run(book, published / "notebooks" / "solutions", kernel)
    assert book.cells[1].outputs[0].text == f"{published}/course_lib/__init__.py True\n"


@pytest.mark.parametrize("name", CHOSEN)
def test_a_lecture_runs_to_its_end(name, published, installed, kernel, tmp_path):
    book = nbformat.read(build.target(name, False), 4)
    for cell in book.cells:
        cell.source = re.sub(r"--steps \d+", "--steps 1", cell.source)
    book.cells[1].source = released(f"file://{published}")
    where = nbformat.v4.new_code_cell(WHERE)
    book.cells.append(where)
    run(book, tmp_path, kernel)
    assert "site-packages" in where.outputs[0].text
    assert [path.name for path in tmp_path.iterdir()] == []


def test_a_wish_names_lectures_and_the_usual_one_is_played_without():
    names = [f"{number:02d}_lecture" for number in range(9)]
    assert chosen("", names) == ["08_lecture"]
    assert chosen("04, 08", names) == ["04_lecture", "08_lecture"]
    assert chosen("02", names) == ["02_lecture"]
    assert chosen("all", names) == names
