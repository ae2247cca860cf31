"""One photograph through the networks that come with the course: milliseconds at 256 and at 513 pixels.

One process, two threads as on a small laptop, wall time, the median of nine, the networks in turn. A network is asked
at its working size first, as `segment` does, and then at 513 pixels, where DeepLab's papers work.
"""

import statistics
import time

import torch

from course_lib import models
from course_lib.models import shipped
from course_lib.segment import networks

ROUNDS, THREADS = 9, 2
SIDES = (257, 513)


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


def built(name: str) -> torch.nn.Module:
    told = shipped.card(name)
    net = models.build(told["model"], len(told["classes"]), told["width"], weights=name, **told["options"])
    return net.eval().to(memory_format=torch.channels_last)


if __name__ == "__main__":
    main()
