"""A training step of a lesson's size, alone and beside two busy processes, by how torch's threads wait.

Each setting is a process of its own, for the variables are read when torch is loaded.
"""

import os
import subprocess
import sys

from course_lib import threads

SETTINGS = {
    "nothing": {},
    "OMP_WAIT_POLICY=PASSIVE": {"OMP_WAIT_POLICY": "PASSIVE"},
    "GOMP_SPINCOUNT=10000": {"GOMP_SPINCOUNT": "10000"},
    "GOMP_SPINCOUNT=1000 (the course)": threads.SPINNING,
    "one thread": {"OMP_NUM_THREADS": "1"},
}
BUSY = "while True: pass"
STEP = """
import time, torch
from torch import nn
layers = [part for i in range(6) for part in (nn.Conv2d(3 if i == 0 else 24, 24, 3, padding=1), nn.ReLU())]
net, images = nn.Sequential(*layers), torch.rand(8, 3, 64, 64)
times = []
for _ in range(12):
    wall, cpu = time.perf_counter(), time.process_time()
    net(images).square().mean().backward()
    times.append((time.perf_counter() - wall, time.process_time() - cpu))
wall, cpu = (sorted(column)[6] for column in zip(*times[2:]))
print(f"{1e3 * wall:8.0f} {1e3 * cpu:8.0f}")
"""


def main() -> None:
    print(f"{threads.allowed()} cores for us; milliseconds of a step: wall, CPU")
    for word, count in (("alone", 0), ("beside two busy processes", 2)):
        busy = [subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(count)]
        try:
            for name, chosen in SETTINGS.items():
                print(f"  {word:<26} {name:<34} {step(chosen)}")
        finally:
            for process in busy:
                process.kill()
                process.wait()


def step(chosen: dict[str, str]) -> str:
    ours = {*threads.SPINNING, "OMP_WAIT_POLICY", "OMP_NUM_THREADS"}
    environment = {name: value for name, value in os.environ.items() if name not in ours} | chosen
    command = [sys.executable, "-c", STEP]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    main()
