"""Damaged checkpoints of a training, and plain files of torch: none is believed, each is refused in one sentence."""

import io
import random

import pytest
import torch
from training_damaged import damaged_copies
from training_tiny import Blobs, TinyNet, fingerprint

from course_lib.files import tensors
from course_lib.training import checkpoint, fit


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("trained") / "c.pt"
    fit(TinyNet(), Blobs(), steps=2, batch_size=4, checkpoint=path, progress=False)
    return path.read_bytes()


def test_of_200_damaged_copies_none_is_believed(written, tmp_path):
    for copy in damaged_copies(written, 200):
        (tmp_path / "c.pt").write_bytes(copy)
        with pytest.raises(
            ValueError, match=r"c\.pt is not a whole checkpoint \(.+\): delete it to start again$"
        ) as told:
            checkpoint.load(tmp_path / "c.pt")
        assert "\n" not in str(told.value)


def test_two_hundred_short_files_of_noise_are_refused_in_words(tmp_path):
    dice = random.Random(0)
    for number in range(200):
        head = [b"", b"PK\3\4", b"\x80\x02", b"PK\5\6"][number % 4]
        (tmp_path / "c.pt").write_bytes(head + dice.randbytes(dice.randrange(400)))
        with pytest.raises(ValueError, match=r"c\.pt is not a whole checkpoint \(.+\): delete it to start again$"):
            checkpoint.load(tmp_path / "c.pt")


def test_a_damaged_copy_of_what_torch_alone_wrote_is_refused_or_has_the_right_weights(tmp_path):
    """It has a checksum of each part, but none of the bytes between the parts."""
    net, memory, refused = TinyNet(), io.BytesIO(), 0
    torch.save(net.state_dict(), memory)
    for copy in damaged_copies(memory.getvalue(), 200):
        (tmp_path / "w.pt").write_bytes(copy)
        try:
            found = tensors.read(tmp_path / "w.pt", mend="fetch it again")
        except ValueError:
            refused += 1
        else:
            again = TinyNet(seed=1)
            again.load_state_dict(found)
            assert fingerprint(again) == fingerprint(net)
    assert refused > 150


def test_torch_reads_a_sealed_file_as_it_reads_its_own(written, tmp_path):
    (tmp_path / "c.pt").write_bytes(written)
    ours = checkpoint.load(tmp_path / "c.pt")
    for options in ({}, {"mmap": True}):
        theirs = torch.load(tmp_path / "c.pt", weights_only=True, **options)
        assert all(torch.equal(value, theirs["model"][name]) for name, value in ours["model"].items())


def test_a_checkpoint_of_before_the_seals_is_still_read(written, tmp_path):
    (tmp_path / "c.pt").write_bytes(written)
    torch.save(torch.load(tmp_path / "c.pt", weights_only=True), tmp_path / "old.pt")
    assert checkpoint.load(tmp_path / "old.pt")["plan"]["steps"] == 2
