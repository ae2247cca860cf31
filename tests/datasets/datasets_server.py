"""A local file server with bad manners, for the tests of downloading: each path misbehaves in its own way."""

import contextlib
import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from course_lib.datasets.download import Remote


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, content: bytes):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.requests = content, []
        self.released = threading.Event()

    def url(self, manner: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{manner}"

    def remote(self, *manners: str, name: str = "archive.bin") -> Remote:
        digest = hashlib.md5(self.content, usedforsecurity=False).hexdigest()
        return Remote(name, tuple(self.url(manner) for manner in manners), digest, len(self.content))

    def manners(self) -> list[str]:
        return [path for path, _ in self.requests]


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *args) -> None:
        """Silence."""

    def do_GET(self) -> None:
        manner, content = self.path.strip("/"), self.server.content
        asked = self.headers.get("Range")
        self.server.requests.append((manner, asked))
        with contextlib.suppress(ConnectionError):
            getattr(self, manner)(content, int(asked[6:-1]) if asked else 0)

    def start(self, status: int, length: int, kind: str = "application/octet-stream", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()

    def good(self, content: bytes, begin: int) -> None:
        if begin >= len(content):
            return self.send_error(416)
        place = {"Content_Range": f"bytes {begin}-{len(content) - 1}/{len(content)}"} if begin else {}
        self.start(206 if begin else 200, len(content) - begin, **place)
        self.wfile.write(content[begin:])

    def no_ranges(self, content: bytes, begin: int) -> None:
        self.start(200, len(content))
        self.wfile.write(content)

    def cuts_off(self, content: bytes, begin: int) -> None:
        """Half of what is missing, then the line goes dead; the rest comes only in later requests."""
        self.start(206 if begin else 200, len(content) - begin, Content_Range=f"bytes {begin}-")
        self.wfile.write(content[begin : begin + (len(content) - begin + 1) // 2])
        self.close_connection = True

    def stalls(self, content: bytes, begin: int) -> None:
        self.start(200, len(content))
        self.wfile.write(content[:10])
        self.wfile.flush()
        self.server.released.wait(20)

    def wrong_bytes(self, content: bytes, begin: int) -> None:
        wrong = bytes(len(content))
        self.start(206 if begin else 200, len(wrong) - begin, Content_Range=f"bytes {begin}-")
        self.wfile.write(wrong[begin:])

    def half_wrong(self, content: bytes, begin: int) -> None:
        """Wrong bytes that break off in the middle: they poison what the next mirror goes on with."""
        self.start(200, len(content))
        self.wfile.write(bytes(len(content) // 2))
        self.close_connection = True

    def other_piece(self, content: bytes, begin: int) -> None:
        self.start(206, len(content) - 3, Content_Range=f"bytes 3-{len(content)}")
        self.wfile.write(content[3:])

    def error_page(self, content: bytes, begin: int) -> None:
        page = b"<html>This site has moved.</html>"
        self.start(200, len(page), kind="text/html; charset=utf-8")
        self.wfile.write(page)

    def missing(self, content: bytes, begin: int) -> None:
        self.send_error(404)

    def slow(self, content: bytes, begin: int) -> None:
        self.start(200, len(content))
        for place in range(0, len(content), len(content) // 4):
            self.wfile.write(content[place : place + len(content) // 4])
            self.wfile.flush()
            time.sleep(0.05)


@contextlib.contextmanager
def serving(content: bytes) -> Iterator[Server]:
    server = Server(content)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
