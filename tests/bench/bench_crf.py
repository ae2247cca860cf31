"""The CRF: photographs and noise by the lattice beside pydensecrf, a slider's picture by the exact engine."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.crf import dense_crf, kernels
from course_lib.datasets import photos
from tests.bench.turns import peer

CLASSES = 21
ROUNDS = 3
NOISE, TWIN = "noise, one value a pixel", "its smooth twin"
WINDOW = 96, 128  # of a picture's middle, small enough for the exact engine


def main() -> None:
    print(f"{CLASSES} classes, 10 iterations, best of {ROUNDS} rounds by turns, seconds as wall (CPU)")
    theirs = peer("pydensecrf.densecrf", "pydensecrf2")
    walls = {name: beside(name, theirs) for name in (*photos.names(), NOISE, TWIN)}
    print(f"  noise takes {walls[NOISE] / walls[TWIN]:.1f} times as long as its twin (promised 3)")
    for name, image in slider_pictures().items():
        taken = by_turns({again: partial(ours, image, coarse_map(image), fresh=not again) for again in (False, True)})
        print(f"  {name} 64x64, exact: {1000 * taken[False][0]:.0f} ms (promised 50), {1000 * taken[True][0]:.0f} ms")
        print(f"    when only a weight has moved; {agreement(image)}")


def beside(name: str, theirs: ModuleType | None) -> float:
    """Prints a line on one picture and returns our wall time on all processors."""
    image = picture(name)
    run = partial(ours, image, coarse_map(image))
    processors = len(os.sched_getaffinity(0))
    tasks: dict[str, Callable[[], object]] = {
        "1 thread": partial(run, threads=1),
        f"{processors} threads": partial(run, threads=processors),
        "remembered": partial(run, threads=processors, fresh=False),
    }
    if theirs:
        tasks["pydensecrf"] = partial(compiled, theirs, image, coarse_map(image))
    taken = by_turns(tasks)
    print(f"  {name} {image.shape[2]}x{image.shape[1]}: {shown(taken)}")
    wall = taken[f"{processors} threads"][0]
    if theirs:
        print(f"    wall on {processors} threads / pydensecrf: {wall / taken['pydensecrf'][0]:.2f} (promised below 1)")
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        print(f"    {alone.submit(peak, name).result()} (promised 400); {agreement(window(image))}")
    return wall


def ours(image: Tensor, probabilities: Tensor, *, threads: int | None = None, fresh: bool = True) -> Tensor:
    """Ten rounds; `fresh` builds the kernel each time."""
    if fresh:
        kernels.forget()
    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        return dense_crf(image, probabilities)
    finally:
        torch.set_num_threads(before)


def compiled(densecrf: ModuleType, image: Tensor, probabilities: Tensor) -> np.ndarray:
    """The authors' own code on the same map, with the same settings."""
    crf = densecrf.DenseCRF2D(image.shape[2], image.shape[1], CLASSES)
    crf.setUnaryEnergy(-probabilities.clamp_min(1e-8).log().flatten(1).numpy())
    crf.addPairwiseGaussian(sxy=1, compat=3)
    crf.addPairwiseBilateral(sxy=67, srgb=3, rgbim=image.permute(1, 2, 0).contiguous().numpy(), compat=4)
    return np.array(crf.inference(10))


def by_turns(tasks: dict[Any, Callable[[], object]]) -> dict[Any, tuple[float, float]]:
    """The least wall time of each task, and the least CPU time."""
    taken: dict[Any, list[tuple[float, float]]] = {name: [] for name in tasks}
    for _ in range(ROUNDS):
        for name, task in tasks.items():
            wall, processor = time.perf_counter(), time.process_time()
            task()
            taken[name].append((time.perf_counter() - wall, time.process_time() - processor))
    return {name: (min(wall for wall, _ in both), min(cpu for _, cpu in both)) for name, both in taken.items()}


def shown(taken: dict[str, tuple[float, float]]) -> str:
    """One line on all tasks."""
    return ", ".join(f"{name} {wall:.2f} ({cpu:.2f})" for name, (wall, cpu) in taken.items())


def peak(name: str) -> str:
    """In a process of its own: by how much the CRF raises the memory that the process holds."""
    image = picture(name)
    probabilities = coarse_map(image)
    try:
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    except OSError as error:
        return f"peak memory not measured, it needs Linux: {error}"
    before = _held("VmRSS")
    dense_crf(image, probabilities)
    return f"peak memory +{_held('VmHWM') - before:.0f} MB"


def _held(what: str) -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition(f"{what}:")[2].split()[0]) / 1000


def agreement(image: Tensor) -> str:
    """The lattice against the exact engine, on a picture small enough for it."""
    exact, close = (dense_crf(image, coarse_map(image), engine=engine) for engine in ("exact", "lattice"))
    agree = float((exact.argmax(0) == close.argmax(0)).float().mean())
    return f"lattice against exact: mean distance {float((exact - close).abs().mean()):.5f}, argmax agrees {agree:.2%}"


def picture(name: str) -> Tensor:
    """A photograph at its own size; or random colours, one for each pixel or one for each 25 x 25, joined smoothly."""
    if name not in (NOISE, TWIN):
        return photos.load(name).image
    side = 1 if name == NOISE else 25
    drawn = torch.rand(1, 3, 375 // side, 500 // side, generator=torch.Generator().manual_seed(0))
    return (255 * F.interpolate(drawn, (375, 500), mode="bilinear")[0]).round().to(torch.uint8)


def window(image: Tensor) -> Tensor:
    """The middle of a picture."""
    top, left = ((whole - part) // 2 for whole, part in zip(image.shape[1:], WINDOW))
    return image[:, top : top + WINDOW[0], left : left + WINDOW[1]].contiguous()


def coarse_map(image: Tensor) -> Tensor:
    """21 classes as a network with stride 8 might see them in any picture: bands of colour, unsure."""
    cells = F.avg_pool2d(image[None].float(), 8, ceil_mode=True)
    directions = torch.randn(CLASSES, 3, generator=torch.Generator().manual_seed(0))
    scores = torch.einsum("kc,nchw->nkhw", directions, (cells - 128) / 40)
    return F.interpolate(scores, image.shape[1:], mode="bilinear")[0].softmax(0)


def slider_pictures() -> dict[str, Tensor]:
    """A photograph made small, a cut-out of one, and the worst case: one colour only."""
    image = photos.load("coffee").image
    small = F.interpolate(image[None].float(), (64, 64), mode="area")[0].round().to(torch.uint8)
    plain = torch.full((3, 64, 64), 128, dtype=torch.uint8)
    return {"small photograph": small, "cut-out": image[:, 150:214, 40:104].contiguous(), "one colour": plain}


if __name__ == "__main__":
    main()
