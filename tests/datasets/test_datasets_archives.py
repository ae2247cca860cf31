"""Unpacking: whole or not at all, and never outside the folder."""

import io
import stat
import tarfile
import zipfile
from collections import namedtuple

import pytest
from datasets_server import serving

from course_lib.datasets import download
from course_lib.datasets.archives import fetch_and_unpack, unpack
from course_lib.datasets.download import DownloadError

FILES = {"set/a.txt": b"a" * 5000, "set/deep/b.txt": b"b" * 7000}


def tar_bytes(files: dict[str, bytes], mode: str = "w:gz") -> bytes:
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode=mode) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return memory.getvalue()


def zip_bytes(files: dict[str, bytes]) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return memory.getvalue()


def try_unpack(tmp_path, content: bytes):
    (tmp_path / "archive").write_bytes(content)
    unpack(tmp_path / "archive", tmp_path / "out", progress=False)


def nothing_is_left(tmp_path) -> bool:
    return {path.name for path in tmp_path.iterdir()} <= {"archive"}


@pytest.mark.parametrize(
    "content", [tar_bytes(FILES), tar_bytes(FILES, "w"), zip_bytes(FILES)], ids=["tgz", "tar", "zip"]
)
def test_an_archive_is_unpacked_whole(tmp_path, content):
    try_unpack(tmp_path, content)
    assert {name: (tmp_path / "out" / name).read_bytes() for name in FILES} == FILES
    assert not (tmp_path / "out.unpacking").exists()


@pytest.mark.parametrize(
    "name", ["../escaped.txt", "/escaped.txt", "set/../../escaped.txt", "C:/escaped.txt", "..\\escaped.txt"]
)
@pytest.mark.parametrize("pack", [tar_bytes, zip_bytes])
def test_a_path_that_leaves_the_folder_is_refused(tmp_path, pack, name):
    inner = tmp_path / "inner"
    inner.mkdir()
    with pytest.raises(DownloadError, match="outside the folder"):
        try_unpack(inner, pack({**FILES, name: b"evil"}))
    assert nothing_is_left(inner)
    assert not (tmp_path / "escaped.txt").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_link_or_a_device_in_a_tar_is_refused(tmp_path, kind):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w") as tar:
        member = tarfile.TarInfo("set/link")
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    with pytest.raises(DownloadError, match="a link or a device"):
        try_unpack(tmp_path, memory.getvalue())
    assert nothing_is_left(tmp_path)


def test_a_link_in_a_zip_is_refused(tmp_path):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w") as packed:
        member = zipfile.ZipInfo("set/link")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        packed.writestr(member, "/etc/passwd")
    with pytest.raises(DownloadError, match="is a link"):
        try_unpack(tmp_path, memory.getvalue())
    assert nothing_is_left(tmp_path)


@pytest.mark.parametrize("share", [0.3, 0.9])
@pytest.mark.parametrize("content", [tar_bytes(FILES), zip_bytes(FILES)], ids=["tgz", "zip"])
def test_a_truncated_archive_leaves_nothing_behind(tmp_path, content, share):
    with pytest.raises(DownloadError, match="cannot be unpacked"):
        try_unpack(tmp_path, content[: int(len(content) * share)])
    assert nothing_is_left(tmp_path)


def test_a_tar_that_ends_between_two_members_is_not_taken_for_whole(tmp_path):
    content = tar_bytes(FILES, "w")
    with pytest.raises(DownloadError, match="its end is missing"):
        try_unpack(tmp_path, content[: 512 + 5120])  # one header and ten blocks: the first file alone
    assert nothing_is_left(tmp_path)


def test_a_damaged_zip_member_is_found(tmp_path):
    content = bytearray(zip_bytes(FILES))
    content[50] ^= 255
    with pytest.raises(DownloadError, match="cannot be unpacked"):
        try_unpack(tmp_path, bytes(content))
    assert nothing_is_left(tmp_path)


def test_what_an_earlier_try_left_half_unpacked_is_not_taken_over(tmp_path):
    (tmp_path / "out.unpacking").mkdir()
    (tmp_path / "out.unpacking" / "stray.txt").write_text("half")
    try_unpack(tmp_path, tar_bytes(FILES))
    assert not (tmp_path / "out" / "stray.txt").exists()


def test_an_archive_larger_than_the_disk_is_refused(tmp_path, monkeypatch):
    usage = namedtuple("usage", "free")(1000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(DownloadError, match="GB free"):
        try_unpack(tmp_path, tar_bytes(FILES))
    assert nothing_is_left(tmp_path)


def test_an_archive_is_fetched_and_unpacked_once(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving(tar_bytes(FILES)) as server:
        for _ in range(2):
            folder = fetch_and_unpack(server.remote("good", name="set.tgz"), tmp_path, "unpacked", progress=False)
            assert (folder / "set" / "a.txt").read_bytes() == FILES["set/a.txt"]
        assert server.manners() == ["good"]
