"""Downloading: nothing half-written is ever taken for whole, and a student is told what to do when all fails."""

import errno
import hashlib
import threading
from collections import namedtuple

import pytest
from files_server import serving

from course_lib.files import download, lock, transfer
from course_lib.files.download import DownloadError, Remote, fetch

CONTENT = bytes(range(256)) * 1500
SLOW = ("/stalls", "/trickles", "/keeps_the_line")


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture(autouse=True)
def slept(monkeypatch):
    """The seconds that would have been waited."""
    seconds = []
    monkeypatch.setattr(download.time, "sleep", seconds.append)
    return seconds


@pytest.fixture
def server():
    with serving(CONTENT) as server:
        yield server


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Only a mirror that is slow on purpose is given up soon: a busy machine may keep any other waiting."""
    real = download.receive

    def receive(url, part, *, timeout, **options):
        return real(url, part, timeout=0.3 if url.endswith(SLOW) else timeout, **options)

    monkeypatch.setattr(download, "receive", receive)


def quick(remote, folder, **options):
    return fetch(remote, folder, progress=options.pop("progress", False), **options)


def test_a_file_is_fetched_once(server, tmp_path):
    path = quick(server.remote("good"), tmp_path)
    assert path.read_bytes() == CONTENT
    quick(server.remote("good"), tmp_path)
    assert server.manners() == ["good"]
    assert [path.name for path in tmp_path.iterdir()] == ["archive.bin"]


BAD = [
    "stalls", "wrong_bytes", "error_page", "missing", "half_wrong", "cuts_off", "no_ranges_and_breaks",
    "no_ranges_and_wrong", "other_piece", "no_status", "no_answer", "odd_status", "no_content", "many_headers",
    "long_header", "bad_chunk", "cut_chunk", "bad_location", "file_location", "circle", "no_length_and_breaks",
    "length_too_small", "length_too_large", "endless", "endless_rest", "trickles", "busy_for_an_hour",
]  # fmt: skip


@pytest.mark.parametrize("held", [0, 2000])
@pytest.mark.parametrize("manner", BAD)
def test_a_mirror_with_bad_manners_is_followed_by_the_next(server, tmp_path, manner, held):
    if held:
        (tmp_path / "archive.bin.part").write_bytes(CONTENT[:held])
    path = quick(server.remote(manner, "good"), tmp_path)
    assert path.read_bytes() == CONTENT
    assert manner in server.manners()
    assert "good" in server.manners()
    assert [path.name for path in tmp_path.iterdir()] == ["archive.bin"]


@pytest.mark.parametrize("manner", BAD)
def test_what_is_held_is_never_lost(server, tmp_path, manner):
    """Whatever a mirror does, the next one is asked only for what was missing before, or for less."""
    part = tmp_path / "archive.bin.part"
    part.write_bytes(CONTENT[:200_000])
    with pytest.raises(DownloadError):
        quick(server.remote(manner), tmp_path, attempts=1)
    assert part.read_bytes()[:200_000] == CONTENT[:200_000]
    assert {path.name for path in tmp_path.iterdir()} == {part.name}
    assert part.stat().st_size <= len(CONTENT)


@pytest.mark.parametrize("manner", ["length_in_words", "length_below_zero", "keeps_the_line", "no_ranges"])
@pytest.mark.parametrize("held", [0, 1000])
def test_odd_manners_that_bring_the_right_bytes_are_good_enough(server, tmp_path, manner, held):
    if held:
        (tmp_path / "archive.bin.part").write_bytes(CONTENT[:held])
    assert quick(server.remote(manner), tmp_path).read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["archive.bin"]


def test_a_mirror_that_does_not_exist_is_followed_by_the_next(server, tmp_path):
    remote = server.remote("good")
    nowhere = Remote(remote.name, ("http://127.0.0.1:9/", *remote.mirrors), remote.md5, remote.size)
    assert quick(nowhere, tmp_path, attempts=1).read_bytes() == CONTENT


@pytest.mark.parametrize("url", ["nonsense", "http://[half/", "http://127.0.0.1:port/", "http://127.0.0.1/a b\n"])
def test_an_address_that_is_none_is_followed_by_the_next(server, tmp_path, url):
    remote = server.remote("good")
    assert quick(Remote(remote.name, (url, *remote.mirrors), remote.md5, remote.size), tmp_path).exists()


def test_a_broken_download_goes_on_where_it_stopped(server, tmp_path):
    (tmp_path / "archive.bin.part").write_bytes(CONTENT[:1000])
    quick(server.remote("good"), tmp_path)
    assert server.requests == [("good", "bytes=1000-")]


def test_a_line_that_goes_dead_again_and_again_still_delivers(server, tmp_path):
    assert quick(server.remote("cuts_off"), tmp_path, attempts=25).read_bytes() == CONTENT
    assert [asked for _, asked in server.requests][:2] == [None, f"bytes={len(CONTENT) // 2}-"]


def test_a_poisoned_part_is_fetched_anew_from_the_same_mirror(server, tmp_path):
    (tmp_path / "archive.bin.part").write_bytes(b"x" * 1000)
    assert quick(server.remote("good"), tmp_path).read_bytes() == CONTENT
    assert server.requests == [("good", "bytes=1000-"), ("good", None)]


@pytest.mark.parametrize("extra", [0, 5])
def test_a_part_that_is_already_whole_or_too_long_ends_well(server, tmp_path, extra):
    (tmp_path / "archive.bin.part").write_bytes(CONTENT + b"x" * extra)
    assert quick(server.remote("good"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("manner", ["endless", "endless_rest", "length_too_large"])
def test_a_file_without_end_is_cut_by_the_size_it_should_have(server, tmp_path, manner):
    (tmp_path / "archive.bin.part").write_bytes(CONTENT[:1000])
    with pytest.raises(DownloadError, match=r"sends more than the .* bytes|offers .* bytes; expected about 384,000"):
        quick(server.remote(manner), tmp_path, attempts=1)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 1000


@pytest.mark.parametrize("manner, seconds", [("busy_503", [7]), ("busy_429", [29, 30]), ("busy_502", [0.4])])
def test_a_server_that_is_busy_is_asked_again_after_the_time_it_names(server, tmp_path, slept, manner, seconds):
    assert quick(server.remote(manner), tmp_path).read_bytes() == CONTENT
    assert len(slept) == 1
    assert seconds[0] <= slept[0] <= seconds[-1]


def test_a_server_that_is_busy_for_an_hour_is_not_waited_for(server, tmp_path, slept):
    with pytest.raises(DownloadError, match=r"503 .*, and asks to wait 3600 s"):
        quick(server.remote("busy_for_an_hour"), tmp_path)
    assert slept == []


def test_a_wait_is_said(server, tmp_path, capsys):
    quick(server.remote("busy_503"), tmp_path, progress=True)
    assert "waiting 7 s, as http://127.0.0.1" in capsys.readouterr().out


def test_a_mirror_below_the_least_rate_is_told(server, tmp_path):
    with pytest.raises(DownloadError, match=r"sends only \d+ bytes a second"):
        quick(server.remote("trickles"), tmp_path, attempts=1)


def test_when_all_fail_the_message_says_what_to_fetch_and_where_to_put_it(server, tmp_path):
    remote = server.remote("missing", "error_page", "wrong_bytes", "stalls")
    with pytest.raises(DownloadError) as caught:
        quick(remote, tmp_path, attempts=1)
    message = str(caught.value)
    for part in ("404", "web page", "another file", "timed out", remote.md5, str(tmp_path / "archive.bin"), "by hand"):
        assert part in message
    assert not (tmp_path / "archive.bin").exists()


def test_a_checksum_may_be_the_beginning_of_a_sha256(server, tmp_path):
    beginning = hashlib.sha256(CONTENT).hexdigest()[:8]
    remote = Remote("archive.bin", (server.url("wrong_bytes"), server.url("good")), "", len(CONTENT), beginning)
    path = quick(remote, tmp_path)
    assert path.read_bytes() == CONTENT
    path.write_bytes(b"x" + CONTENT[1:])
    with pytest.raises(DownloadError, match=rf"another file or not whole: sha256 .*, expected {beginning}"):
        quick(remote, tmp_path)


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


def test_a_disk_that_fills_up_on_the_way_says_so_and_no_other_mirror_is_asked(server, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfer, "copy", full)
    with pytest.raises(DownloadError, match="the disk is full"):
        quick(server.remote("good", "no_ranges"), tmp_path)
    assert server.manners() == ["good"]


def test_a_folder_that_cannot_be_written_is_told(server, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(DownloadError, match=r"file/archive\.bin cannot be written .*give another root"):
        quick(server.remote("good"), tmp_path / "file")

    def read_only(*args, **kwargs):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(lock, "open", read_only, raising=False)
    with pytest.raises(DownloadError, match=r"cannot be written \(Read-only file system\): give another root"):
        quick(server.remote("good"), tmp_path)
    (tmp_path / "archive.bin").write_bytes(CONTENT)  # as an administrator puts it there
    assert quick(server.remote("good"), tmp_path).exists()


def test_of_two_who_come_together_only_one_downloads(server, tmp_path, monkeypatch):
    found, said, both_wait = [], [], threading.Barrier(3)

    def say(words, **options):
        said.append(words)
        both_wait.wait()

    monkeypatch.setattr(lock, "print", say, raising=False)
    remote = server.remote("slow")
    threads = [threading.Thread(target=lambda: found.append(quick(remote, tmp_path).read_bytes())) for _ in range(2)]
    with lock.held(tmp_path / f"{remote.name}.lock"):  # until both stand at the door
        for thread in threads:
            thread.start()
        both_wait.wait(60)
    for thread in threads:
        thread.join()
    assert len(said) == 2
    assert all(words.startswith("waiting: process ") and "working on archive.bin (lock " in words for words in said)
    assert found == [CONTENT, CONTENT]
    assert server.manners() == ["slow"]


def test_a_progress_bar_shows_the_bytes(server, tmp_path, monkeypatch, capsys):
    real = transfer.tqdm
    monkeypatch.setattr(transfer, "tqdm", lambda *args, **options: real(*args, **{**options, "delay": 0}))
    quick(server.remote("good"), tmp_path, progress=True)
    assert "archive.bin" in capsys.readouterr().err
