"""A file that is written is the old one or the new one, whatever happens at whichever byte; one writes at a time."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from course_lib.files import lock, whole

HERE = Path(__file__).parent
LINUX = pytest.mark.skipif(os.name == "nt", reason="needs signals and limits that Windows has not")
HOLD = """
import sys, time
from course_lib.files import lock
with lock.held(sys.argv[1]):
    print("in", flush=True)
    time.sleep(60)
"""


def child(*arguments: object) -> subprocess.Popen:
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1]), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, *map(str, arguments)], env=environment, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def kills(tmp_path_factory):
    with child(HERE / "files_killed.py", tmp_path_factory.mktemp("killed")) as process:
        lines = [line.split() for line in process.stdout]
    assert process.returncode == 0
    return lines


@LINUX
@pytest.mark.slow
@pytest.mark.parametrize("end, ended, left", [("kill", "killed", {"file", "file.part"}), ("full", "refused", {"file"})])
@pytest.mark.parametrize("kind", ["text", "log", "tensors"])
def test_twenty_kills_and_full_disks_at_random_bytes(kills, kind, end, ended, left):
    lines = [line[2:] for line in kills if line[:2] == [kind, end]]
    assert len(lines) == 21
    assert all(line[:2] == [ended, "old"] and set(line[2:]) <= left for line in lines[:20])
    assert lines[20] == ["done", "new", "file"]


def test_the_content_and_then_its_name_are_forced_to_the_disk(tmp_path, monkeypatch):
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(whole.os, name, lambda *args, real=real, name=name: (done.append(name), real(*args))[1])
    whole.write(tmp_path / "deep" / "file", "words")
    assert done == (["fsync", "replace"] if os.name == "nt" else ["fsync", "replace", "fsync"])
    assert (tmp_path / "deep" / "file").read_text() == "words"


@LINUX
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "file")
    whole.write(tmp_path / "link", "words")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "far" / "file").read_text() == "words"


def refused(path: Path) -> str:
    with pytest.raises(lock.Held) as caught, lock.held(path):
        raise AssertionError("two hold one lock")
    return str(caught.value)


def test_of_two_only_one_holds_the_lock_and_the_other_is_told_which(tmp_path):
    path = tmp_path / "x.lock"
    with lock.held(path):
        assert refused(path).startswith(f"process {os.getpid()} on ")
    assert os.name == "nt" or not path.exists()
    with lock.held(path):
        assert path.exists()


@LINUX
def test_the_lock_of_a_process_that_was_killed_is_free(tmp_path):
    with child("-c", HOLD, tmp_path / "x.lock") as process:
        process.stdout.readline()
        assert f"process {process.pid} on " in refused(tmp_path / "x.lock")
        process.kill()
    with lock.held(tmp_path / "x.lock"):
        pass
    assert not (tmp_path / "x.lock").exists()


@LINUX
def test_a_lock_file_that_its_last_holder_has_just_taken_away_is_no_lock(tmp_path, monkeypatch):
    path, real, gone = tmp_path / "x.lock", lock.lock, []

    def lock_too_late(file):
        if not gone:
            gone.append(path.unlink())
        real(file)

    monkeypatch.setattr(lock, "lock", lock_too_late)
    with lock.held(path):
        assert refused(path).startswith(f"process {os.getpid()} on ")


@LINUX
def test_a_file_system_without_locks_keeps_nobody_out(tmp_path, monkeypatch):
    import fcntl

    def none(*args):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", none)
    with lock.held(tmp_path / "x.lock"), lock.held(tmp_path / "x.lock"):
        pass
