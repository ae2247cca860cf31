"""Runs a student's code so that nothing it does can hurt: exceptions, endless loops and odd results become words.

`call(function, *inputs)` gives the result or raises `Raised`; `is_attempted` tells the placeholder from an answer.
"""

import ctypes
import dis
import linecache
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

from torch import Tensor

SECONDS = (
    5.0  # of the processor, for one call: honest loops take below 0.5 s, and a slow laptop takes several times that
)
PATIENCE = 4  # times as long may pass where others keep the machine busy, or where the code only sleeps
THROWS = 5  # a loop with `except BaseException` in it swallows the first
IDLE = {"RESUME", "NOP", "LOAD_CONST", "POP_TOP", "RETURN_CONST", "RETURN_VALUE"}
OURS = (str(Path(__file__).parents[1]), "site-packages", "dist-packages", "<frozen")


class Raised(Exception):
    """The student's code raised, or did not end; the lines say where, in plain words."""

    def __init__(self, *lines: str):
        super().__init__("\n".join(lines))
        self.lines = lines


class Changed(Raised):
    """The student's code ran, and left a list or a dictionary that it was given changed."""


class TooLong(BaseException):
    """Thrown into code that does not end; not an Exception, so that `except Exception` does not swallow it."""


def call(function: Callable, *inputs: Any, seconds: float = SECONDS, **named: Any) -> Any:
    """What the function returns; `Raised` when it raises, is not done in time, or uses up a list that it is given."""
    if not callable(function):
        raise Raised(f"a function was expected, found {describe(function)}")
    given = own(inputs)  # code that works in place must not change what the check compares with
    before = contents(given)
    try:
        result, error = in_time(lambda: function(*given, **named), seconds)
    except TooLong:
        raise Raised(
            f"it was still running after {seconds:g} seconds, so it was stopped: is there a loop without end?"
        ) from None
    if isinstance(error, Raised):  # the answer runs in another process, which has found the words
        raise type(error)(*error.lines)
    if error is not None:
        raise Raised(*explain(error)) from None
    if contents(given) != before:
        raise Changed(
            "the function changes the list or dictionary that it is given: a second call would answer otherwise",
            "Work on a copy, such as list(...), and leave what was given as it is.",
        )
    return result


def in_time(work: Callable[[], Any], seconds: float) -> tuple[Any, BaseException | None]:
    """What the work gave and what it raised, run in a thread of its own; TooLong when that does not end in time."""
    answer: list[tuple[Any, BaseException | None]] = []

    def run() -> None:
        try:
            answer.append((work(), None))
        except BaseException as error:
            answer.append((None, error))

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    try:
        if not done_in_time(worker, seconds):
            raise TooLong
    finally:  # also when someone interrupts the notebook meanwhile
        for _ in range(THROWS * worker.is_alive()):
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(worker.ident), ctypes.py_object(TooLong))
            worker.join(0.02)
            if not worker.is_alive():
                break
    return answer[0]


def done_in_time(worker: threading.Thread, seconds: float) -> bool:
    """Whether it ended before so many seconds had passed, of which the processor worked as many for this process."""
    began, worked = time.monotonic(), time.process_time()
    worker.join(seconds)
    while worker.is_alive() and time.process_time() - worked < seconds:
        if time.monotonic() - began > PATIENCE * seconds:
            break
        worker.join(0.02)
    return not worker.is_alive()


def own(value: Any) -> Any:
    """A copy of the tensors, also inside lists, tuples and dictionaries."""
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, list | tuple):
        return (list if isinstance(value, list) else tuple)(own(item) for item in value)
    return {key: own(item) for key, item in value.items()} if isinstance(value, dict) else value


def contents(value: Any) -> Any:
    """Which things lie in lists and dictionaries, to see whether code took some out or put others in."""
    if isinstance(value, list | tuple):
        return [contents(item) for item in value]
    return [(key, contents(item)) for key, item in value.items()] if isinstance(value, dict) else id(value)


def explain(error: BaseException) -> tuple[str, ...]:
    """The student's own line, and what went wrong there."""
    message = f"{type(error).__name__}: {next(iter(text_of(error).splitlines()), '') or 'no message'}"
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not any(part in f.filename for part in OURS)]
    if not frames:
        return (message, *advice(error))
    line = frames[-1].line or linecache.getline(frames[-1].filename, frames[-1].lineno or 0).strip()
    return (f"in your line {frames[-1].lineno}:  {line}", message, *advice(error))


def text_of(error: BaseException) -> str:
    """What the error says; an error of a student's own may raise when asked."""
    try:
        return str(error)
    except Exception:
        return ""


def advice(error: BaseException) -> tuple[str, ...]:
    """A sentence for the errors that beginners meet most."""
    text = text_of(error)
    if isinstance(error, NameError):
        return ("A name is used before it is given a value: is it spelled the same everywhere?",)
    if isinstance(error, TypeError) and "positional argument" in text:
        return (
            "The function takes another number of inputs than the exercise gives it; keep its first line as it was.",
        )
    if "changed size during iteration" in text:
        return ("The loop takes things out of what it walks over: walk over a copy, list(...), instead.",)
    if isinstance(error, RuntimeError | ValueError) and ("size" in text or "shape" in text):
        return ("Two shapes do not fit: print the .shape of each tensor in that line.",)
    if isinstance(error, IndexError):
        return ("An index points outside: the last index is the length minus one.",)
    return ()


def is_attempted(answer: Any) -> bool:
    """False for the placeholder `...`, for None, and for a function or class in which only the placeholder stands."""
    if answer is None or answer is Ellipsis:
        return False
    if isinstance(answer, type):
        bodies = [value for value in vars(answer).values() if hasattr(value, "__code__")]
        return not any(is_empty(body.__code__) for body in bodies)
    return not (hasattr(answer, "__code__") and is_empty(answer.__code__))


def is_empty(code: CodeType) -> bool:
    """True for a body that does nothing but return None."""
    done = [(step.opname, step.argval) for step in dis.get_instructions(code)]
    return all(name in IDLE and value in (None, Ellipsis, 0) for name, value in done if name != "RESUME")


def describe(value: Any) -> str:
    """A value in a few words: its type, its shape or the value itself."""
    kind = type(value).__name__
    if isinstance(value, Tensor):
        return f"a tensor of shape {tuple(value.shape)}"
    try:
        text = repr(value)
    except Exception:
        return f"a {kind} that cannot be printed"
    return f"{kind} {text}" if len(text) <= 40 else f"{kind} {text[:37]}..."
