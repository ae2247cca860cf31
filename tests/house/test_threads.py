"""Torch's threads: how many may start, by fake cgroup files, and that every way in keeps them from spinning."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from IPython.core.inputtransformer2 import TransformerManager

from course_lib import notebook, threads
from notebooks import first_cell


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n")
    return root


V2, V1 = "0::", "5:memory:/x\n3:cpu,cpuacct:"
CPU = "sys/fs/cgroup/cpu,cpuacct"


@pytest.mark.parametrize(
    "files, expected",
    [
        ({}, math.inf),
        ({"proc/self/cgroup": V2 + "/", "sys/fs/cgroup/cpu.max": "max 100000"}, math.inf),
        ({"proc/self/cgroup": V2 + "/", "sys/fs/cgroup/cpu.max": "150000 100000"}, 1.5),
        ({"proc/self/cgroup": V2 + "/a", "sys/fs/cgroup/a/cpu.max": "200000 50000"}, 4),
        # the path is the host's, and the mount is the container's own group
        ({"proc/self/cgroup": V2 + "/docker/ab12", "sys/fs/cgroup/cpu.max": "200000 100000"}, 2),
        # the group around ours is the tighter one
        (
            {
                "proc/self/cgroup": V2 + "/pod/box",
                "sys/fs/cgroup/pod/cpu.max": "300000 100000",
                "sys/fs/cgroup/pod/box/cpu.max": "max 100000",
            },
            3,
        ),
        (
            {
                "proc/self/cgroup": V1 + "/docker/ab12",
                f"{CPU}/docker/ab12/cpu.cfs_quota_us": "250000",
                f"{CPU}/docker/ab12/cpu.cfs_period_us": "100000",
            },
            2.5,
        ),
        (
            {
                "proc/self/cgroup": V1 + "/docker/ab12",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            },
            1,
        ),
        (
            {
                "proc/self/cgroup": V1 + "/",
                f"{CPU}/cpu.cfs_quota_us": "-1",
                f"{CPU}/cpu.cfs_period_us": "100000",
            },
            math.inf,
        ),
        ({"proc/self/cgroup": V2 + "/", "sys/fs/cgroup/cpu.max": "nonsense"}, math.inf),
    ],
)
def test_the_quota_is_read_from_both_versions_of_cgroups(tmp_path, files, expected):
    assert threads.quota(write(tmp_path, files)) == expected


@pytest.mark.parametrize(
    "cores, quota, expected", [(8, math.inf, 8), (64, 2.0, 2), (2, 6.0, 2), (4, 0.5, 1), (4, 3.9, 3)]
)
def test_the_smaller_of_affinity_and_quota_counts(monkeypatch, cores, quota, expected):
    monkeypatch.setattr(threads, "_cores", lambda: cores)
    monkeypatch.setattr(threads, "quota", lambda: quota)
    assert threads.allowed() == expected


@pytest.fixture
def three_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("allowed, expected", [(1, 1), (2, 2), (64, 3)])
def test_the_first_cell_takes_threads_away_and_adds_none(monkeypatch, three_threads, allowed, expected):
    monkeypatch.setattr(threads, "allowed", lambda: allowed)
    notebook.start()
    assert torch.get_num_threads() == expected


def test_one_thread_gives_the_others_back(three_threads):
    inside = []

    @threads.one_thread()
    def count_and_fail():
        inside.append(torch.get_num_threads())
        raise KeyError

    with pytest.raises(KeyError):
        count_and_fail()
    assert inside == [1]
    assert torch.get_num_threads() == 3


WATCHED = ("GOMP_SPINCOUNT", "KMP_BLOCKTIME", "OMP_NUM_THREADS")
WAYS_IN = {
    "the library": "import course_lib.metrics",
    "a command line": "import runpy; runpy.run_module('course_lib.claims')",
    "make lab": "import runpy; runpy.run_path('.ci/lab.py')",
    "make test": "import runpy; runpy.run_path('.ci/test.py')",
    "the tests": "import runpy; runpy.run_path('tests/conftest.py')",
    "the grader's child": "import course_lib.grading.child",
    "a notebook": TransformerManager().transform_cell(first_cell.text()),  # as Python, without IPython's %pip
}
WATCH = f"""
import importlib.abc, json, os, sys

def report():
    print()
    print(json.dumps([os.environ.get(v) for v in {WATCHED}]), flush=True)

class Watch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.startswith("torch."):  # torch itself may only have been looked for
            report()
            os._exit(0)  # all that follows takes seconds and changes nothing any more

sys.meta_path.insert(0, Watch())
"""
REPORT = "\nreport()"


def variables(code: str, root: Path, **chosen: str) -> list[str | None]:
    """What stands in the environment when torch is loaded, or at the end where it is not."""
    others = {k: v for k, v in os.environ.items() if k not in (*WATCHED, "OMP_WAIT_POLICY")}
    environment = {**others, "PYTHONPATH": str(root), "MPLBACKEND": "agg", **chosen}
    command = [sys.executable, "-c", WATCH + code + REPORT]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("way", WAYS_IN)
def test_every_way_in_spins_briefly(root, way):
    assert variables(WAYS_IN[way], root)[:2] == ["1000", "1"]


def test_a_choice_of_the_user_stays(root):
    assert variables("import course_lib", root, GOMP_SPINCOUNT="77")[:2] == ["77", "1"]
    assert variables("import course_lib", root, OMP_WAIT_POLICY="ACTIVE") == [None, None, None]


@pytest.mark.parametrize(
    "cores, quota, chosen, expected",
    [(64, 2.0, {}, "2"), (64, 2.0, {"OMP_NUM_THREADS": "7"}, "7"), (4, math.inf, {}, None), (2, 6.0, {}, None)],
)
def test_a_quota_limits_the_threads_before_torch_counts_cores(monkeypatch, cores, quota, chosen, expected):
    monkeypatch.setattr(threads, "_cores", lambda: cores)
    monkeypatch.setattr(threads, "quota", lambda: quota)
    monkeypatch.setattr(os, "environ", dict(chosen))
    threads.sit_lightly()
    assert os.environ.get("OMP_NUM_THREADS") == expected
