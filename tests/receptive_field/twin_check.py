"""Both sides on the same pixels: the library's masks against the twin's."""

import random

import numpy as np
from twin import seen

from course_lib.receptive_field import theoretical


def agree(model, size, *, layer=None, channels=3, pixels=4, seed=0, field=None) -> None:
    """Masks, boxes and sets of some pixels (corners, middle, random ones) are equal, to the pixel."""
    size = tuple(size)
    field = field or theoretical(model, size, channels)
    out = field.output_size(layer)
    choose = random.Random(seed)
    chosen = [tuple(n // 2 for n in out), (0,) * len(out)]
    chosen += [tuple(choose.randrange(n) for n in out) for _ in range(pixels - 2)]
    masks = seen(model, [(1, channels, *size)], chosen, layer)
    for pixel, judged in zip(chosen, masks):
        judged = judged.numpy()
        said = field.mask(pixel, layer)
        wrong = np.argwhere(said != judged)
        assert not len(wrong), (
            f"pixel {pixel} of {layer}: {len(wrong)} pixels differ, first {wrong[0]}: said {said[tuple(wrong[0])]}"
        )
        assert field.box(pixel, layer) == box_of(judged)
        others = [tuple(a for a in range(judged.ndim) if a != axis) for axis in range(judged.ndim)]
        for axis, rest in enumerate(others):
            assert np.array_equal(field.sets(pixel, layer)[axis], np.flatnonzero(judged.any(axis=rest)))


def box_of(mask: np.ndarray) -> tuple[int, ...]:
    where = np.argwhere(mask)
    return (*map(int, where.min(0)), *map(int, where.max(0) + 1)) if len(where) else (0,) * (2 * mask.ndim)
