"""Trains in a child process that is killed (kill -9) at random moments and started again, until it ends.

Usage: python training_killed.py FOLDER KILLS. Prints the weights' fingerprint of an undisturbed training and of the
disturbed one, and how often a kill hit. One import of torch serves all children: it is the slow part.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from training_tiny import Blobs, TinyNet, fingerprint

from course_lib.training import fit

STEPS = 60


def train(folder: Path, name: str) -> None:
    model = TinyNet()
    fit(model, Blobs(), steps=STEPS, batch_size=4, checkpoint=folder / f"{name}.pt", checkpoint_every=1, progress=False)
    (folder / f"{name}.txt").write_text(fingerprint(model))


def child(folder: Path, name: str) -> int:
    number = os.fork()
    if number == 0:
        train(folder, name)
        os._exit(0)
    return number


def main(folder: Path, kills: int) -> None:
    train(folder, "whole")  # the first steps import half of torch; only the second training is timed
    begun = time.perf_counter()
    train(folder, "again")
    usual = time.perf_counter() - begun
    dice, hits = random.Random(), 0
    while not (folder / "killed.txt").exists():
        number = child(folder, "killed")
        if hits < kills:
            time.sleep(dice.uniform(0, usual / 6))
            os.kill(number, signal.SIGKILL)
        _, status = os.waitpid(number, 0)
        hits += os.WIFSIGNALED(status)
        if os.WIFEXITED(status) and os.WEXITSTATUS(status):
            raise SystemExit("a child ended in an error: what it was left was not whole")
    print((folder / "whole.txt").read_text(), (folder / "killed.txt").read_text(), hits)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
