"""The truth of a program by perturbation in double precision, and the verdict on what the trace says of it.

One pixel of the image is exchanged at a time, on several images and by small and large values; every value of the
answer that differs reads that pixel. So the truth is a lower bound that grows with the number of tries.
"""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor

from course_lib.receptive_field import Field, theoretical
from course_lib.receptive_field.tracing import budget

from .programs import Program, Run

SLOW = 5.0  # CPU seconds for one program of at most six steps


@dataclass
class Verdict:
    """What came out: "exact", "bound" (and says so), "refused" in words, or a fault."""

    kind: str
    words: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether the trace was wrong: too small, too large without a word, an error from inside, or too slow."""
        return self.kind not in ("exact", "bound", "refused")


def judged(program: Program) -> Verdict:
    """The verdict on one program."""
    model = Run(program)
    start = time.process_time()
    try:
        with warnings.catch_warnings(), patch.object(budget, "SECONDS", 0.1):
            warnings.simplefilter("ignore")
            field = theoretical(model, program.size, program.channels, dtype=torch.float64)
            said = {pixel: field.mask(pixel) for pixel in np.ndindex(*field.output_size())}
            sizes = field.size()
        layer = field._trace.layers["output"]
    except ValueError as error:
        return refused(program, model, str(error))
    except Exception as error:
        return Verdict("error", f"{type(error).__name__}: {error}")
    if time.process_time() - start > SLOW:
        return Verdict("slow", f"{time.process_time() - start:.1f} s")
    verdict = compared(said, per_pixel(truth(program, model, 2), layer.dims), exact=field.exact)
    if verdict.kind == "too large" and program.loose:
        verdict = Verdict("exact")
    for tries in (40, 400):  # the least of several maxima hangs on some of their pixels in few images
        if verdict.kind == "too large":
            verdict = compared(said, per_pixel(truth(program, model, tries), layer.dims), exact=True)
    return verdict if verdict.is_fault else size_checked(field, said, sizes, verdict)


def refused(program: Program, model: Run, words: str) -> Verdict:
    """A refusal in words is right, but to say that nothing is read must be true."""
    nothing = "reads nothing of the image" in words
    if nothing and truth(program, model, 2).any():
        return Verdict("too small", words)
    return Verdict("exact" if nothing else "refused", words)


def truth(program: Program, model: Run, tries: int) -> Tensor:
    """For every value of the answer the pixels that change it: answer's shape x height x width."""
    generator = torch.Generator().manual_seed(program.seed)
    read: Tensor | None = None
    height, width = program.size
    with torch.no_grad():
        for number in range(tries):
            spread = (1.0, 0.2, 3.0)[number % 3]
            image = torch.rand(1, program.channels, height, width, generator=generator, dtype=torch.float64) * spread
            before = model(image.clone())
            read = torch.zeros(*before.shape, height, width, dtype=torch.bool) if read is None else read
            after = []
            for y, x in np.ndindex(height, width):
                for by in (0.3, 20.0 if number % 2 else -20.0, 1e4 if number % 3 else -1e4):
                    change = 0.5 + torch.rand(program.channels, generator=generator, dtype=torch.float64)
                    other = image.clone()
                    other[:, :, y, x] += by * change
                    after.append(model(other))
            every = torch.stack(after).unflatten(0, (height, width, -1))
            alike = (before == every) | (before.isnan() & every.isnan())
            read |= (~alike).any(2).movedim((0, 1), (-2, -1))
    return read


def per_pixel(read: Tensor, dims: tuple[int, ...]) -> np.ndarray:
    """The union over all dimensions of the answer but those that a pixel counts along."""
    rest = [dim for dim in range(4) if dim not in dims]
    return read.permute(*dims, *rest, 4, 5).flatten(len(dims), 3).any(len(dims)).numpy()


def compared(said: dict, read: np.ndarray, *, exact: bool) -> Verdict:
    """Too small at some pixel, too large though called exact, or right."""
    for pixel, mask in said.items():
        missing = read[pixel] & ~mask
        if missing.any():
            where = tuple(map(int, np.argwhere(missing)[0]))
            return Verdict("too small", f"pixel {pixel} also reads {where}, exact={exact}")
    if exact:
        for pixel, mask in said.items():
            extra = mask & ~read[pixel]
            if extra.any():
                return Verdict("too large", f"pixel {pixel} does not read {tuple(map(int, np.argwhere(extra)[0]))}")
    return Verdict("exact" if exact else "bound")


def size_checked(field: Field, said: dict, sizes: tuple, verdict: Verdict) -> Verdict:
    """A box that touches no border is not clipped: `size` must not be smaller."""
    for pixel in said:
        box = field.box(pixel)
        for axis, size in enumerate(sizes):
            start, stop = box[axis], box[axis + 2]
            if start > 0 and stop < field.image_size[axis] and stop - start > size:
                return Verdict("size too small", f"pixel {pixel} reads {start} to {stop}, size {size} on axis {axis}")
    return verdict
