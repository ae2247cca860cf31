"""Resolves the exact versions that CI and `make` install: names, versions and hashes for every platform.

What only the extra `class` needs (nbgrader, otter-grader) goes to a lock of its own that fits the first.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = "# The exact versions that `make` and CI install. Made by `make lock`; not edited by hand.\n"


def main() -> None:
    lock, of_class = ROOT / "requirements.lock", ROOT / ".ci" / "class.lock"
    groups = ["--extra", "lab", "--group", "test", "--group", "dev"]
    lock.write_text(HEADER + resolved(*groups, "--upgrade"))
    packages = re.split(r"\n(?=\S)", resolved(*groups, "--extra", "class", "-c", "requirements.lock").strip())
    held = {name(line) for line in lock.read_text().splitlines() if line[:1].isalnum()}
    of_class.write_text(HEADER + "\n".join(package for package in packages if name(package) not in held) + "\n")


def resolved(*arguments: str) -> str:
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", *arguments, "--universal"]
    command += ["--python-version", "3.10", "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"]
    return subprocess.run([*command, "--quiet"], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def name(requirement: str) -> str:
    return requirement.partition("==")[0]


if __name__ == "__main__":
    main()
