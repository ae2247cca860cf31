"""The rules, all of them: importing this package registers every file of rules."""

from . import mixing, pointwise, resize, views, windows
from .registry import Call, apply, base_name, rule

__all__ = ["Call", "apply", "base_name", "mixing", "pointwise", "resize", "rule", "views", "windows"]
