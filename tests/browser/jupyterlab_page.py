"""What a student does in JupyterLab, as functions: start it, open a notebook, run all cells, look at what came out."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120_000  # milliseconds: nothing here is about speed, and the machine may be busy
LOOK_AGAIN = 200  # milliseconds
CURRENT = "window.jupyterapp.shell.currentWidget"
READY = f"""async () => {{
  const panel = {CURRENT};
  if (!panel?.context || !panel?.sessionContext) return false;
  await panel.context.ready; await panel.sessionContext.ready;
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel) return false;
  await kernel.info;
  return panel.content.widgets.length > 0;
}}"""
OWN_FOLDERS = ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR")
FINISHED = f"""() => {{
  const kinds = ({{ outputs }}) => Array.from({{ length: outputs.length }}, (_, number) => outputs.get(number).type);
  const code = {CURRENT}.content.widgets.filter(cell => cell.model.type === "code" && cell.model.sharedModel.source);
  return code.every(cell => cell.model.executionState === "idle" && cell.model.executionCount)
    || code.some(cell => kinds(cell.model).includes("error"));
}}"""
OUTPUTS = f"() => {CURRENT}.content.widgets.filter(c => c.model.type === 'code').map(c => c.model.outputs.toJSON())"


@dataclass
class Lab:
    """A running JupyterLab, the word that opens it, its folder, and where screenshots are kept."""

    browser: object
    address: str
    token: str
    folder: Path
    artefacts: Path

    def notebook(self, name: str, cells: list[str]) -> str:
        """Writes a notebook with these code cells and returns its path in the lab."""
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        book = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
        book.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        (self.folder / f"{name}.ipynb").write_text(nbformat.writes(book))
        return f"{name}.ipynb"

    def open(self, path: str, width: int = 1280, height: int = 900, **options: object):
        """The page of a notebook, once its kernel answers."""
        page = self.browser.new_page(viewport={"width": width, "height": height}, **options)
        page.set_default_timeout(PATIENCE)
        page.goto(f"{self.address}/doc/tree/{path}?reset&token={self.token}")
        page.wait_for_function("() => window.jupyterapp?.shell?.currentWidget")
        page.wait_for_function(READY)
        return page

    def run_all(self, page, seconds: float = 120) -> list[list[dict]]:
        """Clears and runs every cell; returns the outputs of the code cells."""
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs'); }")
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        # not at every frame, as is usual: the kernel needs the processor
        page.wait_for_function(FINISHED, timeout=seconds * 1000, polling=LOOK_AGAIN)
        return page.evaluate(OUTPUTS)

    def close(self, page) -> None:
        """Ends the notebook's kernel, which would keep its memory, and closes the page."""
        page.evaluate(f"async () => {{ await {CURRENT}.sessionContext.shutdown(); }}")
        page.close()

    def screenshot(self, page, name: str) -> Path:
        path = self.artefacts / f"{name}.png"
        page.screenshot(path=str(path))
        return path


def errors(outputs: list[list[dict]]) -> list[str]:
    """What failed, in words."""
    return [f"{o['ename']}: {o['evalue']}" for cell in outputs for o in cell if o["output_type"] == "error"]


@contextmanager
def running_lab(browser, folder: Path, *, artefacts: Path) -> Iterator[Lab]:
    """JupyterLab on a folder, with settings of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]  # should another take it first, the server takes the next and writes down which
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--expose-app-in-browser"]
    token = secrets.token_urlsafe()  # whoever opens the server runs code as us; a command line can be read by others
    own = {"JUPYTER_TOKEN": token, **{name: str(folder / name.lower()) for name in OWN_FOLDERS}}
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]  # kernels start in another folder: "." would not do
    own["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen(command, cwd=folder, env={**os.environ, **own}, stdout=log, stderr=log)
    try:
        address = wait_until_it_answers(server, folder, token)
        artefacts.mkdir(parents=True, exist_ok=True)
        yield Lab(browser, address, token, folder, artefacts)
    finally:
        server.terminate()
        server.wait()


def wait_until_it_answers(server: subprocess.Popen, folder: Path, token: str) -> str:
    """The address that the server has written down, once it answers there."""
    until = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < until and server.poll() is None:
        try:
            (written,) = (folder / "jupyter_runtime_dir").glob("jpserver-*.json")
            address = f"http://127.0.0.1:{json.loads(written.read_text())['port']}"
            urllib.request.urlopen(f"{address}/api/status?token={token}", timeout=10)
            return address
        except (OSError, ValueError):  # not there yet, or half written
            time.sleep(0.3)
    raise RuntimeError(f"JupyterLab did not start:\n{(folder / 'server.log').read_text()[-2000:]}")
