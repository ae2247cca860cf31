"""What the tests of the project's own scripts share."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def script(root: Path) -> Callable[[str], ModuleType]:
    """A script of .ci as a module of its own, by its name: `.ci` is no package."""

    def loaded(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(f"ci_{name}", root / ".ci" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return loaded
