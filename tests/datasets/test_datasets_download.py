"""Downloading: nothing half-written is ever taken for whole, and a student is told what to do when all fails."""

import threading
from collections import namedtuple

import pytest
from datasets_server import serving

from course_lib.datasets import download
from course_lib.datasets.download import DownloadError, Remote, fetch

CONTENT = bytes(range(256)) * 1500


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)


@pytest.fixture
def server():
    with serving(CONTENT) as server:
        yield server


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Only the mirror that stalls is given up soon: a busy machine may keep any other waiting."""
    real = download.receive

    def receive(url, part, *, timeout, **options):
        real(url, part, timeout=0.3 if url.endswith("/stalls") else timeout, **options)

    monkeypatch.setattr(download, "receive", receive)


def quick(remote, folder, **options):
    return fetch(remote, folder, progress=options.pop("progress", False), **options)


def test_a_file_is_fetched_once(server, tmp_path):
    path = quick(server.remote("good"), tmp_path)
    assert path.read_bytes() == CONTENT
    quick(server.remote("good"), tmp_path)
    assert server.manners() == ["good"]


@pytest.mark.parametrize("manner", ["stalls", "wrong_bytes", "error_page", "missing", "half_wrong", "cuts_off"])
def test_a_mirror_with_bad_manners_is_followed_by_the_next(server, tmp_path, manner):
    path = quick(server.remote(manner, "good"), tmp_path)
    assert path.read_bytes() == CONTENT
    assert manner in server.manners()
    assert "good" in server.manners()
    assert not (tmp_path / "archive.bin.part").exists()


def test_a_mirror_that_does_not_exist_is_followed_by_the_next(server, tmp_path):
    remote = server.remote("good")
    nowhere = Remote(remote.name, ("http://127.0.0.1:9/", *remote.mirrors), remote.md5, remote.size)
    assert quick(nowhere, tmp_path, attempts=1).read_bytes() == CONTENT


def test_a_broken_download_goes_on_where_it_stopped(server, tmp_path):
    (tmp_path / "archive.bin.part").write_bytes(CONTENT[:1000])
    quick(server.remote("good"), tmp_path)
    assert server.requests == [("good", "bytes=1000-")]


def test_a_line_that_goes_dead_again_and_again_still_delivers(server, tmp_path):
    assert quick(server.remote("cuts_off"), tmp_path, attempts=25).read_bytes() == CONTENT
    assert [asked for _, asked in server.requests][:2] == [None, f"bytes={len(CONTENT) // 2}-"]


def test_a_server_without_ranges_starts_over(server, tmp_path):
    (tmp_path / "archive.bin.part").write_bytes(CONTENT[:1000])
    assert quick(server.remote("no_ranges"), tmp_path).read_bytes() == CONTENT


def test_another_piece_than_asked_for_is_refused(server, tmp_path):
    (tmp_path / "archive.bin.part").write_bytes(CONTENT[:1000])
    assert quick(server.remote("other_piece", "good"), tmp_path).read_bytes() == CONTENT


def test_a_poisoned_part_is_thrown_away_and_the_same_mirror_asked_again(server, tmp_path):
    (tmp_path / "archive.bin.part").write_bytes(b"x" * 1000)
    assert quick(server.remote("good"), tmp_path).read_bytes() == CONTENT
    assert server.requests == [("good", "bytes=1000-"), ("good", None)]


@pytest.mark.parametrize("extra", [0, 5])
def test_a_part_that_is_already_whole_or_too_long_ends_well(server, tmp_path, extra):
    (tmp_path / "archive.bin.part").write_bytes(CONTENT + b"x" * extra)
    assert quick(server.remote("good"), tmp_path).read_bytes() == CONTENT


def test_when_all_fail_the_message_says_what_to_fetch_and_where_to_put_it(server, tmp_path):
    remote = server.remote("missing", "error_page", "wrong_bytes", "stalls")
    with pytest.raises(DownloadError) as caught:
        quick(remote, tmp_path, attempts=1)
    message = str(caught.value)
    for part in ("404", "web page", "another file", "timed out", remote.md5, str(tmp_path / "archive.bin"), "by hand"):
        assert part in message
    assert not (tmp_path / "archive.bin").exists()


def test_a_file_put_there_by_hand_is_taken_after_its_checksum(server, tmp_path):
    (tmp_path / "archive.bin").write_bytes(CONTENT)
    assert quick(server.remote("missing"), tmp_path).read_bytes() == CONTENT
    assert server.requests == []


def test_a_wrong_file_put_there_by_hand_is_named_and_left_alone(server, tmp_path):
    (tmp_path / "archive.bin").write_bytes(CONTENT[:-1])
    with pytest.raises(DownloadError, match=r"archive\.bin is another file or not whole: md5"):
        quick(server.remote("good"), tmp_path)
    assert (tmp_path / "archive.bin").read_bytes() == CONTENT[:-1]


def test_a_disk_without_room_is_found_before_the_first_byte(server, tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")(1000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(DownloadError, match=r"needs 0\.1 GB but .* 0\.0 GB free"):
        quick(server.remote("good"), tmp_path)
    assert server.requests == []


def test_a_disk_that_fills_up_on_the_way_says_so(server, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(download, "receive", full)
    with pytest.raises(DownloadError, match="the disk is full"):
        quick(server.remote("good"), tmp_path)


def test_of_two_who_come_together_only_one_downloads(server, tmp_path, monkeypatch):
    found, said, both_wait = [], [], threading.Barrier(3)

    def say(words, **options):
        said.append(words)
        both_wait.wait()

    monkeypatch.setattr(download, "print", say, raising=False)
    remote = server.remote("slow")
    threads = [threading.Thread(target=lambda: found.append(quick(remote, tmp_path).read_bytes())) for _ in range(2)]
    with download.locked(tmp_path / f"{remote.name}.lock"):  # until both stand at the door
        for thread in threads:
            thread.start()
        both_wait.wait(60)
    for thread in threads:
        thread.join()
    assert len(said) == 2
    assert all(words.startswith("waiting: another process is working on archive.bin (lock ") for words in said)
    assert found == [CONTENT, CONTENT]
    assert server.manners() == ["slow"]


def test_a_progress_bar_shows_the_bytes(server, tmp_path, monkeypatch, capsys):
    real = download.tqdm
    monkeypatch.setattr(download, "tqdm", lambda *args, **options: real(*args, **{**options, "delay": 0}))
    quick(server.remote("good"), tmp_path, progress=True)
    assert "archive.bin" in capsys.readouterr().err
