"""Our side of an answer: what a notebook handed to a check, as data, functions that run over there, and modules.

A check calls an answer as if it were here. `Answers.ask` sends the inputs to the notebook's process and waits for what
comes back; layers that a check hands to a student's function are called from over there and run here.
"""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from course_lib.checking.attempt import Changed, Raised
from course_lib.grading import layers, wire

PLAIN = (bool, int, float, str)


class Answers:
    """`talk(head, body)` sends one frame to the notebook's process and gives the next one that comes from there."""

    def __init__(self, talk: Callable[[Any, bytes], tuple[dict[str, Any], bytes]]) -> None:
        self.talk = talk
        self.lent: list[Callable] = []

    def read(self, head: Any, body: bytes) -> Any:
        """The answer that arrived, rebuilt: plain values, and stand-ins for functions and modules."""
        return wire.unpack(head, body, lambda words: self._special(words, body))

    def _special(self, words: dict[str, Any], body: bytes) -> Any:
        ((kind, held),) = words.items()
        if kind == "function":
            return function(self, int(held["on"]), str(held["words"]))
        if kind == "module":
            handle = int(held["on"])
            data = self.read(held["data"], body)
            return layers.rebuild(data, lambda *asked: self._forward(handle, *asked))
        if kind == "class":
            handle = int(held["on"])
            make = {"__new__": lambda _, *inputs: self.ask({"do": "call", "on": handle}, inputs)}
            return type(str(held["name"])[:80], (), make)
        if kind == "odd":
            return type(str(held["kind"])[:80], (), {"__repr__": lambda _, words=str(held["words"]): words})()
        raise wire.Broken("a value of a kind that is not there")

    def ask(self, what: dict[str, Any], inputs: Any) -> Any:
        """The result of something that runs over there; Raised with its words if it raised."""
        head, body = wire.pack(inputs, self._lend)
        head, body = self.talk({**what, "inputs": head}, body)
        while "lent" in head:
            head, body = self.talk(*self._lent(head, body))
        if "raised" in head:
            kind = Changed if head.get("ran") is True else Raised
            raise kind(*[str(line)[:500] for line in head["raised"]][:9])
        return self.read(head.get("result"), body)

    def _lend(self, value: Any) -> Any:
        if not callable(value):
            raise TypeError(f"a check hands over {type(value).__name__}, which is neither data nor a layer")
        self.lent.append(value)
        shown = {name: held for name, held in getattr(value, "__dict__", {}).items() if isinstance(held, PLAIN)}
        return {"lent": {"on": len(self.lent) - 1, "shown": shown}}

    def _lent(self, head: dict[str, Any], body: bytes) -> tuple[Any, bytes]:
        """Runs one of the check's own layers for the notebook."""
        try:
            layer = self.lent[head["lent"]]
            result, numbers = wire.pack(layer(*self.read(head["inputs"], body)), self._lend)
            return {"result": result}, numbers
        except Exception as error:
            return {"error": [type(error).__name__, str(error)[:500]]}, b""

    def _forward(self, handle: int, part: nn.Module, place: int, inputs: tuple, remember: bool | None) -> Any:
        if remember is None:
            return self.ask({"do": "gradient", "on": handle}, inputs)
        state = {name: value.detach() for name, value in [*part.named_parameters(), *part.named_buffers()]}
        what = {"do": "forward", "on": handle, "part": place, "training": part.training, "remember": remember}
        return self.ask(what, {"inputs": tuple(map(_bare, inputs)), "state": state})


def _bare(value: Any) -> Any:
    return value.detach() if isinstance(value, Tensor) else value


def function(answers: Answers, handle: int, words: str) -> Any:
    """Something callable over there, which prints as it does there."""

    def call(self: Any, *inputs: Any) -> Any:
        return answers.ask({"do": "call", "on": handle}, inputs)

    return type("function", (), {"__call__": call, "__repr__": lambda self: words[:200]})()
