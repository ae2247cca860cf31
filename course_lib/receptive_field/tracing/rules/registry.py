"""What each torch operation does in space: a rule per name. The files beside this one register theirs here.

In: one recorded operation (`Call`) and the recorder. Out: what is known of its result. A rule that looks away from
an argument which comes from the image, that has no answer, or whose answer does not fit the result's shape, leads to
`unknown`: never to a wrong answer in silence.
To add one: a function of (recorder, call) with `@rule("name_of_the_aten_operation")`, and a case in the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..axes import Traced
from ..recorder import Recorder

RULES: dict[str, Callable] = {}
POINTWISE = "pointwise"  # the rule of every operation that torch itself marks as pointwise


def rule(*names: str):
    """Register a rule for operations of these names."""

    def register(function: Callable) -> Callable:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


class Call:
    """One operation with its arguments by name, and what is known of those that come from the image."""

    def __init__(
        self,
        func,
        args: tuple,
        kwargs: dict,
        lookup: Callable[[Tensor], Traced | None],
        outputs: list[Tensor],
        values_of: Callable[[Tensor], Tensor | None],
    ):
        self.func, self.lookup, self.outputs, self.values_of = func, lookup, outputs, values_of
        self.name = base_name(func)
        self.values: dict[str, Any] = {a.name: a.default_value for a in func._schema.arguments if a.has_default_value()}
        self.values.update(zip((a.name for a in func._schema.arguments), args))
        self.values.update(kwargs)
        self.looked_at = {a.name for a in func._schema.arguments if a.is_out}  # overwritten, never read
        self._read = set(self.values) - self.looked_at

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, default: Any = None) -> Any:
        """The argument, or `default` if it was not given."""
        return self.values.get(name, default)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the first output."""
        return tuple(self.outputs[0].shape)

    def traced(self, name: str) -> Traced | None:
        """What is known of a tensor argument; None for constants."""
        self.looked_at.add(name)
        value = self.values.get(name)
        return self.lookup(value) if isinstance(value, Tensor) else None

    def traced_list(self, name: str) -> list[Traced | None]:
        """What is known of each tensor in a list; None for constants."""
        self.looked_at.add(name)
        return [self.lookup(value) for value in self.values[name]]

    def every_traced(self, names=None) -> list[Traced]:
        """All that come from the image, in the order of the arguments."""
        found = []
        for name, value in self.values.items():
            if name in (self._read if names is None else self._read & names):
                for item in value if isinstance(value, (list, tuple)) else [value]:
                    known = self.lookup(item) if isinstance(item, Tensor) else None
                    if known is not None:
                        found.append(known)
        return found

    def overlooked(self) -> bool:
        """Whether an argument comes from the image that the rule did not look at."""
        return bool(self.every_traced(set(self.values) - self.looked_at))


def base_name(func) -> str:
    """`relu` for relu_, relu.out and relu.default."""
    space, name = func._schema.name.split("::")
    name = name if space == "aten" else f"{space}::{name}"
    return name[:-1] if name.endswith("_") and func._schema.is_mutable else name


def apply(recorder: Recorder, call: Call) -> list[Traced | None]:
    """What is known of each output of an operation."""
    before = len(recorder.graph.nodes)
    function = RULES.get(call.name)
    if function is None and is_pointwise(call.func):
        function = RULES.get(POINTWISE)
    results = function(recorder, call) if function else None
    shapes, known = [tuple(out.shape) for out in call.outputs], call.every_traced()
    if results is None or call.overlooked():
        del recorder.graph.nodes[before:]
        return [recorder.unknown(known, shape) for shape in shapes]
    results = results if isinstance(results, list) else [results]
    facts = [
        fact if fact is None or recorder.fits(fact, shape) else recorder.unknown(known, shape)
        for fact, shape in zip(results, shapes)
    ]
    return facts + [recorder.unknown(known, shape) for shape in shapes[len(results) :]]


def is_pointwise(func) -> bool:
    """Torch marks its pointwise operations; of their in-place forms it marks only some."""
    if torch.Tag.pointwise in func.tags:
        return True
    packet = getattr(torch.ops.aten, base_name(func), None)
    return packet is not None and any(
        torch.Tag.pointwise in getattr(packet, overload).tags for overload in packet.overloads()
    )
