"""Importing the library must not drag in what only some functions need."""

import pkgutil
import subprocess
import sys

import course_lib

HEAVY = {"torchvision", "matplotlib", "torchinfo", "ipywidgets", "anywidget", "timm", "PIL", "pandas", "IPython"}
BRING_THEIR_OWN = {"course_lib.figures", "course_lib.explorers"}  # drawing and widgets are what these are for


def test_importing_the_library_imports_nothing_heavy():
    names = [f"course_lib.{module.name}" for module in pkgutil.iter_modules(course_lib.__path__)]
    light = [name for name in names if name not in BRING_THEIR_OWN]
    code = f"import torch, sys; before = set(sys.modules); import {', '.join(light)}\n"
    code += f"print(sorted({HEAVY!r} & (set(sys.modules) - before)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
