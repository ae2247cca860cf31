"""One try at one address: bytes of a file over HTTP, appended to what is held already.

Whatever a server sends, the outcome is one of three: the bytes are there, `Interrupted` (ask again) or `Refused` (ask
somewhere else). What is held already is never thrown away for less. Errors of the disk pass through as they are.
"""

import contextlib
import datetime
import email.utils
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from tqdm import tqdm

CHUNK = 1 << 18
LEAST = 2000  # bytes a second; below it another mirror is the better choice
BUSY = (429, 500, 502, 503, 504)  # answers that may be another in a moment


class Refused(Exception):
    """This mirror will not do; the next one may."""


class Interrupted(Exception):
    """The file did not come to its end; another try may go on. `wait`: the seconds that the server asks for."""

    def __init__(self, reason: str, wait: float = 0.0):
        super().__init__(reason)
        self.wait = wait


def receive(
    url: str, part: Path, *, expected: int, timeout: float, description: str, progress: bool, anew: bool = False
) -> Path:
    """Fetch what `part` lacks, or with `anew` everything; the path of the file that came to its end.

    It is `part`, or NAME.part.again if bytes are held and the server begins at the beginning.
    expected: about how many bytes the file has; many more are not taken.
    timeout: seconds without a byte, or below the least rate, after which the connection counts as dead.
    """
    held, most = size(part), int(1.05 * expected) + (1 << 20)
    with ask(url, 0 if anew else held, timeout) as answer:
        if answer is None:  # nothing lies beyond what is held
            return part
        start = held if answer.status == 206 else 0
        total = length(answer, start)
        if total is not None and total > most:
            raise Refused(f"offers {total:,} bytes; expected about {expected:,}")
        path, whole = part if start == held else part.with_name(part.name + ".again"), False
        bar = tqdm(
            desc=description, initial=start, total=total or expected, unit="B", unit_scale=True, delay=1, leave=False,
            disable=not progress,
        )  # fmt: skip
        try:
            with bar, open(path, "ab" if start else "wb") as file:
                received = copy(pieces(answer, timeout, total and total - start), file, start, most, bar)
            whole = received >= (0.9 * expected if total is None else total)
        finally:
            if path != part and not whole:
                keep_the_longer(path, part)
    if not whole:
        of = f"about {expected:,}" if total is None else f"{total:,}"
        raise Interrupted(f"broke off after {received:,} of {of} bytes")
    return path


@contextlib.contextmanager
def ask(url: str, begin: int, timeout: float) -> Iterator[http.client.HTTPResponse | None]:
    """The answer to a request for the bytes from `begin` on; None if there are none."""
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "beyond-fcn/1.0"})
        if begin:
            request.add_header("Range", f"bytes={begin}-")
        answer = urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as error:
        with error:
            if error.code != 416 or not begin:
                raise refusal(error) from error
        yield None
        return
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Interrupted(reason_of(error)) from error
    with answer:
        check_answer(answer, begin)
        yield answer


def refusal(error: urllib.error.HTTPError) -> Refused | Interrupted:
    """The error for an HTTP status: final, or worth another try after a wait."""
    reason = f"answered {error.code} {error.reason}"
    if error.code not in BUSY:
        return Refused(reason)
    wait = asked_to_wait(error.headers.get("Retry-After", ""))
    return Interrupted(f"{reason}, and asks to wait {wait:.0f} s" if wait else reason, wait)


def asked_to_wait(header: str) -> float:
    """Seconds, from the header Retry-After: a number or a date; 0 if it says neither."""
    if header.strip().isdecimal():
        return float(header)
    try:
        until = email.utils.parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return 0.0
    return max(0.0, (until - datetime.datetime.now(until.tzinfo)).total_seconds())


def check_answer(answer: http.client.HTTPResponse, begin: int) -> None:
    """Refuse an answer that is no part of the file: a web page, an error, another range."""
    if "html" in answer.headers.get("Content-Type", ""):
        raise Refused("answered with a web page instead of the file")
    if answer.status not in (200, 206):
        raise Refused(f"answered {answer.status} {answer.reason}")
    if answer.status == 206 and not (begin and answer.headers.get("Content-Range", "").startswith(f"bytes {begin}-")):
        raise Refused("answered with another piece of the file than was asked for")


def length(answer: http.client.HTTPResponse, start: int) -> int | None:
    """How long the file is to be; None if the server does not say, or says no number."""
    said = answer.headers.get("Content-Length", "").strip()
    return start + int(said) if said.isdecimal() else None


def pieces(answer: http.client.HTTPResponse, patience: float, left: int | None) -> Iterator[bytes]:
    """The bytes as they come, `left` of them at most, as long as they come fast enough."""
    mark, since = time.monotonic(), 0
    while left is None or left > 0:
        try:
            piece = answer.read1(CHUNK if left is None else min(CHUNK, left))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Interrupted(reason_of(error)) from error
        if not piece:
            return
        yield piece
        left = left and left - len(piece)
        since += len(piece)
        seconds = time.monotonic() - mark
        if seconds >= patience:
            if since < LEAST * seconds:
                raise Interrupted(f"sends only {since / seconds:.0f} bytes a second")
            mark, since = time.monotonic(), 0


def copy(pieces: Iterator[bytes], file, start: int, most: int, bar: tqdm) -> int:
    """Write the pieces; how long the file is then. Of a file without end nothing is kept."""
    received = start
    for piece in pieces:
        received += len(piece)
        if received > most:
            file.truncate(start)
            raise Refused(f"sends more than the {most:,} bytes that the file may have")
        file.write(piece)
        bar.update(len(piece))
    return received


def keep_the_longer(again: Path, part: Path) -> None:
    """Of two beginnings of one file the longer is worth more."""
    if size(again) >= size(part):
        os.replace(again, part)
    else:
        again.unlink()


def size(path: Path) -> int:
    """The bytes that a file has; 0 if it is not there."""
    return path.stat().st_size if path.exists() else 0


def reason_of(error: BaseException) -> str:
    """The reason of an error, in words."""
    reason = getattr(error, "reason", None) or error
    return f"{reason}".strip() or type(reason).__name__
