"""One stamp reaches every first cell and badge, and the outputs stay; the wheel works from an empty folder."""

import shutil
import subprocess
import sys
import zipfile

import nbformat
import pytest

from course_lib import __version__
from course_lib.models import names
from notebooks import build, release


@pytest.fixture
def copy(root, tmp_path):
    """The parts of the project that a release touches, in a folder of their own."""
    for name in ("notebooks", "course_lib", "README.md", "pyproject.toml"):
        source = root / name
        ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        shutil.copytree(source, tmp_path / name, ignore=ignore) if source.is_dir() else shutil.copy(source, tmp_path)
    (tmp_path / "data").mkdir()
    return tmp_path


def test_a_release_stamps_every_notebook_and_badge(copy):
    code = "from notebooks import release; release.stamp('https://github.com/someone/beyond-fcn.git', 'v9.9')"
    subprocess.run([sys.executable, "-c", code], cwd=copy, check=True, capture_output=True)
    for path in build.sources():
        before = nbformat.read(build.target(path.stem, False), 4)
        after = nbformat.read(copy / "notebooks" / f"{path.stem}.ipynb", 4)
        assert (
            '["git+https://github.com/someone/beyond-fcn.git@v9.9"]\n    %pip install -q "{found[0]}"'
            in after.cells[1].source
        )
        assert max(map(len, after.cells[1].source.splitlines())) <= 105, "a person reads this cell"
        assert f"github/someone/beyond-fcn/blob/v9.9/notebooks/{path.stem}.ipynb" in after.cells[0].source
        assert [c.get("outputs") for c in after.cells] == [c.get("outputs") for c in before.cells]
    assert "blob/v9.9/notebooks/00_start_here.ipynb" in (copy / "README.md").read_text()


def test_an_address_that_is_none_is_refused():
    with pytest.raises(SystemExit, match="expected REPOSITORY=owner/name, got 'owner name'"):
        release.address_of("owner name")


def test_the_tag_is_that_of_the_version():
    assert release.tag_of("") == release.tag_of(f"v{__version__}") == f"v{__version__}"
    with pytest.raises(SystemExit, match=rf"the tag v9\.9 is not that of version {__version__}.*course_lib/__init__"):
        release.tag_of("v9.9")


@pytest.mark.newest  # uv, hatchling and twine are part of the newest environment only
def test_the_wheel_is_checked_and_used_from_an_empty_folder(root, copy, tmp_path):
    """What a student has downloaded beside the checkout stays out of it; everything else of the data is there."""
    shutil.copytree(root / "data", copy / "data", dirs_exist_ok=True, ignore=shutil.ignore_patterns("downloads"))
    shutil.copy(root / "LICENSE", copy)
    (copy / "data/downloads").mkdir()
    (copy / "data/downloads/picture.jpg").touch()
    wheel = release.made(tmp_path / "dist", copy)
    tracked = ["git", "ls-files", "data"]
    expected = subprocess.run(tracked, cwd=root, capture_output=True, text=True, check=True).stdout.split()
    found = zipfile.ZipFile(wheel).namelist()
    assert sorted(name for name in found if name.startswith("course_lib/data/")) == [
        f"course_lib/{n}" for n in expected
    ]
    version, networks, exercises, rows = release.used(wheel)
    assert version == __version__
    assert int(networks) == len(names())
    assert int(exercises) >= 30
    assert int(rows) >= 60


def test_a_step_that_fails_ends_the_release_with_its_words():
    with pytest.raises(SystemExit, match=r"(?s)failed:.*no such thing"):
        release.run([sys.executable, "-c", "import sys; sys.exit('no such thing')"])
