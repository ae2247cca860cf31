"""The library's public names as one page: what each room exports, with its signature and its docstring as written."""

import inspect
from collections.abc import Iterator
from html import escape
from importlib import import_module
from types import ModuleType

ROOMS = ("models", "receptive_field", "segment", "metrics", "crf", "scenes", "datasets", "training")


def page() -> str:
    parts = ["# The library", "What the lectures import, and what you can take home: each room and its public names."]
    for room in ROOMS:
        module = import_module(f"course_lib.{room}")
        parts += [f"## course_lib.{room}", described(module), *entries(module)]
    return "\n\n".join(parts)


def entries(module: ModuleType) -> Iterator[str]:
    names = getattr(module, "__all__", None) or [
        name for name, one in vars(module).items() if getattr(one, "__module__", "") == module.__name__
    ]
    for name in names:
        one = getattr(module, name)
        if callable(one) and not name.startswith("_"):
            yield f"### {name}"
            yield called(name, one)
            yield described(one)
            if inspect.isclass(one):
                yield from members(one)


def members(kind: type) -> Iterator[str]:
    """The methods and properties that a class defines itself and describes."""
    for name, one in vars(kind).items():
        told = one.fget if isinstance(one, property) else getattr(one, "__func__", one)
        if not name.startswith("_") and inspect.isfunction(told) and told.__doc__:
            head = f"<p><code>.{name}</code></p>" if isinstance(one, property) else called(f".{name}", told)
            yield f'<div class="member">{head}\n\n{described(told)}\n\n</div>'


def called(name: str, one: object) -> str:
    error = inspect.isclass(one) and issubclass(one, Exception)  # it has no signature that could be read
    return f"<p><code>{escape(name + ('' if error else str(inspect.signature(one))))}</code></p>"


def described(one: object) -> str:
    """The docstring, laid out as it was written."""
    return f'<pre class="doc">{escape(inspect.getdoc(one) or "", quote=False)}</pre>'
