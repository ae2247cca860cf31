"""torchvision without torch's compiler.

Two lines of torchvision ask the compiler for something that only matters where something is compiled. That loads the
compiler, SymPy and Triton: 170 MB and 4 seconds of whoever flips a picture. While torchvision is imported, these two
are answered here.
"""

import functools
import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any
from unittest import mock

import torch

ASKED = "torch._dynamo.utils"


class StandIn(ModuleType):
    """In the place of the compiler's module."""

    def is_compile_supported(self, device: str) -> bool:
        """Asked by operators on regions when they are called: then the compiler itself answers."""
        return of_compiler("is_compile_supported")(device)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return of_compiler(name)  # another version of torchvision asks for more: only the saving is lost


@functools.cache
def torchvision() -> ModuleType:
    """The package with its transforms.v2; what is imported from it afterwards is as ever."""
    sys.modules.setdefault(ASKED, StandIn(ASKED))
    try:
        with mock.patch.object(torch.compiler, "disable", left_out):
            importlib.import_module("torchvision.transforms.v2")
        return sys.modules["torchvision"]
    finally:
        leave()


def left_out(function: Callable | None = None, *settings: Any, **named: Any) -> Callable:
    """Marks what the compiler shall leave out as `torch.compiler.disable` does, but does not wrap it."""
    if function is None:
        return left_out
    function._torchdynamo_disable = True
    return function


def of_compiler(name: str) -> Any:
    """What the compiler itself has under this name."""
    leave()
    return getattr(importlib.import_module(ASKED), name)


def leave() -> None:
    """Whoever asks from now on gets the compiler itself."""
    if isinstance(sys.modules.get(ASKED), StandIn):
        del sys.modules[ASKED]
