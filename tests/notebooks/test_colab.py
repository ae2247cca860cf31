"""The lectures where Google Colab brings the packages: old ipywidgets and ipython, a new Python, nothing of the course.

`python .ci/install.py --colab` makes the environment, .ci/colab.txt names its versions. The notebook lies in a folder
with a wheel or a zip of the course, or a folder of it is on Drive, and the first cell does the rest. A lecture takes a
minute: usually the quickest is played, with COLAB=all every one, with COLAB="04 08" those; `make colab` plays all.
"""

import json
import os
import subprocess
import time
import zipfile
from itertools import cycle
from pathlib import Path

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

from notebooks import build, first_cell, release

pytestmark = pytest.mark.newest
NAMES = [path.stem for path in build.sources()]
WISH = os.environ.get("COLAB", "00")
CHOSEN = [name for name in NAMES if WISH == "all" or name[:2] in WISH.split()]
WAYS = ("a folder on Drive", "a wheel beside the notebook", "a zip beside the notebook")
DRIVE = "/content/drive"
BOUND = 60  # seconds for the first cell
# Colab's module as far as the course calls it; it is loaded before any cell, as there
STAND_IN = {
    "sitecustomize.py": "import google.colab",
    "google/colab/__init__.py": "",
    "google/colab/output.py": "def enable_custom_widget_manager():\n    print('custom widgets are allowed')",
    "google/colab/drive.py": "def mount(place):\n    print('connected', place)",
}
SAID = "import importlib.metadata as m\nprint({d.name.lower().replace('_', '-'): d.version for d in m.distributions()})"


@pytest.fixture(scope="module")
def python(root) -> Path:
    found = root / ".venv-colab" / "bin" / "python"
    if not found.exists():
        pytest.skip("needs the versions of Colab: python .ci/install.py --colab")
    return found


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    return release.made(tmp_path_factory.mktemp("dist"), root)


@pytest.fixture
def host(python, tmp_path):
    """A new runtime: what Colab brings along and room for what is installed; a function that plays cells in it."""
    subprocess.run([python, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    own = tmp_path / "env" / "bin" / "python"
    (site,) = (tmp_path / "env").glob("lib/*/site-packages")
    (below,) = (python.parents[1]).glob("lib/*/site-packages")
    (site / "below.pth").write_text(f"import site; site.addsitedir({str(below)!r})\n")
    stand_in = tmp_path / "stand_in"
    for name, text in STAND_IN.items():
        (stand_in / name).parent.mkdir(parents=True, exist_ok=True)
        (stand_in / name).write_text(text)
    spec = tmp_path / "kernels" / "colab"
    spec.mkdir(parents=True)
    argv = [str(own), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "colab", "language": "python"}))
    (tmp_path / "content").mkdir()
    clean = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "JPY_PARENT_PID"}}
    clean |= {"PYTHONPATH": str(stand_in), "HOME": str(tmp_path), "BEYOND_FCN_PROGRESS": "off"}

    def play(book: nbformat.NotebookNode) -> nbformat.NotebookNode:
        """Runs the cells in Colab's folder; afterwards it is as empty as it was, or a cell has written there."""
        options = {
            "timeout": 600,
            "kernel_name": "colab",
            "resources": {"metadata": {"path": str(tmp_path / "content")}},
            "coalesce_streams": True,  # a slow kernel sends one printed line as two outputs, the text and its end
        }
        client = NotebookClient(book, **options)
        client.create_kernel_manager()
        client.km.kernel_spec_manager = KernelSpecManager(kernel_dirs=[str(tmp_path / "kernels")])
        client.execute(env=clean)
        return book

    return play


def cells(*sources: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])


def test_the_first_cell_changes_no_package_and_is_done_in_a_minute(host, wheel, tmp_path):
    (tmp_path / "content" / wheel.name).symlink_to(wheel)
    began = time.monotonic()
    book = host(cells(SAID, first_cell.text(), SAID, "import ipywidgets, IPython\nprint(ipywidgets.__version__)"))
    assert time.monotonic() - began < BOUND
    before, after = (eval(book.cells[number].outputs[0].text) for number in (0, 2))
    assert {name: after[name] for name in before} == before
    assert "beyond-fcn" in after.keys() - before.keys()
    assert book.cells[3].outputs[0].text == "7.7.1\n"
    assert "custom widgets are allowed" in "".join(output.text for output in book.cells[1].outputs)


@pytest.fixture(scope="module")
def archive(root, tmp_path_factory) -> Path:
    """The course as it is downloaded as a zip: one folder with all that is kept."""
    place = tmp_path_factory.mktemp("archive") / "beyond-fcn-main.zip"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        capture_output=True,
        check=True,
    )
    with zipfile.ZipFile(place, "w") as file:
        for name in listed.stdout.decode().split("\0"):
            if name and (root / name).is_file():
                file.write(root / name, f"beyond-fcn-main/{name}")
    return place


def offered(way: str, wheel: Path, archive: Path, tmp_path: Path) -> None:
    """Puts the course where a first cell looks for it."""
    if way == "a folder on Drive":
        zipfile.ZipFile(archive).extractall(tmp_path / "drive" / "MyDrive")
    else:
        one = wheel if way == "a wheel beside the notebook" else archive
        (tmp_path / "content" / one.name).symlink_to(one)


@pytest.mark.parametrize("name, way", [(name, way) for name, way in zip(NAMES, cycle(WAYS)) if name in CHOSEN])
def test_a_lecture_runs_to_its_end(name, way, host, wheel, archive, tmp_path):
    offered(way, wheel, archive, tmp_path)
    there = sorted((tmp_path / "content").iterdir())
    book = nbformat.read(build.target(name, False), 4)
    book.cells[1].source = first_cell.text().replace(DRIVE, str(tmp_path / "drive"))
    book.cells.append(nbformat.v4.new_code_cell("import course_lib.paths\nprint(course_lib.__file__)"))
    host(book)
    assert "site-packages/course_lib" in book.cells[-1].outputs[0].text
    assert sorted((tmp_path / "content").iterdir()) == there
