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
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 120_000  # milliseconds: nothing here is about speed, and the machine may be busy
LOOK_AGAIN = 200  # milliseconds
HURRY = 20  # times as fast as for a student do animations run
CURRENT = "window.jupyterapp.shell.currentWidget"
CURRENT_PATH = "window.jupyterapp?.shell?.currentWidget?.context?.path"
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
OPEN = "path => { window.jupyterapp.commands.execute('docmanager:open', { path, factory: 'Notebook' }); }"
CLOSE = f"""async () => {{
  const panel = {CURRENT};
  await panel.sessionContext.shutdown();
  panel.dispose();
}}"""
RUN = f"""([number, source]) => {{
  const {{ content }} = {CURRENT}, cell = content.widgets.filter(cell => cell.model.type === "code")[number];
  content.activeCellIndex = content.widgets.indexOf(cell);
  content.deselectAll();
  cell.model.sharedModel.setSource(source);
  window.ran = false;
  window.jupyterapp.commands.execute("notebook:run-cell").then(() => {{ window.ran = true; }});
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
    left: list = field(default_factory=list)  # pages that were closed

    def notebook(self, name: str, cells: list[str]) -> str:
        """Writes a notebook with these code cells and returns its path in the lab."""
        kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
        book = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
        book.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        (self.folder / f"{name}.ipynb").write_text(nbformat.writes(book))
        return f"{name}.ipynb"

    def open(
        self, path: str, width: int = 1280, height: int = 900, *, hurry: int = HURRY, fresh: bool = False, **options
    ):
        """The page of a notebook, once its kernel answers.

        A page that was closed serves again, where neither a fresh one nor anything special is asked for: to start
        JupyterLab takes seven seconds, to open a notebook where it runs takes one.
        """
        if fresh or options or hurry != HURRY or not self.left:
            page = self.browser.new_page(viewport={"width": width, "height": height}, **options)
            page.set_default_timeout(PATIENCE)
            hurried(page, hurry)
            page.goto(f"{self.address}/doc/tree/{path}?reset&token={self.token}")
        else:
            page = self.left.pop()
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(OPEN, path)
        page.wait_for_function(f"path => {CURRENT_PATH} === path", arg=path, polling=LOOK_AGAIN)
        page.wait_for_function(READY, polling=LOOK_AGAIN)
        return page

    def run_all(self, page, seconds: float = 120) -> list[list[dict]]:
        """Clears and runs every cell; returns the outputs of the code cells."""
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs'); }")
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
        # not at every frame, as is usual: the kernel needs the processor
        page.wait_for_function(FINISHED, timeout=seconds * 1000, polling=LOOK_AGAIN)
        return page.evaluate(OUTPUTS)

    def run_cell(self, page, number: int, source: str, seconds: float = 120) -> list[dict]:
        """Writes this into a code cell and runs it; returns its outputs."""
        page.evaluate(RUN, [number, source])
        page.wait_for_function("() => window.ran", timeout=seconds * 1000, polling=LOOK_AGAIN)
        return page.evaluate(OUTPUTS)[number]

    def close(self, page) -> None:
        """Ends the notebook's kernel, which would keep its memory, and leaves the page to the next one."""
        page.evaluate(CLOSE)
        self.left.append(page)

    def screenshot(self, page, name: str) -> Path:
        path = self.artefacts / f"{name}.png"
        page.screenshot(path=str(path))
        return path


def errors(outputs: list[list[dict]]) -> list[str]:
    """What failed, in words."""
    return [f"{o['ename']}: {o['evalue']}" for cell in outputs for o in cell if o["output_type"] == "error"]


def hurried(page, times: int) -> None:
    """Lets animations end early: their frames cost more than all else on a page of forty explorers."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("Animation.enable")
    devtools.send("Animation.setPlaybackRate", {"playbackRate": times})


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
