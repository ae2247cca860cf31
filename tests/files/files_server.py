"""A local file server with bad manners, for the tests of downloading: each path misbehaves in its own way."""

import contextlib
import email.utils
import hashlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from course_lib.files.download import Remote

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


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

    def raw(self, *parts: bytes) -> None:
        """Bytes that may be no HTTP at all."""
        for part in parts:
            self.wfile.write(part)
        self.wfile.flush()
        self.close_connection = True

    def good(self, content: bytes, begin: int) -> None:
        if begin >= len(content):
            return self.send_error(416)
        place = {"Content_Range": f"bytes {begin}-{len(content) - 1}/{len(content)}"} if begin else {}
        self.start(206 if begin else 200, len(content) - begin, **place)
        self.wfile.write(content[begin:])

    def no_ranges(self, content: bytes, begin: int) -> None:
        self.start(200, len(content))
        self.wfile.write(content)

    def no_ranges_and_breaks(self, content: bytes, begin: int) -> None:
        """Begins at the beginning whatever is asked for, and ends after 1000 bytes."""
        self.start(200, len(content))
        self.wfile.write(content[:1000])
        self.close_connection = True

    def no_ranges_and_wrong(self, content: bytes, begin: int) -> None:
        self.start(200, len(content))
        self.wfile.write(bytes(len(content)))

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

    # Broken frames of HTTP.

    def no_status(self, content: bytes, begin: int) -> None:
        self.raw(b"SSH-2.0-OpenSSH_9.2\r\n\r\n", content)

    def no_answer(self, content: bytes, begin: int) -> None:
        self.close_connection = True

    def odd_status(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 2x0 OK\r\n\r\n", content)

    def no_content(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 204 No Content\r\n\r\n")

    def many_headers(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\n", *(b"X-%d: y\r\n" % number for number in range(200)), b"\r\n", content)

    def long_header(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n", content)

    def bad_chunk(self, content: bytes, begin: int) -> None:
        self.raw(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10\r\n", content[:16], b"\r\nzz\r\n", content
        )

    def cut_chunk(self, content: bytes, begin: int) -> None:
        self.raw(CHUNKED, b"%x\r\n" % len(content), content[:1000])

    def bad_location(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 302 Found\r\nLocation: http://[half\r\nContent-Length: 0\r\n\r\n")

    def file_location(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\nContent-Length: 0\r\n\r\n")

    def circle(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 302 Found\r\nLocation: /circle\r\nContent-Length: 0\r\n\r\n")

    # What a file without length, or with a wrong one, may do.

    def length_in_words(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n", content)

    def length_below_zero(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", content)

    def no_length_and_breaks(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\n\r\n", content[: len(content) // 2])

    def length_too_small(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", content)

    def length_too_large(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", content)

    def endless(self, content: bytes, begin: int) -> None:
        """Until nobody listens any more, or 64 MB."""
        self.raw(b"HTTP/1.1 200 OK\r\n\r\n", *(bytes(1 << 20) for _ in range(64)))

    def endless_rest(self, content: bytes, begin: int) -> None:
        self.raw(b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %d-/*\r\n\r\n" % begin,
                 *(bytes(1 << 20) for _ in range(64)))  # fmt: skip

    def keeps_the_line(self, content: bytes, begin: int) -> None:
        """All bytes, and then the connection stays open although nothing comes any more."""
        self.start(200, len(content))
        self.wfile.write(content)
        self.wfile.flush()
        self.server.released.wait(20)

    def trickles(self, content: bytes, begin: int) -> None:
        """A byte now and then: never silent for long, and never done."""
        self.start(200, len(content))
        for place in range(400):
            self.wfile.write(content[place : place + 1])
            self.wfile.flush()
            if self.server.released.wait(0.02):
                return

    # Servers that have too much to do, once.

    def busy(self, status: int, content: bytes, begin: int, **headers: str) -> None:
        if self.server.manners().count(self.path.strip("/")) == 1:
            self.start(status, 0, **headers)
        else:
            self.good(content, begin)

    def busy_503(self, content: bytes, begin: int) -> None:
        self.busy(503, content, begin, Retry_After="7")

    def busy_429(self, content: bytes, begin: int) -> None:
        until = email.utils.formatdate(time.time() + 30, usegmt=True)
        self.busy(429, content, begin, Retry_After=until)

    def busy_502(self, content: bytes, begin: int) -> None:
        self.busy(502, content, begin)

    def busy_for_an_hour(self, content: bytes, begin: int) -> None:
        self.busy(503, content, begin, Retry_After="3600")


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
