"""Started by torchrun: two processes train together and write what they learned. Usage: training_pair.py FOLDER."""

import contextlib
import json
import sys
from pathlib import Path

import torch
from training_tiny import Blobs, TinyNet

from course_lib.training import distributed, evaluate, fit

WEIGHTS = (0.5, 1.0, 3.0)


def train(folder: Path) -> None:
    """Images differ in how much is void, so that a mean of means would be another loss."""
    data = Blobs(noise=0)
    for index in range(0, len(data), 2):
        data.labels[index, : 2 + index] = 255
    model = TinyNet(chance=False)
    options = {"batch_size": 4, "optimizer": "sgd", "class_weights": WEIGHTS, "progress": False}
    history = fit(model, data, steps=6, checkpoint=folder / "c.pt", checkpoint_every=2, **options)
    confusion = evaluate(model, data, progress=False, batch_size=3)
    if distributed.rank() == 0:
        torch.save(model.state_dict(), folder / "weights.pt")
    result = {"losses": history.losses, "matrix": confusion.matrix.tolist(), "world": distributed.world()}
    (folder / f"result_{distributed.rank()}.json").write_text(json.dumps(result))


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    with distributed.started():
        rank = distributed.rank()
        train(folder)
    threads = []
    for task in Path("/proc/self/task").glob("*/comm"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # one that has just ended
            threads.append(task.read_text().strip())
    (folder / f"threads_{rank}.json").write_text(json.dumps(threads))
