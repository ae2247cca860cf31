"""The library's public names as one page: what each room exports, with its signature and its docstring."""

import inspect
import re
from collections.abc import Callable, Iterator
from html import escape
from importlib import import_module
from types import ModuleType

ROOMS = ("models", "receptive_field", "segment", "metrics", "crf", "scenes", "datasets", "training")
QUOTED = re.compile(r"(: |-> )'([^']*)'")  # an annotation that Python keeps as text
LAID_OUT = re.compile(r"^ |^- |\S {2,}\S", re.MULTILINE)  # code, lists and columns
BROKEN = re.compile(r"(?<![.:;])\n")


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


def called(name: str, one: Callable) -> str:
    error = inspect.isclass(one) and issubclass(one, Exception)  # it has no signature that could be read
    signature = "" if error else QUOTED.sub(r"\1\2", str(inspect.signature(one)))
    return f"<p><code>{escape(name + re.sub(r'^[(]self(, )?', '(', signature))}</code></p>"


def described(one: object) -> str:
    """The docstring: what is laid out stays so, all else flows, for a page has its own width."""
    return "\n\n".join(map(block, re.split(r"\n\s*\n", escape(inspect.getdoc(one) or "", quote=False))))


def block(text: str) -> str:
    if LAID_OUT.search(text):
        return f'<pre class="doc">{text}</pre>'
    flowing = re.sub("`([^`]+)`", r"<code>\1</code>", BROKEN.sub(" ", text))
    return "<p>" + flowing.replace("\n", "<br>") + "</p>"
