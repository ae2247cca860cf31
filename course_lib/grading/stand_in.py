"""The notebook's side of a check: a stand-in for `course_lib.exercises` that hands answers over and knows none.

`check(answer)` sends the answer away as data. Then our side may ask for calls of it, and this side runs the student's
code and sends what comes out. The verdict stays on our side, so there is nothing here to forge: whoever writes on the
line himself can only hand in other answers.
"""

import builtins
import sys
from collections.abc import Callable
from importlib.abc import MetaPathFinder
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from course_lib.checking import attempt
from course_lib.checking.attempt import Changed, Raised, describe, is_attempted
from course_lib.grading import layers, wire

CHECK_SECONDS = 6.0  # for one call of a student's function: the machine may be busy, and nobody waits at a screen
SAID = "noted; it is judged when the notebook has ended"
Talk = Callable[..., tuple[dict[str, Any], bytes]]  # sends a frame, if one is given, and waits for one


class Noted(str):
    """What a check answers while notebooks are graded."""

    __slots__ = ()
    kind, lines, correct, exercise = "noted", (), False, ""

    def __repr__(self) -> str:
        return str(self)


class Desk:
    """Keeps what was handed over, and runs it when our side asks."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.kept: list[Any] = []
        self.last: tuple[Tensor, Tensor] | None = None

    def check(self, number: str, answers: tuple) -> Noted:
        """Hand the answers to one exercise to the grader, and do what its judge asks."""
        attempted = [bool(is_attempted(answer)) for answer in answers]
        try:
            given = tuple(answer if tried else ... for answer, tried in zip(answers, attempted))
            head, body = wire.pack(given, self.special)
        except Exception as error:
            head, body = wire.pack((), self.special)
            head = {"unreadable": f"{type(error).__name__}: {error}"[:300]}
        asked, numbers = self.talk({"check": number, "answers": head}, body)
        while "end" not in asked:  # what is neither was meant for a thread that was stopped while it waited
            asked, numbers = self.talk(*self.done(asked, numbers)) if "do" in asked else self.talk()
        return Noted(SAID)

    def special(self, value: Any) -> Any:
        """What is no data: a module by its parts, a function by a number, anything else by its words."""
        if isinstance(value, nn.Module):
            self.kept.append(value)
            return wire.Holding("module", {"on": len(self.kept) - 1}, layers.describe(value))
        if isinstance(value, type):
            self.kept.append(value)
            return {"class": {"on": len(self.kept) - 1, "name": value.__name__}}
        if callable(value):
            self.kept.append(value)
            return {"function": {"on": len(self.kept) - 1, "words": _words(value)}}
        return {"odd": {"kind": type(value).__name__, "words": _words(value)}}

    def done(self, asked: dict[str, Any], numbers: bytes) -> tuple[Any, bytes]:
        """Runs the student's code as our side asks; what came out, or the words for what went wrong."""
        try:
            inputs = wire.unpack(asked["inputs"], numbers, self.layer)
            thing = self.kept[asked["on"]]
            work = {"call": self.call, "forward": self.forward, "gradient": self.gradient}[asked["do"]]
            head, body = wire.pack(work(thing, inputs, asked), self.special)
            return {"result": head}, body
        except Raised as raised:
            return {"raised": [line[:500] for line in raised.lines], "ran": isinstance(raised, Changed)}, b""
        except Exception as error:
            return {"raised": [f"what it gave cannot be read: {error}"[:300]]}, b""

    def call(self, thing: Any, inputs: tuple, asked: dict[str, Any]) -> Any:
        """Run a student's function on the judge's inputs."""
        return attempt.call(thing, *inputs, seconds=CHECK_SECONDS)

    def forward(self, thing: nn.Module, given: dict[str, Any], asked: dict[str, Any]) -> Any:
        """The student's own module with the weights that it has on our side."""
        part = layers.parts_of(thing)[asked["part"]].train(asked["training"])
        with torch.no_grad():
            for name, value in [*part.named_parameters(), *part.named_buffers()]:
                value.copy_(given["state"][name])
        inputs = given["inputs"]
        if not asked["remember"]:
            with torch.no_grad():
                return attempt.call(part, *inputs, seconds=CHECK_SECONDS)
        x = inputs[0].requires_grad_()
        made: list[Any] = []
        attempt.call(lambda: made.append(part(x)), seconds=CHECK_SECONDS)
        self.last = (x, made[0])
        return made[0]

    def gradient(self, thing: nn.Module, inputs: tuple, asked: dict[str, Any]) -> Any:
        """The gradient of the last result with respect to its input."""
        x, result = self.last
        (found,) = torch.autograd.grad(result, x, inputs[0], allow_unused=True)
        return torch.zeros_like(x) if found is None else found

    def layer(self, words: dict[str, Any]) -> Any:
        """A layer of the check's, to be called from here; it runs on our side."""
        held = words["lent"]

        def call(self_: Any, *inputs: Any) -> Any:
            head, body = wire.pack(inputs, self.special)
            head, body = self.talk({"lent": held["on"], "inputs": head}, body)
            if "error" in head:
                kind, text = head["error"]
                kind = getattr(builtins, kind, RuntimeError)
                raise (kind if isinstance(kind, type) and issubclass(kind, Exception) else RuntimeError)(text)
            return wire.unpack(head["result"], body, self.layer)

        return type("Layer", (), {"__call__": call, **held["shown"]})()


def _words(value: Any) -> str:
    try:
        return repr(value)[:200]
    except Exception:
        return describe(value)


class Task:
    """Stands for one exercise."""

    def __init__(self, number: str, title: str, check: Callable) -> None:
        self.number, self.title, self._check = number, title, check

    def check(self, *answer: Any) -> Noted:
        """Hand the answer to the grader; the outcome is not told here."""
        return self._check(self.number, answer)

    def hint(self) -> Noted:
        """Hints are not told while notebooks are graded."""
        return Noted(SAID)

    question = solution = hint
    answer = None  # .answer gives nothing while notebooks are graded

    def __repr__(self) -> str:
        return f"Exercise {self.number}: {self.title}"


class Hidden(MetaPathFinder):
    """Modules that hold solutions cannot be imported here."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Refuse to import the exercises of a lecture."""
        if name.startswith("course_lib.lectures.") and ".exercises" in name:
            raise ImportError(f"{name} is not there while notebooks are graded")


def install(tasks: dict[str, dict[str, tuple[str, str]]], talk: Talk) -> None:
    """Puts the stand-in where notebooks import it: {"start": {"iou": ("0.2", title)}}."""
    import course_lib

    desk = Desk(talk)
    module = ModuleType("course_lib.exercises", "Exercises, while notebooks are graded.")
    for name, held in tasks.items():
        part = ModuleType(f"course_lib.exercises.{name}")
        for attribute, (number, title) in held.items():
            setattr(part, attribute, Task(number, title, desk.check))
        setattr(module, name, part)
        sys.modules[part.__name__] = part
    module.progress = lambda: Noted(SAID)  # type: ignore[attr-defined]
    module.all_exercises = lambda: [task for part in tasks for task in vars(getattr(module, part)).values()
                                    if isinstance(task, Task)]  # fmt: skip # type: ignore[attr-defined]
    sys.modules["course_lib.exercises"] = course_lib.exercises = module  # type: ignore[attr-defined]
    sys.meta_path.insert(0, Hidden())
