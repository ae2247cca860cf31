"""Resolves the exact versions that CI and `make` install: names, versions and hashes for every platform.

What only the extra `class` needs (nbgrader, otter-grader) goes to a lock of its own that fits the first.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "notebooks" / "site" / "requirements.lock"  # what `make site` adds; the shared packages are the same
HEADER = "# The exact versions that `make` and CI install. Made by `make lock`; not edited by hand.\n"


def main() -> None:
    lock, of_class = ROOT / "requirements.lock", ROOT / ".ci" / "class.lock"
    groups = ["--extra", "lab", "--group", "test", "--group", "dev"]
    lock.write_text(HEADER + resolved("pyproject.toml", *groups, "--upgrade"))
    found = resolved("pyproject.toml", *groups, "--extra", "class", "--constraint", str(lock))
    packages = re.split(r"\n(?=\S)", found.strip())
    held = {name(line) for line in lock.read_text().splitlines() if line[:1].isalnum()}
    of_class.write_text(HEADER + "\n".join(package for package in packages if name(package) not in held) + "\n")
    of_site = resolved("--group", "pyproject.toml:site", "--constraint", str(lock), "--upgrade", python="3.11")
    SITE.write_text(HEADER + of_site)  # Sphinx needs 3.11


def resolved(*what: str, python: str = "3.10") -> str:
    command = [sys.executable, "-m", "uv", "pip", "compile", *what, "--universal", "--python-version", python]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"]
    return subprocess.run([*command, "--quiet"], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def name(requirement: str) -> str:
    return requirement.partition("==")[0]


if __name__ == "__main__":
    main()
