"""Keeps the checks what they are while a submitted notebook runs beside them, and the notebook off the network.

`Seal` remembers every function and class of the course, and those of torch, numpy, math and Python that checks rest on.
`mend` puts back what a notebook changed and says what it was. `no_network` and `limit` ask the system for what it
offers.
"""

import contextlib
import ctypes
import os
import socket
import sys
from types import FunctionType, ModuleType
from typing import Any

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
KINDS = (property, staticmethod, classmethod)
OUTSIDE = ("torch", "torch.nn.functional", "numpy", "math", "builtins")
PARTS = ("__code__", "__defaults__", "__kwdefaults__")


class Seal:
    """Made once, before the first line of a notebook runs."""

    def __init__(self) -> None:
        import numpy  # noqa: F401, so that it can be held, too
        import torch

        ours = [module for name, module in sys.modules.items() if name.split(".")[0] == "course_lib"]
        places: list[Any] = [*ours, *(sys.modules[name] for name in OUTSIDE)]
        classes = {value for module in ours for value in vars(module).values() if isinstance(value, type)}
        places += [c for c in classes if c.__module__.startswith("course_lib")] + [torch.Tensor, torch.nn.Module]
        self.held = [(place, dict(vars(place))) for place in places]
        functions = {value for _, held in self.held for value in held.values() if isinstance(value, FunctionType)}
        self.parts = [(f, part, getattr(f, part)) for f in functions for part in PARTS]
        self.kwdefaults = [(f, dict(f.__kwdefaults__)) for f in functions if f.__kwdefaults__]

    def mend(self) -> list[str]:
        """Puts back what was changed; the names of it."""
        changed = [name for place, held in self.held for name in _mend(place, held)]
        for function, part, value in self.parts:
            if getattr(function, part) is not value:
                setattr(function, part, value)
                changed.append(f"{function.__module__}.{function.__qualname__}")
        for function, values in self.kwdefaults:
            if function.__kwdefaults__ != values:
                function.__kwdefaults__.update(values)
                changed.append(f"{function.__module__}.{function.__qualname__}")
        return sorted(set(changed))


def _mend(place: Any, held: dict[str, Any]) -> list[str]:
    now, changed = vars(place), []
    is_class = isinstance(place, type)
    for name, value in held.items():
        if (callable(value) or isinstance(value, KINDS)) and now.get(name) is not value:
            setattr(place, name, value)
            changed.append(name)
    # a new name may hide an inherited one, or one of Python's own
    hides = (lambda name: hasattr(place.__base__, name)) if is_class else (lambda name: hasattr(_builtins, name))
    for name in [n for n in now if n not in held and callable(now[n]) and not isinstance(now[n], ModuleType)]:
        if hides(name) and place is not _builtins:
            delattr(place, name)
            changed.append(name)
    return [f"{getattr(place, '__module__', '') + '.' if is_class else ''}{place.__name__}.{name}" for name in changed]


_builtins = sys.modules["builtins"]


def no_network() -> None:
    """Before torch starts its threads: a network of its own with nothing in it (Linux), or sockets that refuse."""
    if sys.platform == "linux" and _network_of_its_own():
        return

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("there is no network while notebooks are graded")

    socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = refuse  # type: ignore


def _network_of_its_own() -> bool:
    """Asks for a new network and for the right to have one; we stay who we are. Some systems forbid it."""
    who = {
        "setgroups": "deny",
        "uid_map": f"{os.getuid()} {os.getuid()} 1",
        "gid_map": f"{os.getgid()} {os.getgid()} 1",
    }
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        return False
    for name, text in who.items():
        with contextlib.suppress(OSError), open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    return True


def limit(gigabytes: float) -> None:
    """After torch is there: so much more memory, no huge files, no core dumps; as far as the system can."""
    try:
        import resource
    except ImportError:
        return
    used = 0
    if os.path.exists("/proc/self/statm"):
        with open("/proc/self/statm") as file:
            used = int(file.read().split()[0]) * resource.getpagesize()
    wanted = {"RLIMIT_AS": used + int(gigabytes * 2**30), "RLIMIT_FSIZE": 2**30, "RLIMIT_CORE": 0}
    for name, value in wanted.items():
        hard = resource.getrlimit(getattr(resource, name))[1]
        least = value if hard == resource.RLIM_INFINITY else min(value, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(getattr(resource, name), (least, least))
