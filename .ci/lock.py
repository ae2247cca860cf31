"""Resolves the exact versions that CI and `make` install: names, versions and hashes for every platform."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEADER = "# The exact versions that `make` and CI install. Made by `make lock`; not edited by hand.\n"


def main() -> None:
    lock = ROOT / "requirements.lock"
    command = [sys.executable, "-m", "uv", "pip", "compile", "pyproject.toml", "--extra", "lab"]
    command += ["--group", "test", "--group", "dev", "--universal", "--python-version", "3.10", "--upgrade"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--quiet"]
    resolved = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    lock.write_text(HEADER + resolved)


if __name__ == "__main__":
    main()
