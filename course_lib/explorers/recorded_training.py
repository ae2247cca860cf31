"""The training loop of lecture 00, run once with its losses and the scores of one picture written down.

    python -m course_lib.explorers.recorded_training        trains again, half a minute, and writes the file

The explorer `training_loop` steps through this file; nothing is trained while a student moves it.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib import paths
from course_lib.evidence.small_training import BATCH, HELD_OUT, layer
from course_lib.scenes import Scenes

STEPS = (0, 2, 5, 10, 20, 40, 80, 160)  # after so many steps the picture was asked about
STRIDE = 4


@dataclass(frozen=True)
class Recording:
    """The loss of each step, and the scores of the picture after some: 8 x 6 x 16 x 16, before they are enlarged."""

    losses: np.ndarray
    scores: Tensor

    def enlarged(self) -> Tensor:
        """The scores of every pixel."""
        return F.interpolate(self.scores, scale_factor=STRIDE, mode="bilinear")


@cache
def unseen() -> tuple[Tensor, Tensor, Scenes]:
    """A street that the training never showed, its truth, and where it comes from."""
    streets = Scenes("street", count=8, seed=HELD_OUT)
    image, label, _ = streets[7]
    return image, label, streets


def record(steps: int = STEPS[-1]) -> Recording:
    """Takes so many of the steps; the network and the loop are those that lecture 00 writes out."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        body = (layer(3, 16, stride=2), layer(16, 32, stride=2), layer(32, 32), layer(32, 32, rate=2), layer(32, 32))
        coarse = nn.Sequential(*body, nn.Conv2d(32, 6, kernel_size=1))
    optimiser, image = torch.optim.AdamW(coarse.parameters(), lr=4e-3), unseen()[0][None]
    losses, seen = [], [_asked(coarse, image)]
    streets = Scenes("street", count=STEPS[-1] * BATCH, seed=0).loader(BATCH)
    for step, (images, labels, _) in zip(range(1, steps + 1), streets):
        logits = F.interpolate(coarse(images), scale_factor=STRIDE, mode="bilinear")
        loss = F.cross_entropy(logits, labels, ignore_index=255)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if step in STEPS:
            seen.append(_asked(coarse, image))
    return Recording(np.array(losses, np.float32), torch.cat(seen))


@torch.no_grad()
def _asked(coarse: nn.Module, image: Tensor) -> Tensor:
    scores = coarse.eval()(image)
    coarse.train()
    return scores


def file() -> Path:
    """Where the recording lies."""
    return paths.data() / "recorded_training.npz"


@cache
def read() -> Recording:
    """The recording as it was written."""
    with np.load(file()) as kept:
        return Recording(kept["losses"], torch.from_numpy(kept["scores"]).float())


if __name__ == "__main__":
    made = record()
    np.savez_compressed(file(), losses=made.losses, scores=made.scores.half().numpy())
