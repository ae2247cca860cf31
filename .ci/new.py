"""Starts a network or an explorer: `make new KIND=network NAME=my_net`.

Writes the file and its test from tests/templates, and adds the name wherever the course keeps a list of names. What
comes out passes the tests that CONTRIBUTING.md names; from there on it is yours to change.
"""

import argparse
import keyword
import re
import subprocess
import sys
from pathlib import Path
from string import Template

ROOT = Path(__file__).resolve().parents[1]
MADE = {  # kind -> template -> where it goes
    "network": {"network.py.txt": "course_lib/models/{}.py", "test_network.py.txt": "tests/models/test_{}.py"},
    "explorer": {"explorer.py.txt": "course_lib/explorers/{}.py", "test_explorer.py.txt": "tests/explorers/test_{}.py"},
}
REGISTRY, EXPLORERS = "course_lib/models/registry.py", "course_lib/explorers/__init__.py"
LISTED = {  # kind -> file, what begins the first line above a list and the first line below it, and the line that joins
    "network": [
        (REGISTRY, "from course_lib.models.blocks", "", "from course_lib.models.{name} import {cls}"),
        (REGISTRY, "NETWORKS: ", "}", '    "{name}": {cls},'),
        ("course_lib/models/written.py", "NETWORKS = {", "}", '    "{name}": "{cls}",'),
        ("course_lib/training/recipes.py", "RECIPES: ", "}", '    "{name}": LAPTOP,'),
        ("tests/models/test_registry.py", "NAMES = [", "]", '    "{name}",'),
    ],
    "explorer": [
        (EXPLORERS, "from course_lib.explorers.", "", "from course_lib.explorers.{name} import {name}"),
        (EXPLORERS, "__all__ = [", "]", '    "{name}",'),
        ("tests/explorers/test_widgets_renders.py", "TABULATED = (", ")", '    "{name}",'),
    ],
}
SORTED = ("NAMES", "__all__", "TABULATED")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=MADE)
    parser.add_argument("name", help="the name of its file, such as my_net")
    options = parser.parse_args()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", options.name) or keyword.iskeyword(options.name):
        parser.error(f"the name must be a Python name in small letters, such as my_net; got {options.name!r}")
    goals = {template: ROOT / goal.format(options.name) for template, goal in MADE[options.kind].items()}
    if there := [goal for goal in goals.values() if goal.exists()]:
        parser.error(f"{there[0].relative_to(ROOT)} is there already: take another name")
    words = {"name": options.name, "cls": "".join(part.capitalize() for part in options.name.split("_"))}
    for template, goal in goals.items():
        text = Template((ROOT / "tests/templates" / template).read_text())
        title = options.name.replace("_", " ").capitalize()
        goal.write_text(text.substitute({"name": words["name"], "class": words["cls"], "title": title}))
    for path, begin, end, line in LISTED[options.kind]:
        join(ROOT / path, begin, end, line.format(**words))
    changed = sorted({*goals.values(), *(ROOT / path for path, *_ in LISTED[options.kind])})
    for command in (["check", "--select", "I", "--fix"], ["format"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, "--quiet", *changed], cwd=ROOT, check=True)
    print("\n".join(str(path.relative_to(ROOT)) for path in changed))
    return 0


def join(path: Path, above: str, below: str, line: str) -> None:
    """Adds a line to a list; names in quotes are sorted here, imports by ruff."""
    lines = path.read_text().splitlines()
    first = next(number for number, text in enumerate(lines) if text.startswith(above)) + 1
    last = next(n for n, text in enumerate(lines) if n >= first and (text.startswith(below) if below else not text))
    inside = [*lines[first:last], line]
    if above.startswith(SORTED):
        inside.sort()
    path.write_text("\n".join([*lines[:first], *inside, *lines[last:]]) + "\n")


if __name__ == "__main__":
    sys.exit(main())
