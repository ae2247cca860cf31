"""pyproject.toml, requirements.lock and environment.yml say the same thing."""

import re
import sys
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

OLD_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)", re.M)
LOCKS = ("requirements.lock", ".ci/class.lock", "notebooks/site/requirements.lock")


def locked(root: Path) -> dict[str, list[str]]:
    versions: dict[str, list[str]] = {}
    for name, version in OLD_PIN.findall("".join((root / lock).read_text() for lock in LOCKS)):
        versions.setdefault(canonicalize_name(name), []).append(version)
    return versions


def project(root: Path) -> dict:
    """pyproject.toml, as every tool reads it."""
    return tomllib.loads((root / "pyproject.toml").read_text())


def declared(root: Path) -> list[Requirement]:
    """Every requirement of pyproject.toml: the package's, the extras' and the groups'."""
    said = project(root)
    extras = [*said["project"]["optional-dependencies"].values(), *said["dependency-groups"].values()]
    return [Requirement(line) for lines in [said["project"]["dependencies"], *extras] for line in lines]


def test_every_declared_package_is_locked_within_its_bounds(root):
    pins = locked(root)
    for requirement in declared(root):
        versions = pins[canonicalize_name(requirement.name)]
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
