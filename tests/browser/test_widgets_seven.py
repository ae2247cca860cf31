"""Explorers where Colab brings ipywidgets 7: made by its kernel, shown by the widgets' manager of that age."""

import json
import os

import nbformat
import pytest
import saved_html
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from widget_page import explorers, key_moves, picture

MANAGER = "@jupyter-widgets/html-manager@0.20.6", "07d6a3b2cea77f2e9c9403c97f1054824d9c04c32cc999641db270fae6c21006"
NAMES = ("dilation", "lineage")


@pytest.fixture(scope="module")
def page(root, browser, tmp_path_factory):
    colab, folder = root / ".venv-colab", tmp_path_factory.mktemp("seven")
    if not colab.exists():
        pytest.skip("needs the versions of Colab: python .ci/install.py --colab")
    (folder / "colab").mkdir()
    argv = [str(colab / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (folder / "colab" / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "c", "language": "python"}))
    made = [f"from course_lib import explorers\nexplorers.{name}()" for name in NAMES]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in made])
    client = NotebookClient(book, kernel_name="colab")
    client.create_kernel_manager()
    client.km.kernel_spec_manager = KernelSpecManager(kernel_dirs=[str(folder)])
    client.execute(env={**os.environ, "PYTHONPATH": str(root)})
    anywidget = colab / "share/jupyter/nbextensions/anywidget/index.js"
    page = saved_html.opened(browser, book, folder, saved_html.packages(MANAGER, root), anywidget)
    yield page
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize("name, control, key", [("dilation", "rate", "ArrowRight"), ("lineage", "family", "ArrowDown")])
def test_an_explorer_of_ipywidgets_7_moves(page, name, control, key):
    explorer = explorers(page, len(NAMES))[NAMES.index(name)]
    shown = picture(explorer)
    before, after = key_moves(page, explorer, control, key)
    assert before != after
    assert picture(explorer) != shown
