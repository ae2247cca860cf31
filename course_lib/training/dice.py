"""Chance that can be thrown again: a seed for every purpose, so that a resumed training meets the same luck.

No state of any generator is ever stored. What happens at step 400 depends on (seed, 400) alone.
"""

import contextlib
import hashlib
import random
from collections.abc import Iterator

import numpy as np
import torch


def seed_of(*parts: int | str) -> int:
    """A seed of 63 bits for a purpose, such as seed_of(7, "step", 400)."""
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Whatever is thrown inside, the caller's own dice (torch, numpy, random) lie as before."""
    mine, theirs = random.getstate(), np.random.get_state()  # noqa: NPY002 (a student's transform may use it)
    gpus = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(gpus):
        try:
            yield
        finally:
            random.setstate(mine)
            np.random.set_state(theirs)  # noqa: NPY002


def throw(seed: int) -> None:
    """Seed torch, numpy and random for one item."""
    torch.default_generator.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002


def throw_for_step(seed: int, step: int, rank: int, device: torch.device) -> None:
    """Dropout and whatever else the network throws; each process its own.

    `torch.manual_seed` is for all devices: where no GPU runs it writes the stack down twice, to seed one later.
    """
    throws = seed_of(seed, "step", step, rank)
    if device.type == "cpu":
        torch.default_generator.manual_seed(throws)
    else:
        torch.manual_seed(throws)
