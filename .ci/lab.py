"""Opens the course in JupyterLab and prints the address, once the server really answers."""

import argparse
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
import course_lib  # noqa: E402, F401 - sets how torch's threads wait, for the server and its kernels

START = "notebooks/00_start_here.ipynb"
FIRST_PORT = 8888


def main() -> int:
    parser = argparse.ArgumentParser(description="Any other argument goes to jupyter lab.")
    parser.add_argument("--port", type=int, help="a fixed port; without it the first free one from 8888")
    options, others = parser.parse_known_args()
    port = options.port or next(p for p in range(FIRST_PORT, FIRST_PORT + 1000) if is_free(p))
    if not is_free(port):
        print(f'Port {port} is in use. Take another: make lab ARGS="--port {port + 1}", or leave --port out.')
        return 2
    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(16)
    command = [sys.executable, "-m", "jupyter", "lab", f"--port={port}", "--ServerApp.port_retries=0"]
    command += [f"--ServerApp.root_dir={ROOT}", f"--LabApp.default_url=/lab/tree/{START}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command += ["--allow-root"]
    server = subprocess.Popen([*command, *others], cwd=ROOT, env={**os.environ, "JUPYTER_TOKEN": token})
    try:
        if wait_for(server, port):
            print(f"\nThe course is open at  http://localhost:{port}/lab/tree/{START}?token={token}", flush=True)
            print("Stop it with Ctrl-C.", flush=True)
        return server.wait()
    except KeyboardInterrupt:
        server.terminate()
        return server.wait()


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_for(server: subprocess.Popen, port: int, seconds: float = 120) -> bool:
    """True once the server answers, False when it ended or stayed silent."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/login", timeout=2)
            return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            time.sleep(0.3)
    return False


if __name__ == "__main__":
    sys.exit(main())
