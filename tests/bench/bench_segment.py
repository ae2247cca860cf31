"""One photograph through the networks that come with the course: milliseconds at 257 and at 513 pixels.

One process, two threads as on a small laptop, wall time, the median of nine, the networks in turn. A network is asked
at the size of picture that it was trained on first, and then at 513 pixels, where DeepLab's papers work. Then the whole
command in a fresh process, by turns with one that imports torch and stops: wall time, and processor time, which a busy
machine lengthens less.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from course_lib import models
from course_lib.models import shipped
from course_lib.segment import networks

ROUNDS, THREADS = 9, 2
SIDES = (257, 513)
COLD_ROUNDS, PROMISED_SECONDS = 3, 5.0
ROOT = Path(__file__).parents[2]


@torch.inference_mode()
def main() -> None:
    torch.set_num_threads(THREADS)
    print(f"torch {torch.__version__}, {THREADS} threads, wall time, median of {ROUNDS}")
    nets, found = {name: built(name) for name in networks()}, {}
    for _ in range(ROUNDS + 1):  # the first round warms up
        for name, net in nets.items():
            for side in SIDES:
                image = torch.rand(1, 3, side, side).to(memory_format=torch.channels_last)
                start = time.perf_counter()
                net(image)
                found.setdefault((name, side), []).append(time.perf_counter() - start)
    for (name, side), seconds in found.items():
        print(f"{name:<24} {side} x {side}   {1e3 * statistics.median(seconds[1:]):8.1f} ms a picture")
    cold()


def cold() -> None:
    """A fresh process from its start to the written overlay, and the share of it that is importing torch."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "course_lib.segment", "data/photos/cat.jpg", "--output", folder]
        turns = [(fresh(*command), fresh("-c", "import torch")) for _ in range(COLD_ROUNDS)]
    (wall, work), (_, torch_work) = (map(statistics.median, zip(*times)) for times in zip(*turns))
    print(
        f"{'python -m course_lib.segment data/photos/cat.jpg':<52} {wall:5.1f} s wall (promised: {PROMISED_SECONDS:g} "
        f"on two quiet cores), {work:.1f} s of processor, {torch_work / work:.0%} of it importing torch"
    )


def fresh(*arguments: str) -> tuple[float, float]:
    """Wall and processor seconds of a new Python."""
    before, start = os.times(), time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    work = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - start, work


def built(name: str) -> torch.nn.Module:
    told = shipped.card(name)
    net = models.build(told["model"], len(told["classes"]), told["width"], weights=name, **told["options"])
    return net.eval().to(memory_format=torch.channels_last)


if __name__ == "__main__":
    main()
