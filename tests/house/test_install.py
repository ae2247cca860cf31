"""The installer's one clear line for each thing that goes wrong on a student's machine."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest


@pytest.fixture(scope="module")
def installer(script):
    return script("install")


def test_an_old_python_is_named_with_what_to_do(installer):
    with pytest.raises(installer.Problem, match=r"needs Python 3.10 or newer; .* is 3.8. .*PYTHON=python3"):
        installer.check_python((3, 8, 1))


def test_too_little_disk_is_said_before_anything_is_installed(installer):
    with pytest.raises(installer.Problem, match=r"9 GB of free disk, found 1.0 GB.*TORCH=cpu"):
        installer.check_disk(1e9)


@pytest.mark.parametrize(
    "output, line",
    [
        ("error sending request for url: dns error: failed to lookup", "No network"),
        ("NewConnectionError: failed to establish a new connection", "No network"),
        ("OSError: [Errno 28] No space left on device", "The disk is full"),
        ("something odd", "An install step failed; run the same command again. What it said:\nsomething odd"),
    ],
)
def test_a_failed_step_is_explained(installer, output, line):
    assert installer.explain(output).startswith(line)


def test_a_missing_venv_module_names_the_package(installer, monkeypatch, tmp_path):
    monkeypatch.setattr(installer, "succeeds", lambda command: False)
    with pytest.raises(installer.Problem, match=r"no venv module.*apt-get install python3.*-venv"):
        installer.make_environment(str(tmp_path / "env"), str(tmp_path / "env/bin/python"))


def test_a_finished_environment_is_left_alone(installer, monkeypatch, tmp_path):
    options = SimpleNamespace(torch=None, oldest=False)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python").touch()
    (tmp_path / "installed.txt").write_text(installer.fingerprint(options))
    monkeypatch.setattr(installer, "run", lambda command: pytest.fail(f"ran {command}"))
    installer.install(str(tmp_path), options)


def test_the_newest_python_is_one_above_ours_that_starts(installer, monkeypatch, tmp_path):
    ours = sys.version_info[1]
    for minor, body in ((ours, "exit 0"), (ours + 1, "exit 0"), (ours + 2, "exit 127"), (ours + 9, "exit 0")):
        python = tmp_path / f"python3.{minor}"
        python.write_text(f"#!/bin/sh\n{body}\n")
        python.chmod(0o755)
    monkeypatch.setattr(installer, "NEWEST", ours + 8)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    assert installer.newest_python() == str(tmp_path / f"python3.{ours + 1}")


def test_without_a_newer_python_it_says_so_and_makes_nothing(installer, monkeypatch, capsys):
    monkeypatch.setattr(installer, "newest_python", lambda: None)
    monkeypatch.setattr(installer, "install", lambda *_: pytest.fail("installed"))
    installer.main(["--newest"])
    assert "No Python newer than 3." in capsys.readouterr().out


def test_without_the_python_of_colab_it_says_so_and_makes_nothing(installer, monkeypatch, capsys):
    monkeypatch.setattr(installer, "python_of", lambda minor: None)
    monkeypatch.setattr(installer, "run", lambda command: pytest.fail(f"ran {command}"))
    monkeypatch.setattr(installer, "read", lambda path: path)
    installer.main(["--colab"])
    assert "was not tried as in Colab" in capsys.readouterr().out


def test_an_interrupted_install_is_repaired_and_only_then_stamped(installer, monkeypatch, tmp_path):
    """Interrupted at any step, the stamp is missing, so that the next call goes on; finished, it is there."""
    options, steps = SimpleNamespace(torch=None, oldest=False), []
    monkeypatch.setattr(installer, "check_disk", lambda *_: None)
    monkeypatch.setattr(installer, "make_environment", lambda folder, *_: Path(folder).mkdir(exist_ok=True))

    def interrupted(command):
        raise KeyboardInterrupt

    monkeypatch.setattr(installer, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        installer.install(str(tmp_path / "env"), options)
    assert not (tmp_path / "env/installed.txt").exists()
    monkeypatch.setattr(installer, "run", steps.append)
    installer.install(str(tmp_path / "env"), options)
    assert len(steps) == 4
    assert (tmp_path / "env/installed.txt").read_text() == installer.fingerprint(options)


def test_the_bootstrap_installs_uv_by_hash(installer, tmp_path):
    arguments = installer.locked(str(tmp_path), only="uv")
    text = Path(arguments[-1]).read_text()
    assert arguments[0] == "--require-hashes"
    assert text.startswith("uv==")
    assert text.count("==") == 1


def test_cpu_wheels_replace_torch_and_leave_the_rest_locked(installer, tmp_path):
    text = Path(installer.locked(str(tmp_path), without=installer.TORCH_ONLY)[-1]).read_text()
    names = {line.split("==")[0] for line in text.splitlines() if not line.startswith(" ")}
    assert not names & {"torch", "torchvision", "triton"}
    assert {"torchinfo", "anywidget", "torchmetrics"} <= names
    assert not [name for name in names if name.startswith("nvidia")]
    assert {pin.split("==")[0] for pin in installer.pins("torch", "torchvision")} == {"torch", "torchvision"}


def test_the_installer_parses_on_an_old_python(root):
    import ast

    ast.parse((root / ".ci/install.py").read_text(), feature_version=(3, 6))


def test_offline_a_second_call_does_nothing(root, tmp_path):
    """The whole command on a copy of the project whose environment is finished: the network's way is blocked."""
    for name in (".ci/install.py", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    code = "import install; print(install.fingerprint(install.argparse.Namespace(torch=None, oldest=False)), end='')"
    stamp = subprocess.run([sys.executable, "-c", code], cwd=tmp_path / ".ci", capture_output=True, text=True).stdout
    python = tmp_path / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    (tmp_path / ".venv/installed.txt").write_text(stamp)
    before = sorted(path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts)
    blocked = {**os.environ, "http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    command = [sys.executable, tmp_path / ".ci/install.py"]
    done = subprocess.run(command, env=blocked, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path for path in tmp_path.rglob("*") if "__pycache__" not in path.parts) == before
