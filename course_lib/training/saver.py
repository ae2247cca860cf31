"""The saver: what of a training is kept on the disk, and how it is taken up again.

In come the network, the optimiser and the plan of the training; out go a checkpoint and a CSV log. While a training
writes a checkpoint no other one may.
"""

import contextlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import nn

from course_lib.files import lock
from course_lib.training import checkpoint, distributed, identity
from course_lib.training.history import History
from course_lib.training.watch import Watch


class Saver:
    """Writes the checkpoint and the log, on the first process; a disk that is full does not end the training."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        scaler: torch.amp.GradScaler,
        *,
        plan: dict,
        path: str | Path | None,
        log: str | Path | None,
    ):
        self.model, self.optimizer, self.scaler, self.plan = model, optimizer, scaler, plan
        self.path = None if path is None else Path(path)
        self.log = None if log is None else Path(log)
        self.good: int | None = None  # the step of the last good checkpoint

    @contextlib.contextmanager
    def alone(self) -> Iterator[History]:
        """The history so far, while no other process may write the same checkpoint."""
        with contextlib.ExitStack() as stack:
            if self.path is not None and distributed.rank() == 0:
                self.enter(stack)
            yield self.resume()

    def enter(self, stack: contextlib.ExitStack) -> None:
        """Take the lock of the checkpoint until the stack closes, and refuse a path that cannot be written."""
        try:
            stack.enter_context(lock.held(f"{self.path}.lock"))
        except lock.Held as other:
            raise lock.Held(
                f"the checkpoint {self.path} is being written by {other}: wait until it ends, stop it, or choose "
                "another --output (in Python: checkpoint=)"
            ) from None
        except OSError as error:
            raise OSError(
                f"the checkpoint {self.path} cannot be written ({error.strerror or error}): choose another --output "
                "(in Python: checkpoint=) before hours are spent"
            ) from error

    def resume(self) -> History:
        """Where the last training stopped; a new History if there is nothing to continue."""
        there = self.path is not None and distributed.from_first(self.path.exists)
        if not there:
            return History()
        stored = distributed.from_first(lambda: checkpoint.load(self.path))
        checkpoint.check_parts(stored, self.path)
        identity.check(stored["plan"].get("data"), self.plan["data"], self.path)
        checkpoint.check_fits(stored["model"], self.model, self.path)
        checkpoint.check_same(stored["plan"], self.plan, self.path)
        self.model.load_state_dict(stored["model"])
        self.optimizer.load_state_dict(stored["optimizer"])
        self.scaler.load_state_dict(stored["scaler"])
        history = History.from_dict(stored["history"])
        history.interrupted = False
        self.good = history.steps
        return history

    def __call__(self, history: History) -> None:
        if distributed.rank() != 0:
            return
        try:
            if self.log:
                history.write_csv(self.log)
            if self.path:
                if not checkpoint.all_finite(self.model):
                    raise FloatingPointError(Watch.advice("a weight", float("nan"), history.steps))
                checkpoint.save(self.path, self.payload(history))
                self.good = history.steps
        except OSError as error:
            warnings.warn(
                f"step {history.steps} could not be saved ({os.strerror(error.errno) if error.errno else error}); "
                "training goes on, and the last good checkpoint stands",
                stacklevel=3,
            )

    def stands(self) -> str:
        """What is left on the disk when a training breaks off."""
        if self.path is None:
            return "no checkpoint= was given: the weights in memory are those of the step before"
        if self.good is None:
            return f"no checkpoint was written to {self.path} yet"
        return f"the last good checkpoint, of step {self.good}, stands in {self.path} (its weights: ['model'])"

    def payload(self, history: History) -> dict:
        """All that a training needs to go on."""
        return {
            "plan": self.plan, "history": history.as_dict(), "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(), "scaler": self.scaler.state_dict(),
        }  # fmt: skip
