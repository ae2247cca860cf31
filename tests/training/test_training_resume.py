"""What survives: kills, interruptions, full disks, half-written files."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from training_tiny import Blobs, TinyNet, fingerprint

from course_lib.files import tensors, whole
from course_lib.training import checkpoint, fit

HERE = Path(__file__).parent
OPTIONS = {"steps": 8, "batch_size": 4, "checkpoint_every": 1, "progress": False}


def trained(model=None, data=None, **options):
    model = TinyNet() if model is None else model
    return model, fit(model, Blobs() if data is None else data, **{**OPTIONS, **options})


@pytest.fixture(scope="module")
def undisturbed():
    model, history = trained()
    return fingerprint(model), history.losses


class Stopping(Blobs):
    """Acts after a number of looks, once."""

    def __init__(self, looks, action):
        super().__init__()
        self.looks, self.action = looks, action

    def __getitem__(self, index):
        self.looks -= 1
        if self.looks == 0:
            self.action()
        return super().__getitem__(index)


def ctrl_c():
    signal.raise_signal(signal.SIGINT)


def interrupt():
    raise KeyboardInterrupt


@pytest.mark.parametrize("looks", [2, 7, 15, 30])
@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "rmsprop"])
def test_training_continued_ends_with_the_same_bits(tmp_path, looks, optimizer):
    whole = fingerprint(trained(optimizer=optimizer)[0])
    trained(data=Stopping(looks, ctrl_c), checkpoint=tmp_path / "c.pt", optimizer=optimizer)
    model, history = trained(TinyNet(seed=9), checkpoint=tmp_path / "c.pt", optimizer=optimizer)
    assert fingerprint(model) == whole
    assert history.steps == 8


def test_training_killed_at_any_moment_ends_with_the_same_bits(tmp_path):
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(HERE), str(HERE.parents[1])]),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, str(HERE / "training_killed.py"), str(tmp_path), "10"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    whole, killed, hits = result.stdout.split()
    assert killed == whole
    assert hits == "10"


def test_the_stop_button_keeps_what_was_learned(undisturbed):
    model, history = trained(data=Stopping(15, ctrl_c))
    assert history.interrupted
    assert history.losses == undisturbed[1][:4]  # look 1 is the trial image, 15 falls into step 4, which is finished
    assert fingerprint(model) != fingerprint(TinyNet())


def test_after_training_ctrl_c_is_ctrl_c_again():
    before = signal.getsignal(signal.SIGINT)
    trained(data=Stopping(15, ctrl_c))
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interruption_in_the_middle_of_a_step_leaves_the_last_checkpoint(tmp_path, undisturbed):
    _, history = trained(data=Stopping(15, interrupt), checkpoint=tmp_path / "c.pt")
    assert history.interrupted
    assert history.steps == 3
    assert fingerprint(trained(checkpoint=tmp_path / "c.pt")[0]) == undisturbed[0]


def test_a_second_ctrl_c_does_not_wait_for_the_step(tmp_path):
    def twice():
        ctrl_c()
        ctrl_c()

    _, history = trained(data=Stopping(15, twice), checkpoint=tmp_path / "c.pt")
    assert (history.interrupted, history.steps) == (True, 3)


def test_a_finished_training_is_not_repeated(tmp_path, undisturbed):
    trained(checkpoint=tmp_path / "c.pt")
    model, history = trained(TinyNet(seed=5), checkpoint=tmp_path / "c.pt")
    assert (fingerprint(model), history.losses) == undisturbed


@pytest.mark.parametrize("failure", ["fsync", "write", "rename"])
def test_a_full_disk_loses_neither_the_training_nor_the_last_checkpoint(tmp_path, monkeypatch, undisturbed, failure):
    path = tmp_path / "c.pt"
    trained(data=Stopping(15, ctrl_c), checkpoint=path)
    good = path.read_bytes()

    def full(*args):
        raise OSError(28, "No space left on device")

    class HalfFile:
        def __init__(self, *args):
            self.file = open(*args)  # noqa: SIM115

        def __enter__(self):
            return self

        def __exit__(self, *reason):
            self.file.close()

        def write(self, content):
            self.file.write(content[: len(content) // 2])
            full()

    if failure == "fsync":
        monkeypatch.setattr(whole.os, "fsync", full)
    elif failure == "rename":
        monkeypatch.setattr(whole.os, "replace", full)
    else:
        monkeypatch.setattr(whole, "open", HalfFile, raising=False)
    with pytest.warns(UserWarning, match="could not be saved .*No space left.*the last good checkpoint stands"):
        model, _ = trained(checkpoint=path)
    assert fingerprint(model) == undisturbed[0]
    assert path.read_bytes() == good
    assert list(tmp_path.iterdir()) == [path]
    monkeypatch.undo()
    assert fingerprint(trained(checkpoint=path)[0]) == undisturbed[0]


def test_a_half_written_file_is_never_taken_for_a_checkpoint(tmp_path):
    path = tmp_path / "c.pt"
    trained(data=Stopping(15, ctrl_c), checkpoint=path)
    content = path.read_bytes()
    for share in (0.0, 0.3, 0.95):
        path.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(ValueError, match=r"c\.pt is not a whole checkpoint.*delete it to start again"):
            trained(checkpoint=path)


def test_a_checkpoint_runs_no_code(tmp_path):
    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "evil"),))

    torch.save({"plan": Evil()}, tmp_path / "c.pt")
    with pytest.raises(ValueError, match="is not a whole checkpoint"):
        trained(checkpoint=tmp_path / "c.pt")
    assert not (tmp_path / "evil").exists()


def test_a_checkpoint_of_another_training_is_refused_by_name(tmp_path):
    trained(checkpoint=tmp_path / "c.pt")
    with pytest.raises(ValueError, match=r"another training \(batch_size: 4 there, 5 now\): delete it"):
        trained(checkpoint=tmp_path / "c.pt", batch_size=5)


def test_weights_alone_are_no_checkpoint_of_a_training(tmp_path):
    tensors.save(tmp_path / "w.pt", TinyNet().state_dict())
    with pytest.raises(
        ValueError, match=r"w\.pt holds a dictionary of '0\.weight'.*; expected the checkpoint of a train"
    ):
        trained(checkpoint=tmp_path / "w.pt")
    tensors.save(tmp_path / "w.pt", [1, 2])
    with pytest.raises(ValueError, match="holds a list; expected the checkpoint of a training"):
        trained(checkpoint=tmp_path / "w.pt")


def test_other_facts_are_refused_by_name(tmp_path):
    trained(checkpoint=tmp_path / "c.pt", facts={"crop": 40, "scale": [1, 2]})
    trained(checkpoint=tmp_path / "c.pt", facts={"crop": 40, "scale": [1, 2]})
    with pytest.raises(ValueError, match=r"another training \(crop: 40 there, 48 now\): delete it"):
        trained(checkpoint=tmp_path / "c.pt", facts={"crop": 48, "scale": [1, 2]})
    with pytest.raises(ValueError, match=r"\(crop: 40 there, None now; scale: \[1, 2\] there, None now\)"):
        trained(checkpoint=tmp_path / "c.pt")


def test_a_second_training_is_told_who_writes_the_checkpoint(tmp_path):
    path = tmp_path / "c.pt"

    def come_second():
        with pytest.raises(
            OSError, match=rf"c\.pt is being written by process {os.getpid()} on .*: wait until it ends"
        ):
            trained(checkpoint=path)

    trained(data=Stopping(15, come_second), checkpoint=path)
    assert list(tmp_path.iterdir()) == [path]
    trained(checkpoint=path)


def test_a_checkpoint_that_cannot_be_written_is_told_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match=r"file/c\.pt cannot be written \(.*\): choose another --output .* before hours"):
        trained(data=Stopping(2, interrupt), checkpoint=tmp_path / "file" / "c.pt")


class Poisoned(Blobs):
    """One image of NaN, late enough for a checkpoint before it."""

    def __getitem__(self, index):
        image, label = super().__getitem__(index)
        return image * (float("nan") if index == 7 else 1), label


def test_a_loss_that_is_no_number_says_the_step_and_what_stands(tmp_path):
    with pytest.raises(
        FloatingPointError, match=r"at step [1-6]\..*the last good checkpoint, of step \d, stands in .*c\.pt"
    ):
        trained(data=Poisoned(), checkpoint=tmp_path / "c.pt", seed=3)
    stored = checkpoint.load(tmp_path / "c.pt")
    assert all(value.isfinite().all() for value in stored["model"].values())
    with pytest.raises(FloatingPointError, match=r"no checkpoint was written to .*d\.pt yet"):
        trained(data=Poisoned(), checkpoint=tmp_path / "d.pt", seed=3, checkpoint_every=100)
    with pytest.raises(FloatingPointError, match="no checkpoint= was given"):
        trained(data=Poisoned(), seed=3)


def test_weights_that_are_no_numbers_are_never_saved(tmp_path):
    model = TinyNet()
    model[1].running_mean[0] = float("nan")
    with pytest.raises(FloatingPointError, match="a weight became nan"):
        trained(model, checkpoint=tmp_path / "c.pt")
    assert not (tmp_path / "c.pt").exists()


def test_the_log_has_a_row_for_each_step_also_after_an_interruption(tmp_path):
    options = {"checkpoint": tmp_path / "c.pt", "log": tmp_path / "log.csv"}
    trained(data=Stopping(15, ctrl_c), **options)
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 1 + 4
    trained(**options)
    lines = (tmp_path / "log.csv").read_text().splitlines()
    assert lines[0] == "step,loss,learning_rate,batch_miou,validation_miou"
    assert [line.split(",")[0] for line in lines[1:]] == [str(step) for step in range(1, 9)]
