"""Trains in a child process that is killed (kill -9) at random moments and started again, until it ends.

Usage: python training_killed.py FOLDER KILLS. Prints the weights' fingerprint of an undisturbed training and of the
disturbed one, and how often a kill hit. One import of torch serves all children: it is the slow part.

A child that is to be killed asks for leave before each image. However busy the machine is, it comes as far as it has
leave for and no further, so that each kill meets a training under way: in a step, in its checkpoint, or after both.
"""

import os
import random
import signal
import socket
import sys
import threading
import time
from pathlib import Path

from torch import Tensor
from tqdm import tqdm
from training_tiny import Blobs, TinyNet, fingerprint

from course_lib.training import fit

tqdm.monitor_interval = 0  # its thread takes a lock now and then; a child forked at that moment would wait for ever
STEPS, BATCH, AT_MOST = 60, 4, 5  # a child is killed in one of its first five steps: ten never come to the end


class Asking(Blobs):
    """Asks for leave before each image."""

    def __init__(self, line: socket.socket):
        super().__init__()
        self.line = line

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        self.line.send(b"?")
        if not self.line.recv(1):
            os._exit(1)  # nobody is there any more
        return super().__getitem__(index)


def train(folder: Path, name: str, data: Blobs) -> None:
    model, path = TinyNet(), folder / f"{name}.pt"
    fit(model, data, steps=STEPS, batch_size=BATCH, checkpoint=path, checkpoint_every=1, progress=False)
    (folder / f"{name}.txt").write_text(fingerprint(model))


def killed(folder: Path, *, step: int, seconds: float) -> bool:
    """Trains in a child up to the images of a step, and kills it some time later; whether the kill hit."""
    if threading.active_count() > 1:
        raise SystemExit(f"a fork beside other threads may hang: {threading.enumerate()}")
    ours, theirs = socket.socketpair()
    number = os.fork()
    if number == 0:
        ours.close()
        train(folder, "killed", Asking(theirs))
        os._exit(0)
    theirs.close()
    with ours:
        for _ in range(1 + step * BATCH):  # one image shows fit the number of classes
            if not ours.recv(1):
                raise SystemExit("a child ended in an error: what it was left was not whole")
            ours.send(b"!")
        time.sleep(seconds)
        os.kill(number, signal.SIGKILL)
        return os.WIFSIGNALED(os.waitpid(number, 0)[1])


def main(folder: Path, kills: int) -> None:
    train(folder, "whole", Blobs())  # the first steps import half of torch; only the second training is timed
    begun = time.perf_counter()
    train(folder, "again", Blobs())
    a_step = (time.perf_counter() - begun) / STEPS
    dice = random.Random(0)
    hits = sum(
        killed(folder, step=dice.randint(1, AT_MOST), seconds=dice.uniform(0, 1.2 * a_step)) for _ in range(kills)
    )
    train(folder, "killed", Blobs())
    print((folder / "whole.txt").read_text(), (folder / "killed.txt").read_text(), hits)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
