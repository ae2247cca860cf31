"""Two processes learn what one learns: the same losses, the same gradients, the same score."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import training_pair

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The folder of one process's results and that of two."""
    alone, together = tmp_path_factory.mktemp("alone"), tmp_path_factory.mktemp("together")
    training_pair.train(alone)
    paths = os.pathsep.join([str(HERE), str(HERE.parents[1])])
    environment = {**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo",
                   "CUDA_VISIBLE_DEVICES": ""}  # fmt: skip
    command = [
        sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--rdzv-backend", "c10d",
        "--rdzv-endpoint", "127.0.0.1:0", "--local-addr", "127.0.0.1", str(HERE / "training_pair.py"), str(together),
    ]  # fmt: skip
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return alone, together


def result(folder, rank=0):
    return json.loads((folder / f"result_{rank}.json").read_text())


def test_two_processes_were_at_work(both):
    assert [result(both[1], rank)["world"] for rank in (0, 1)] == [2, 2]
    assert result(both[0])["world"] == 1


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs Linux, which lists a process's threads")
def test_the_group_ends_with_its_threads(both):
    """One that is still at work while Python shuts down aborts the process, now and then."""
    for rank in (0, 1):
        threads = json.loads((both[1] / f"threads_{rank}.json").read_text())
        assert threads
        assert not [name for name in threads if "gloo" in name]


def test_two_processes_make_the_steps_of_one(both):
    """SGD adds its gradients up: equal weights after six steps are equal gradients in each."""
    one, two = (torch.load(folder / "weights.pt", weights_only=True) for folder in both)
    assert one.keys() == two.keys()
    for name in one:
        torch.testing.assert_close(two[name], one[name], rtol=1e-5, atol=1e-6)


def test_the_losses_of_two_processes_average_to_that_of_one(both):
    alone, first, second = result(both[0]), result(both[1], 0), result(both[1], 1)
    means = [(a + b) / 2 for a, b in zip(first["losses"], second["losses"])]
    assert means == pytest.approx(alone["losses"], rel=1e-5)


def test_both_processes_know_the_score_of_all_images(both):
    alone = result(both[0])["matrix"]
    assert result(both[1], 0)["matrix"] == result(both[1], 1)["matrix"] == alone


def test_only_the_first_process_writes_and_its_checkpoint_goes_on_alone(both):
    stored = [torch.load(folder / "c.pt", weights_only=True) for folder in both]
    assert stored[0]["plan"] == stored[1]["plan"]
    assert stored[1]["model"].keys() == stored[0]["model"].keys()
