"""The watch: progress bar, history, and the alarm when a loss is no number any more."""

import contextlib
import math
import signal
import threading
import time
import warnings

import torch
from torch import Tensor
from tqdm import tqdm

from course_lib.metrics import Confusion
from course_lib.training import distributed
from course_lib.training.history import History

LOOKS, APART = 50, 20  # how often in one training the score of a batch is taken, and at least so many steps apart


class Watch:
    """Sees each step; keeps losses on the GPU until it looks, so that it never makes the GPU wait."""

    def __init__(
        self, history: History, *, steps: int, images: int, num_classes: int, ignore: int | None, progress: bool
    ):
        self.history, self.steps, self.images = history, steps, images
        self.num_classes, self.ignore = num_classes, ignore
        self.every = max(APART, steps // LOOKS)
        self.pending: list[Tensor] = []
        self.void = 0  # images seen before the first pixel that counts
        self.counted = ignore is None
        hidden = not progress or distributed.rank() != 0
        self.bar = tqdm(total=steps, initial=history.steps, desc="training", delay=1, leave=False, disable=hidden)

    def look(self, labels: Tensor) -> None:
        """Before a step, until the first pixel that is not void: without any there is nothing to learn."""
        if not self.counted:
            self.counted = bool((labels != self.ignore).any())
            self.void += len(labels)
            if not self.counted and self.void >= self.images:
                self.counted = True  # it is said once
                warnings.warn(
                    f"all pixels of the first {self.void} labels are void ({self.ignore}): nothing is learned. Look at "
                    "the masks, at ignore= and, if pictures are cut, at the crop",
                    stacklevel=3,
                )

    def alarm(self, loss: Tensor, norm: Tensor | None) -> None:
        """Before the weights move: is the loss a number, and its gradient?"""
        self.pending.append(loss.detach())
        if loss.device.type == "cpu":
            self.settle()
            if norm is not None and not math.isfinite(float(norm)):
                raise FloatingPointError(self.advice("the gradient", float(norm), self.history.steps))

    def settle(self) -> None:
        """Bring the losses home and look at them."""
        if self.pending:
            losses = torch.stack(self.pending).float().tolist()
            self.pending.clear()
            for loss in losses:
                self.history.losses.append(loss)
                if not math.isfinite(loss):
                    raise FloatingPointError(self.advice("the loss", loss, self.history.steps))

    def step(self, rate: float, logits: Tensor, labels: Tensor) -> None:
        """After the weights have moved."""
        self.history.rates.append(rate)
        done = len(self.history.rates)
        if done % self.every == 0 or done == self.steps:
            self.settle()
            batch = Confusion(self.num_classes, ignore=self.ignore)
            batch.update(logits.argmax(1), labels)
            score = float(batch.mean_iou)
            self.history.scores.append([done, score])
            recent = self.history.losses[-self.every :]
            self.bar.set_postfix(loss=f"{sum(recent) / len(recent):.3f}", mIoU=f"{score:.3f}", refresh=False)
        self.bar.update(1)

    def close(self) -> None:
        """Check the last loss and close the progress bar."""
        with contextlib.suppress(FloatingPointError):  # what raised it has been said already
            self.settle()
        self.bar.close()

    @staticmethod
    def advice(what: str, value: float, step: int) -> str:
        """What to try when a value is no longer a number."""
        return (
            f"{what} became {value} at step {step}. Try, in this order: a learning rate ten times smaller; clip=1.0; "
            "class weights without extremes; amp=False; and look whether the images hold numbers only"
        )


class Clock:
    """Seconds in all and seconds spent waiting for the next batch."""

    def __init__(self, history: History):
        self.history = history

    def timed(self, batches):
        """The same batches; the waiting for each is counted."""
        source, mark = iter(batches), time.perf_counter()
        while True:
            before = time.perf_counter()
            try:
                batch = next(source)
            except StopIteration:
                return
            now = time.perf_counter()
            self.history.waiting += now - before
            yield batch
            now = time.perf_counter()
            self.history.seconds += now - mark
            mark = now


class Interruption:
    """Ctrl-C or the notebook's stop button ends training after the step in hand; a second one ends it at once."""

    def __init__(self):
        self.asked, self.before = False, None

    def __enter__(self) -> "Interruption":
        usable = threading.current_thread() is threading.main_thread() and not distributed.running()
        if usable and signal.getsignal(signal.SIGINT) not in (signal.SIG_IGN, None):
            self.before = signal.signal(signal.SIGINT, self.ask)
        return self

    def ask(self, number, frame) -> None:
        """Remember the first Ctrl-C; the second one interrupts at once."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def __exit__(self, *reason) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
