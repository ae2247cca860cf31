"""`make lab` checks the port before it starts anything."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest


@pytest.fixture(scope="module")
def lab(script):
    return script("lab")


def test_a_port_in_use_gets_one_clear_line(root):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, root / ".ci/lab.py", "--port", str(port)]
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    expected = f'Port {port} is in use. Take another: make lab ARGS="--port {port + 1}", or leave --port out.\n'
    assert done.stdout == expected


def test_waiting_ends_when_the_server_does(lab):
    server = subprocess.Popen([sys.executable, "-c", "pass"])
    server.wait()
    assert lab.wait_for(server, port=9) is False


def test_the_printed_address_leads_to_the_first_notebook(root, lab):
    begin = 18888 + os.getpid() % 1000  # another run beside this one begins elsewhere
    port = next(p for p in range(begin, begin + 1000) if lab.is_free(p))
    command = [sys.executable, root / ".ci/lab.py", "--no-browser", "--port", str(port)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True, "start_new_session": True}
    server = subprocess.Popen(command, **pipes)
    try:
        printed = next(line for line in server.stdout if "The course is open at" in line)
        path, token = re.search(r"/lab/tree/(\S+)\?token=(\w+)", printed).groups()
        address = f"http://127.0.0.1:{port}/api/contents/{path}?content=0&token={token}"
        assert urllib.request.urlopen(address, timeout=120).status == 200
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.communicate()
