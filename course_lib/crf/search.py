"""Grid search for the CRF's weights and thetas on a validation set, scored by mean IoU, as DeepLab's authors did."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from torch import Tensor
from tqdm import tqdm

from course_lib.crf.mean_field import dense_crf
from course_lib.metrics import Confusion


@dataclass(frozen=True)
class Trial:
    """One point of the grid and its score."""

    appearance: tuple[float, float, float]
    smoothness: tuple[float, float]
    mean_iou: float


def search(
    images: Sequence[Tensor],
    probabilities: Sequence[Tensor],
    targets: Sequence[Tensor],
    *,
    appearance_grid: Iterable[tuple[float, float, float]],
    smoothness_grid: Iterable[tuple[float, float]] = ((3, 1),),
    iterations: int = 10,
    engine: str | None = None,
    ignore: int = 255,
) -> list[Trial]:
    """All trials, the best first. Ties keep the order of the grids."""
    if not len(images) == len(probabilities) == len(targets):
        raise ValueError(
            "search needs as many images as probabilities and targets, "
            f"got {len(images)}, {len(probabilities)} and {len(targets)}"
        )
    settings = list(product(map(tuple, appearance_grid), map(tuple, smoothness_grid)))
    if not settings or len(images) == 0:
        raise ValueError(f"search needs images and a grid, got {len(images)} images and {len(settings)} settings")
    tables = {setting: Confusion(len(probabilities[0]), ignore=ignore) for setting in settings}
    # settings that share thetas follow each other, so that each kernel of an image is built once
    ordered = sorted(tables, key=lambda setting: setting[0][1:])
    with tqdm(total=len(images) * len(ordered), desc="CRF settings", leave=False, delay=1) as bar:
        for image, map_, target in zip(images, probabilities, targets):
            for appearance, smoothness in ordered:
                q = dense_crf(
                    image, map_, iterations=iterations, appearance=appearance, smoothness=smoothness, engine=engine
                )
                tables[appearance, smoothness].update(q.argmax(0), target)
                bar.update()
    trials = [Trial(*setting, float(table.mean_iou)) for setting, table in tables.items()]
    return sorted(trials, key=lambda trial: -trial.mean_iou)
