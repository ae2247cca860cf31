"""How many threads torch may start here, and that they do not spin while they wait.

Threads that spin while they wait for work take the core from whoever has some: beside two busy processes on two cores,
a lecture took six times as long. The OpenMP library reads its variables when torch is loaded, so the package says them
before anything else. A user's own choice stays. This file is standard library only.
"""

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SPINNING = {
    "GOMP_SPINCOUNT": "1000",  # GNU, in torch for Linux: some microseconds instead of milliseconds
    "KMP_BLOCKTIME": "1",  # LLVM and Intel, on macOS and Windows: 1 ms instead of 200
}


def sit_lightly() -> None:
    """Sets the variables, for this process and those that it starts."""
    if "OMP_WAIT_POLICY" not in os.environ:  # who has set this one has chosen
        for name, value in SPINNING.items():
            os.environ.setdefault(name, value)
    if quota() < _cores():  # OpenMP knows of affinity itself
        os.environ.setdefault("OMP_NUM_THREADS", str(allowed()))


def allowed() -> int:
    """The processors that this process may use: by its affinity, or by its container's quota if that is smaller."""
    return max(1, math.floor(min(_cores(), quota())))


def quota(root: Path = Path("/")) -> float:
    """How many processors' time the container may use; infinity without a quota, or where there are no cgroups.

    A group may be inside other groups, and the smallest quota on the way up holds.
    """
    found = [math.inf]
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:  # version 2
            found += [_share(_text(group / "cpu.max")) for group in _up(root / "sys/fs/cgroup", path)]
        elif "cpu" in controllers.split(","):  # version 1, whose folder bears one name or both
            for mount in {"cpu", controllers}:
                for group in _up(root / "sys/fs/cgroup" / mount, path):
                    most, period = (_text(group / f"cpu.cfs_{part}_us") for part in ("quota", "period"))
                    found.append(_share(f"{most} {period}"))
    return min(found)


@contextmanager
def one_thread() -> Iterator[None]:
    """For many small tensors, on which a second thread costs more than it brings."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _up(mount: Path, path: str) -> list[Path]:
    """The group and those around it. Inside a container its own group may be the mount, whatever its path outside."""
    group = mount / path.lstrip("/")
    return [group, *(outer for outer in group.parents if outer.is_relative_to(mount))]


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


def _share(text: str) -> float:
    """'150000 100000' is 1.5; 'max 100000' and '-1 100000' are no limit, nor is a file that is not there."""
    try:
        microseconds, period = map(int, text.split())
    except ValueError:
        return math.inf
    return microseconds / period if microseconds > 0 and period > 0 else math.inf
