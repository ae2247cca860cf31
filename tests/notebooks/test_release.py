"""One stamp reaches every first cell and badge, and the outputs stay."""

import shutil
import subprocess
import sys

import nbformat
import pytest

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
    command = [sys.executable, "-m", "notebooks.release", "someone/beyond-fcn", "v9.9"]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    for path in build.sources():
        before = nbformat.read(build.target(path.stem, False), 4)
        after = nbformat.read(copy / "notebooks" / f"{path.stem}.ipynb", 4)
        assert 'ADDRESS, TAG = "https://github.com/someone/beyond-fcn.git", "v9.9"' in after.cells[1].source
        assert f"github/someone/beyond-fcn/blob/v9.9/notebooks/{path.stem}.ipynb" in after.cells[0].source
        assert [c.get("outputs") for c in after.cells] == [c.get("outputs") for c in before.cells]
    assert "blob/v9.9/notebooks/00_start_here.ipynb" in (copy / "README.md").read_text()


def test_an_address_that_is_none_is_refused():
    with pytest.raises(SystemExit, match="expected REPOSITORY=owner/name, got 'owner name'"):
        release.address_of("owner name")
