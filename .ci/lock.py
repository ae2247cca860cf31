"""Resolves the exact versions that CI and `make` install: names, versions and hashes for every platform."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "notebooks" / "site" / "requirements.lock"  # what `make site` adds; the shared packages are the same
HEADER = "# The exact versions that `make` and CI install. Made by `make lock`; not edited by hand.\n"


def main() -> None:
    lock = ROOT / "requirements.lock"
    resolve(lock, "3.10", "pyproject.toml", "--extra", "lab", "--group", "test", "--group", "dev")
    resolve(SITE, "3.11", "--group", "pyproject.toml:site", "--constraint", str(lock))  # Sphinx needs 3.11


def resolve(lock: Path, python: str, *what: str) -> None:
    command = [sys.executable, "-m", "uv", "pip", "compile", *what, "--universal", "--python-version", python]
    command += ["--upgrade", "--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--quiet"]
    resolved = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lock.write_text(HEADER + resolved)


if __name__ == "__main__":
    main()
