"""pyproject.toml, requirements.lock and environment.yml say the same thing."""

import importlib.metadata
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OLD_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.M)
LOCKS = {"class": ".ci/class.lock", "site": "notebooks/site/requirements.lock"}  # all else stands in the first one


def locked(root: Path, lock: str = "requirements.lock") -> dict[str, list[str]]:
    versions: dict[str, list[str]] = {}
    for name, version in OLD_PIN.findall((root / lock).read_text()):
        versions.setdefault(canonicalize_name(name), []).append(version)
    return versions


def project(root: Path) -> dict:
    """pyproject.toml, as every tool reads it."""
    return tomllib.loads((root / "pyproject.toml").read_text())


def by_lock(root: Path) -> list[tuple[Requirement, str]]:
    """Every requirement of pyproject.toml, the package's, the extras' and the groups', with the lock that pins it."""
    said = project(root)
    extras = said["project"]["optional-dependencies"] | said["dependency-groups"]
    named = [("", said["project"]["dependencies"]), *extras.items()]
    return [(Requirement(line), LOCKS.get(name, "requirements.lock")) for name, lines in named for line in lines]


def declared(root: Path) -> list[Requirement]:
    return [requirement for requirement, _ in by_lock(root)]


def test_every_declared_package_is_locked_within_its_bounds(root):
    for requirement, lock in by_lock(root):
        versions = locked(root, lock)[canonicalize_name(requirement.name)]
        assert all(requirement.specifier.contains(version, prereleases=True) for version in versions), requirement


def test_the_package_has_lower_bounds_and_no_upper_pins(root):
    for requirement in declared(root):
        assert {specifier.operator for specifier in requirement.specifier} == {">="}, requirement


def test_conda_installs_the_same_package_from_the_same_file(root):
    environment = yaml.safe_load((root / "environment.yml").read_text())
    wanted = project(root)["project"]["requires-python"]
    assert environment["dependencies"][:2] == [f"python{wanted}", "pip"]
    assert environment["dependencies"][2] == {"pip": ["-e .[lab]"]}


def test_the_lock_holds_hashes_and_no_address(root):
    text = (root / "requirements.lock").read_text()
    assert "://" not in text
    assert "index" not in text.lower().replace("--hash", "")
    for entry in re.split(r"\n(?=[a-z])", text.split("\n", 1)[1]):
        assert "--hash=sha256:" in entry, entry[:80]


WITHOUT = """import importlib.metadata, sys
from packaging.utils import canonicalize_name
kept, chosen = (line.split() for line in sys.stdin)
for module, owners in importlib.metadata.packages_distributions().items():
    if not set(kept) & set(map(canonicalize_name, owners)):
        sys.modules[module] = None
import pytest
sys.exit(pytest.main(["--collect-only", "-q", "-p", "no:cacheprovider", *chosen]))"""


@pytest.mark.slow
def test_tests_of_the_notebooks_are_collected_without_the_packages_of_site_and_developers(root):
    """As in the job with the oldest versions, where they are not; what the browser needs is left out there too."""
    said = project(root)
    asked = said["project"]["dependencies"] + said["project"]["optional-dependencies"]["lab"]
    kept = {canonicalize_name(said["project"]["name"])} | brought_along(asked + said["dependency-groups"]["test"])
    modules = set((root / "tests").rglob("test_*.py")) - set((root / "tests" / "browser").iterdir())
    chosen = [str(module) for module in modules if "from notebooks" in module.read_text()]
    command = [sys.executable, "-c", WITHOUT]
    done = subprocess.run(
        command, input=f"{' '.join(kept)}\n{' '.join(chosen)}", cwd=root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]


def brought_along(lines: Iterable[str]) -> set[str]:
    """The names of the packages that these requirements install, with what those require in turn."""
    waiting, seen = [(line, "") for line in lines], set()
    while waiting:
        line, extra = waiting.pop()
        asked = Requirement(line)
        if asked.marker and not asked.marker.evaluate({"extra": extra}):
            continue
        for one in {(canonicalize_name(asked.name), wish) for wish in ("", *asked.extras)} - seen:
            seen.add(one)
            waiting += [(below, one[1]) for below in importlib.metadata.requires(one[0]) or []]
    return {name for name, _ in seen}
