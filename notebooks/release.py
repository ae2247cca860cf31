"""Stamps the course's address and tag, and makes the wheel: `make release REPOSITORY=owner/name`.

The address is written once, in first_cell.py; from there it goes into every first cell and badge. Outputs stay. The
version is written once, in course_lib/__init__.py; the tag is v and the version. The wheel is checked by twine and used
from an empty folder before anybody gets it.
"""

import argparse
import importlib
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat

from course_lib import __version__
from notebooks import build, first_cell, readme

ROOT = Path(__file__).resolve().parents[1]
USE = """
from pathlib import Path
import course_lib, torch
from course_lib import exercises, models, paths
from course_lib.evidence import ledger
from course_lib.training import checkpoints
here = Path.cwd()
assert Path(course_lib.__file__).is_relative_to(here), course_lib.__file__
assert paths.data().is_relative_to(here), paths.data()
net = checkpoints.load("segnet_street")
assert net(torch.rand(1, 3, 64, 64)).shape == (1, 6, 64, 64)
print(course_lib.__version__, len(models.names()), len(exercises.all_exercises()), len(ledger.read()))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("repository", help="owner/name, or a whole address")
    parser.add_argument("tag", nargs="?", default="", help="the tag that holds this release; v and the version")
    options = parser.parse_args()
    tag = tag_of(options.tag)
    stamp(address_of(options.repository), tag)
    wheel = made(ROOT / "dist")
    version, networks, exercises, rows = used(wheel)
    print(f"dist/{wheel.name}: {version}, used from an empty folder with {networks} networks, {exercises} exercises, ")
    print(f"{rows} rows of the ledger. Now commit, then: git tag -a {tag} -m {tag} && git push --follow-tags")
    return 0


def tag_of(wish: str) -> str:
    """The tag of this version; another wish is refused, because an installed course would say another version."""
    if wish and wish != f"v{__version__}":
        raise SystemExit(
            f"the tag {wish} is not that of version {__version__}, v{__version__}: write the version in "
            "course_lib/__init__.py, or leave TAG out"
        )
    return f"v{__version__}"


def address_of(repository: str) -> str:
    if re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        return f"https://github.com/{repository}.git"
    if re.match(r"(https|file)://", repository):
        return repository
    raise SystemExit(f"expected REPOSITORY=owner/name, got {repository!r}")


def stamp(address: str, tag: str) -> None:
    """Writes address and tag into first_cell.py, then into what was built from it."""
    here = Path(first_cell.__file__)
    text = re.sub(r'^ADDRESS = ".*"$', f'ADDRESS = "{address}"', here.read_text(), flags=re.M)
    here.write_text(re.sub(r'^TAG = ".*"$', f'TAG = "{tag}"', text, flags=re.M))
    importlib.reload(first_cell)
    for path in build.sources():
        for solutions in (False, True):
            restamp(path, solutions)
    readme.write()


def restamp(path: Path, solutions: bool) -> None:
    """Takes over the new first cell and badge, and keeps the outputs of the old notebook."""
    goal = build.target(path.stem, solutions)
    old, new = nbformat.read(goal, 4), build.unrun(path, solutions)
    if len(old.cells) != len(new.cells):
        raise SystemExit(f"{goal.name} does not match its source: run make notebooks first")
    for before, after in zip(old.cells, new.cells):
        if after.cell_type == "code":
            after.outputs, after.execution_count = before.outputs, before.execution_count
    new.metadata |= {"inputs": build.inputs_of(new), "library": build.library_of(new)}
    nbformat.write(new, goal)


def made(folder: Path, source: Path = ROOT) -> Path:
    """Builds the wheel without a network, and lets twine look at what a registry would show."""
    build_it = [sys.executable, "-m", "uv", "build", "--wheel", "--no-build-isolation", "--python", sys.executable]
    run([*build_it, "--quiet", "--out-dir", str(folder), str(source)])
    wheel = folder / f"beyond_fcn-{__version__}-py3-none-any.whl"
    run([sys.executable, "-m", "twine", "check", "--strict", str(wheel)])
    return wheel


def used(wheel: Path) -> list[str]:
    """Installs the wheel into an empty folder, uses it there, and returns what it counted."""
    with tempfile.TemporaryDirectory() as place:
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--no-deps", "--offline"]
        run([*install, "--python", sys.executable, "--target", place, str(wheel)])
        return run([sys.executable, "-c", USE], cwd=place, env={**os.environ, "PYTHONPATH": place}).split()


def run(command: list[str], **options: object) -> str:
    """What a step printed; a step that fails ends the release with its words."""
    done = subprocess.run(command, **{"cwd": ROOT, **options}, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command[1:4])} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
