"""Metrics beside their peers, on one thread: counting a picture of Cityscapes' size, and outlines as pictures grow."""

import math
from functools import partial

import torch
from torch import Tensor

from course_lib.metrics import Confusion, boundary_f_score, trimap
from tests.bench.turns import in_turn, peer

CLASSES, VOID = 19, 255
SIZE = (1024, 2048)
PROMISED_COUNT = 1.1  # times numpy's bincount on the known pixels
PROMISED_EXPONENT = 1.15  # CPU time as a power of the pixels


def main() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        counting()
        outlines()
    finally:
        torch.set_num_threads(threads)


def counting() -> None:
    prediction, target = labels(SIZE)
    confusion = Confusion(CLASSES, ignore=VOID)
    others = counters(prediction, target)
    ours, *theirs = in_turn(lambda: confusion.update(prediction, target), *others.values())
    print(f"Confusion.update, {SIZE[0]} x {SIZE[1]}, {CLASSES} classes: {1e3 * ours:.1f} ms of CPU")
    for name, seconds in zip(others, theirs):
        promised = f"   promised <= {PROMISED_COUNT}" if name == "numpy.bincount" else ""
        print(f"  {name:<36} {1e3 * seconds:7.1f} ms   ratio {ours / seconds:.2f}{promised}")


def counters(prediction: Tensor, target: Tensor) -> dict:
    import numpy as np

    def by_numpy() -> np.ndarray:
        """As DeepLab's and many other repositories count: pick the known pixels, number the pairs, count them."""
        known = (truth >= 0) & (truth < CLASSES)
        return np.bincount(CLASSES * truth[known] + found[known], minlength=CLASSES**2)

    truth, found = target.numpy(), prediction.numpy()
    tasks = {"numpy.bincount": by_numpy}
    if metrics := peer("torchmetrics.functional.classification", "torchmetrics"):
        count = partial(metrics.multiclass_confusion_matrix, prediction, target, CLASSES, ignore_index=VOID)
        tasks["torchmetrics"] = count
        tasks["torchmetrics without validation"] = partial(count, validate_args=False)
    if smp := peer("segmentation_models_pytorch"):
        options = {"mode": "multiclass", "num_classes": CLASSES, "ignore_index": VOID}
        tasks["segmentation_models_pytorch"] = partial(smp.metrics.get_stats, prediction, target, **options)
    return tasks


def outlines() -> None:
    """Double the sides, four times the pixels: the tolerance grows along, as a share of the diagonal."""
    sizes = [(256, 512), (512, 1024), (1024, 2048)]
    times: dict[str, list[float]] = {}
    for size in sizes:
        prediction, target = labels(size)
        tasks = {
            "boundary_f_score": partial(boundary_f_score, prediction, target, CLASSES),
            "trimap, 1 % of the height": partial(trimap, target, size[0] // 100),
        }
        for name, seconds in zip(tasks, in_turn(*tasks.values(), rounds=3)):
            times.setdefault(name, []).append(seconds)
        if size == sizes[1] and (ndimage := peer("scipy.ndimage", "scipy")):
            (theirs,) = in_turn(partial(by_scipy, ndimage, prediction, target), rounds=3)
            ratio = times["boundary_f_score"][-1] / theirs
            print(f"  scipy's distance transforms at {size}: {1e3 * theirs:.0f} ms, ratio {ratio:.2f}")
    for name, taken in times.items():
        exponent = math.log(taken[-1] / taken[0]) / math.log(16)
        spent = ", ".join(f"{1e3 * seconds:.0f} ms" for seconds in taken)
        print(f"  {name:<28} {spent}: grows with pixels^{exponent:.2f}   promised <= {PROMISED_EXPONENT}")


def by_scipy(ndimage, prediction: Tensor, target: Tensor) -> None:
    """Only the distances of the outlines: what any code with scipy has to pay at least."""
    for label in range(CLASSES):
        for labels in (prediction, target):
            inside = (labels == label).numpy()
            ndimage.distance_transform_edt(~(inside & ~ndimage.binary_erosion(inside)))


def labels(size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Smooth regions of all classes with a tenth of void, and a prediction that lies a little beside them."""
    generator = torch.Generator().manual_seed(0)
    waves = torch.randn(1, CLASSES, 9, 17, generator=generator)
    target = torch.nn.functional.interpolate(waves, size, mode="bicubic")[0].argmax(0)
    prediction = target.roll((2, 3), (0, 1))
    target[: size[0] // 10] = VOID
    return prediction, target


if __name__ == "__main__":
    main()
