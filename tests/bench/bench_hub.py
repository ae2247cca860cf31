"""A class on one machine: a JupyterHub starts here, and students run lecture 04 from top to bottom, a few at a time.

    pip install jupyterhub; npm install -g configurable-http-proxy; make bench ARGS=hub

Every student has a server and a kernel of its own, as on a hub; only the walls between them are missing (all are the
user who starts this). Without either package the bench says so. After each wave its students are kept in
.cache/hub.json: stopped, the same command goes on from there. A student who fails is counted, and the others go on.
What it measured goes, with date and machine, between two marks of notebooks/INSTRUCTORS.md and of its source. STUDENTS
and WAVE in the environment change the class; after MINUTES no new wave begins, and the report says how many students
there were.
"""

import asyncio
import contextlib
import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import psutil
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from course_lib.files import whole
from tests.bench import figures

ROOT = figures.ROOT
LECTURE = ROOT / "notebooks" / "04_receptive_field_dilation.ipynb"
KEPT = ROOT / ".cache" / "hub.json"
STUDENTS, WAVE, MINUTES = (int(os.environ.get(*word)) for word in (("STUDENTS", 30), ("WAVE", 2), ("MINUTES", 120)))
PROXY = "configurable-http-proxy"
PATIENCE = 900  # seconds for one cell, or for a start: the machine may be busy
Row = dict[str, float]  # or what went wrong: {"failed: the words": 1}


def main() -> None:
    if importlib.util.find_spec("jupyterhub") is None or shutil.which(PROXY) is None:
        print(f"skipped: it needs JupyterHub and {PROXY} (pip install jupyterhub; npm install -g {PROXY})")
        return
    with tempfile.TemporaryDirectory(prefix="hub-") as folder:
        asyncio.run(measured(Path(folder)))


async def measured(folder: Path) -> None:
    rows, minutes = kept()
    hub = Hub(folder)
    try:
        await hub.started()
        until = time.monotonic() + 60 * MINUTES
        while len(rows) < STUDENTS and (began := time.monotonic()) < until:
            wave = range(len(rows), min(len(rows) + WAVE, STUDENTS))
            found = await asyncio.gather(*(hub.tried(f"student{number:02}") for number in wave))
            if not any("lecture" in row for row in rows + list(found)):
                raise RuntimeError(f"nobody came to the end: {told(found[0])}; the hub said:\n{hub.said()}")
            rows += found
            minutes += (time.monotonic() - began) / 60
            whole.write(KEPT, json.dumps({"class": lecture(), "rows": rows, "minutes": minutes}))
            for row in rows[-len(wave) :]:
                print(f"{len(rows)} of {STUDENTS}: {told(row)}", flush=True)
    finally:
        hub.end()
    print(text := report(rows, minutes))
    figures.noted("hub", text)
    if len(rows) >= STUDENTS:
        KEPT.unlink()


def lecture() -> str:
    """What the students of one class have in common."""
    return f"{WAVE} at a time: {hashlib.sha256(LECTURE.read_bytes()).hexdigest()}"


def kept() -> tuple[list[Row], float]:
    """The students who are through already, and the minutes they took; none if they were of another class."""
    held = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if held.get("class") != lecture():
        return [], 0.0
    print(f"{KEPT} has {len(held['rows'])} students; delete it to begin anew", flush=True)
    return held["rows"], held["minutes"]


class Hub:
    """The hub, its proxy, and what a student does there, over HTTP and a websocket as a browser would."""

    def __init__(self, folder: Path) -> None:
        self.folder, token = folder, secrets.token_hex(16)
        self.key = {"Authorization": f"token {token}"}
        free = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
        port, inner, proxy = (server.getsockname()[1] for server in free)
        for server in free:
            server.close()
        self.address = f"127.0.0.1:{port}"
        settings = folder / "jupyterhub_config.py"
        settings.write_text(
            CONFIG.format(
                port=port, inner=inner, proxy=proxy, token=token, homes=folder, root=ROOT, python=sys.executable
            )
        )
        self.log = (folder / "hub.log").open("w")
        command = [sys.executable, "-m", "jupyterhub", "-f", str(settings)]
        self.process = subprocess.Popen(command, cwd=folder, stdout=self.log, stderr=self.log, start_new_session=True)

    async def started(self) -> None:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            try:
                return await self.ask("GET", "/hub/api/")
            except (OSError, HTTPClientError):  # nobody listens yet, or the proxy without its hub
                await asyncio.sleep(0.5)
        raise RuntimeError(f"the hub did not start; it said:\n{self.said()}")

    def said(self) -> str:
        return (self.folder / "hub.log").read_text()[-2000:]

    def end(self) -> None:
        self.process.terminate()
        self.process.wait(PATIENCE)  # it ends the servers of the students and the proxy
        self.log.close()

    async def ask(self, method: str, path: str, body: dict | None = None) -> dict:
        request = HTTPRequest(
            f"http://{self.address}{path}", method, self.key,
            body=json.dumps(body or {}) if method == "POST" else None, request_timeout=PATIENCE,
        )  # fmt: skip
        return json.loads((await AsyncHTTPClient().fetch(request)).body or "{}")

    async def tried(self, name: str) -> Row:
        """What `student` gives, or the words for why it gave nothing; the server is stopped all the same."""
        try:
            return await self.student(name)
        except Exception as error:
            return {f"failed: {type(error).__name__}: {str(error)[:200]}": 1}
        finally:
            with contextlib.suppress(OSError, HTTPClientError):
                await self.ask("DELETE", f"/hub/api/users/{name}/server")

    async def student(self, name: str) -> Row:
        """Starts a server and runs the lecture: seconds and megabytes."""
        shutil.copy(LECTURE, (home := self.folder / name).mkdir() or home)
        row, began = {}, time.monotonic()
        await self.ask("POST", f"/hub/api/users/{name}")
        await self.ask("POST", f"/hub/api/users/{name}/server")
        while not (await self.ask("GET", f"/hub/api/users/{name}"))["servers"].get("", {}).get("ready"):
            await asyncio.sleep(0.2)
        row["start"] = time.monotonic() - began
        kernel = await self.ask("POST", f"/user/{name}/api/kernels", {"path": LECTURE.name})
        line = await websocket_connect(
            HTTPRequest(f"ws://{self.address}/user/{name}/api/kernels/{kernel['id']}/channels", headers=self.key),
            max_message_size=100 * 2**20,
        )
        began, pid = time.monotonic(), process_of(kernel["id"])
        for place, cell in enumerate(nbformat.read(LECTURE, 4).cells, start=1):
            if cell.cell_type == "code":
                await run(line, cell.source)
                row.setdefault("first", time.monotonic() - began)
                if (most := peak(pid)) > row.get("kernel", 0):
                    row |= {"kernel": most, "cell": place}
                forget_peak(pid)
        row["lecture"] = time.monotonic() - began
        line.close()
        row |= {"own": memory(pid, "RssAnon"), "cpu": sum(psutil.Process(pid).cpu_times()[:2])}
        row["server"] = peak(psutil.Process(pid).ppid())
        return row


CONFIG = """
c = get_config()
c.JupyterHub.bind_url = "http://127.0.0.1:{port}"
c.JupyterHub.hub_port = {inner}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.services = [dict(name="class", api_token="{token}")]
scopes = ["admin:users", "admin:servers", "access:servers"]
c.JupyterHub.load_roles = [dict(name="class", services=["class"], scopes=scopes)]
c.SimpleLocalProcessSpawner.home_dir_template = "{homes}/{{username}}"
c.Spawner.environment = dict(PYTHONPATH="{root}", BEYOND_FCN_PROGRESS="off", OMP_NUM_THREADS="1")  # as the recipes
c.Spawner.cmd = ["{python}", "-m", "jupyterhub.singleuser"]  # an environment that nobody activated is not on the path
c.Spawner.args = ["--allow-root"]
c.Spawner.http_timeout = c.Spawner.start_timeout = 900
"""


async def run(line: WebSocketClientConnection, source: str) -> None:
    """Runs one cell, and waits until the kernel is idle again; a cell that fails ends the lecture."""
    number = secrets.token_hex(8)
    header = {"msg_id": number, "msg_type": "execute_request", "session": "class", "username": "", "version": "5.3"}
    content = {"code": source, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
    await line.write_message(
        json.dumps({"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content})
    )
    answered = idle = False
    while not (answered and idle):
        if (text := await asyncio.wait_for(line.read_message(), PATIENCE)) is None:
            raise RuntimeError("the kernel is gone")
        found = json.loads(text)
        if found["parent_header"].get("msg_id") != number:
            continue
        if found["msg_type"] == "error":
            raise RuntimeError(f"{found['content']['ename']}: {found['content']['evalue']}")
        answered |= found["msg_type"] == "execute_reply"
        idle |= found["content"].get("execution_state") == "idle"


def process_of(kernel: str) -> int:
    found = (one.pid for one in psutil.process_iter(["cmdline"]) if kernel in " ".join(one.info["cmdline"] or []))
    return next(found)


def memory(pid: int, name: str) -> float:
    """One line of what Linux says about a process, in megabytes of 2^20 bytes, as a hub's mem_limit counts them."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def peak(pid: int) -> float:
    return memory(pid, "VmHWM")


def forget_peak(pid: int) -> None:
    """From now on the peak is that of what comes, so that each cell has its own."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


NAMES = {
    "start": "server ready, s",
    "first": "first cell (imports), s",
    "lecture": "lecture 04, all cells, s",
    "cpu": "processor time of its kernel, s",
    "kernel": "kernel's peak, MB",
    "cell": "the cell of that peak",
    "own": "kernel's own memory at the end, MB",
    "server": "server's peak, MB",
}


def told(row: Row) -> str:
    return ", ".join(f"{NAMES.get(part, part)} {value:.1f}" for part, value in row.items())


def report(rows: list[Row], minutes: float) -> str:
    through = [row for row in rows if "lecture" in row]
    failures = [part for row in rows if row not in through for part in row]
    lines = [
        f"{figures.here()}: {len(rows)} students in waves of {WAVE}, {minutes:.0f} minutes in all;",
        f"{len(failures)} of them did not come to the end.",
        *(f"- {words}" for words in failures),
        "\n| | median | largest |\n|---|---|---|",
    ]
    for part, words in NAMES.items():
        values = [row[part] for row in through] or [float("nan")]
        lines.append(f"| {words} | {statistics.median(values):.1f} | {max(values):.1f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
