"""Unpacking: whole or not at all, and never outside the folder."""

import errno
import io
import random
import shutil
import stat
import tarfile
import zipfile
from collections import namedtuple

import pytest
from files_server import serving

from course_lib.files import archives, download, lock
from course_lib.files.archives import fetch_and_unpack, unpack
from course_lib.files.download import DownloadError

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
    with pytest.raises(DownloadError, match="its end is missing or damaged"):
        try_unpack(tmp_path, content[: 512 + 5120])  # one header and ten blocks: the first file alone
    assert nothing_is_left(tmp_path)


def test_a_damaged_zip_member_is_found(tmp_path):
    content = bytearray(zip_bytes(FILES))
    content[50] ^= 255
    with pytest.raises(DownloadError, match="cannot be unpacked"):
        try_unpack(tmp_path, bytes(content))
    assert nothing_is_left(tmp_path)


MODES = {"tar": "w", "tgz": "w:gz", "tbz": "w:bz2", "txz": "w:xz"}


@pytest.mark.parametrize("kind", [*MODES, "zip"])
def test_forty_damaged_copies_give_the_right_files_or_a_sentence(tmp_path, kind):
    """Of a plain tar nobody has a checksum but of its heads: fetched ones are compared as a whole before."""
    dice = random.Random(0)
    files = {name: dice.randbytes(len(content)) for name, content in FILES.items()}
    whole, refused = zip_bytes(files) if kind == "zip" else tar_bytes(files, MODES[kind]), 0
    for _ in range(40):
        content = bytearray(whole)
        content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        try:
            try_unpack(tmp_path, bytes(content))
        except DownloadError as error:
            refused += str(error).startswith(
                (f"{tmp_path / 'archive'} cannot be", f"{tmp_path / 'archive'} is refused")
            )
            assert nothing_is_left(tmp_path)
        else:
            found = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
            assert {path.stat().st_size for path in found} == {5000, 7000}
            if kind != "tar":
                assert {path.read_bytes() for path in found} == set(files.values())
            shutil.rmtree(tmp_path / "out")
    assert refused > (2 if kind == "tar" else 30)


def test_an_encrypted_zip_is_told(tmp_path):
    content = bytearray(zip_bytes(FILES))
    for head, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = content.find(head)
        content[start + place] |= 1
    with pytest.raises(DownloadError, match=r"cannot be unpacked \(.*encrypted.*\): delete it"):
        try_unpack(tmp_path, bytes(content))
    assert nothing_is_left(tmp_path)


def test_a_zip_packed_by_an_unknown_method_is_told(tmp_path):
    content = bytearray(zip_bytes(FILES))
    for head, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.find(head) + place] = 77
    with pytest.raises(DownloadError, match=r"cannot be unpacked \(.*compression.*\): delete it"):
        try_unpack(tmp_path, bytes(content))
    assert nothing_is_left(tmp_path)


def bomb_tar(size: int) -> bytes:
    """A head that promises `size` bytes of zeros, and a few of them: what follows is not looked at."""
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as tar:
        member = tarfile.TarInfo("set/zeros")
        member.size = 10 << 20
        tar.addfile(member, io.BytesIO(bytes(10 << 20)))
        member.size = size
        tar.fileobj.write(member.tobuf())
    return memory.getvalue()


def bomb_zip(size: int) -> bytes:
    content = zip_bytes({"set/zeros": bytes(10 << 20)})
    return content.replace((10 << 20).to_bytes(4, "little"), size.to_bytes(4, "little"))


@pytest.mark.parametrize("content", [bomb_tar(10 << 30), bomb_zip(4_000_000_000)], ids=["tgz", "zip"])
def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path, content):
    with pytest.raises(DownloadError, match=r"is refused: it unpacks to more than 67 MB, 10 times its own size"):
        try_unpack(tmp_path, content)
    assert nothing_is_left(tmp_path)


def test_a_million_empty_files_are_a_bomb_too(tmp_path):
    with pytest.raises(DownloadError, match="unpacks to more than"):
        try_unpack(tmp_path, tar_bytes({f"set/{number}": b"" for number in range(17_000)}))
    assert nothing_is_left(tmp_path)


def test_an_archive_of_pictures_may_be_large(tmp_path, monkeypatch):
    monkeypatch.setattr(archives, "ALLOWED", 0)
    monkeypatch.setattr(archives, "BLOCK", 0)
    with pytest.raises(DownloadError, match="unpacks to more than"):
        try_unpack(tmp_path, tar_bytes(FILES))
    files = {name: random.Random(0).randbytes(len(content)) for name, content in FILES.items()}
    try_unpack(tmp_path, tar_bytes(files))


def test_a_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    def read_only(*args, **options):
        raise OSError(errno.EROFS, "Read-only file system")

    with serving(tar_bytes(FILES)) as server:
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        remote = server.remote("good", name="set.tgz")
        download.fetch(remote, tmp_path, progress=False)
        monkeypatch.setattr(lock, "open", read_only, raising=False)
        with pytest.raises(DownloadError, match=r"unpacked cannot be written \(Read-only file system\): give another"):
            fetch_and_unpack(remote, tmp_path, "unpacked", progress=False)


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
