"""How fast the scenes are painted: pictures per second of one core, and of two, beside the promise of 3,000."""

import time

import torch

from course_lib.scenes import Scenes, families

PROMISE = 3000  # pictures per second at 64 pixels on two cores, for the slowest family
PICTURES, ROUNDS = 256, 8


def rate(family: str, clock) -> float:
    scenes = Scenes(family, size=64, count=PICTURES * ROUNDS)
    scenes.batch(range(PICTURES))  # the tiles of noise are made once
    start = clock()
    for round_ in range(ROUNDS):
        scenes.batch(range(round_ * PICTURES, (round_ + 1) * PICTURES))
    return PICTURES * ROUNDS / (clock() - start)


def main() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    print(f"batches of {PICTURES} at 64 px, pictures per CPU second of one thread; promise {PROMISE} on two cores")
    rates = {}
    try:
        for family in families():
            rates[family] = rate(family, time.process_time)
            wall = rate(family, time.perf_counter)
            print(f"  {family:13s} {rates[family]:7,.0f} per CPU second   {wall:7,.0f} per second of the wall clock")
    finally:
        torch.set_num_threads(threads)
    slowest = min(rates, key=rates.get)
    verdict = "kept" if 2 * rates[slowest] >= PROMISE else "MISSED"
    print(f"slowest: {slowest}, {2 * rates[slowest]:,.0f} per second on two processes ({verdict}: {PROMISE:,})")


if __name__ == "__main__":
    main()
