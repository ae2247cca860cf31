"""A classifier slid over a photograph: what each window says, and the heat map that grows from it.

One pass scores every cell of 32 x 32 pixels. A window's answer is the mean of its cells, as the classifier's own answer
is the mean of all. A window that was cut out and classified would see padding where its neighbours were.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import models
from course_lib.datasets import photos
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Pixel, Switch
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import Image, Map, Mark, Panel, Readout
from course_lib.models import shipped

CLASSIFIER, STRIDE = "efficientnet_lite0_imagenet", 32
PHOTOGRAPH, CATS = "cat", slice(281, 286)  # ImageNet has five kinds of house cat
GROWS = "It grows line by line, as far as the window has come. "
WINDOWS = {"1 x 1 cell": 1, "3 x 3 cells": 3, "5 x 5 cells": 5, "7 x 7 cells": 7, "the whole picture": 27}


def sliding_classifier() -> Explorer:
    """A classifier that was never shown a mask, slid over a photograph."""
    rows, columns = seen().cells.shape[1:]
    controls = [
        Pixel(name="cell", label="Middle of the window", size=(rows, columns), default=(rows // 2, columns // 2)),
        Choice(name="window", label="Window", values=tuple(WINDOWS), default="3 x 3 cells"),
        Switch(name="everywhere", label="Slide it over the whole picture"),
    ]
    return Explorer(
        render, controls, name="sliding_classifier", title="A classifier slides over a photograph",
        guide=GUIDES["sliding_classifier"],
    )  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """A photograph, cut to whole cells, and the classifier's scores of each cell (1000 x rows x columns)."""

    image: np.ndarray
    cells: Tensor
    classes: Sequence[str]


@cache
def seen() -> Seen:
    """One pass of the classifier over the photograph."""
    told, photo = shipped.card(CLASSIFIER), photos.load(PHOTOGRAPH).image
    height, width = (side // STRIDE * STRIDE for side in photo.shape[1:])
    photo = photo[:, :height, :width]
    net = models.build("efficientnet_lite0", num_classes=1000, weights=CLASSIFIER).eval()
    with torch.no_grad():
        cells = net.scores(shipped.normalised(photo[None].float() / 255, told))[0]
    return Seen(photo.permute(1, 2, 0).numpy(), cells, told["classes"])


@cache
def answers(window: str) -> Tensor:
    """1000 x rows x columns: the probabilities in the window around each cell, cut off at the picture's border."""
    side = WINDOWS[window]
    means = F.avg_pool2d(seen().cells[None], side, stride=1, padding=side // 2, count_include_pad=False)
    return means[0].softmax(0)


def render(*, cell: Sequence[int], window: str, everywhere: bool) -> list[Panel]:
    """The photograph under the window, the map of what has been visited, and the words for this window."""
    said, (rows, columns) = answers(window), seen().cells.shape[1:]
    row, column = cell
    heat = said[CATS].sum(0).numpy()
    visited = np.arange(rows * columns).reshape(rows, columns) <= row * columns + column
    reach = WINDOWS[window] // 2
    top, left = max(0, row - reach), max(0, column - reach)
    bottom, right = min(rows, row + reach + 1), min(columns, column + reach + 1)
    picture = Image(
        title="What the window sees",
        pixels=seen().image,
        marks=[
            Mark(
                top=STRIDE * top, left=STRIDE * left, height=STRIDE * (bottom - top), width=STRIDE * (right - left),
                label=f"window around cell ({row}, {column})",
            )
        ],
        note="Click to put the window there. Its cells know a little of what lies around them.",
    )  # fmt: skip
    grown = Map(
        title="How sure each window is of a cat",
        values=np.where(visited | everywhere, heat, 0).astype(float).round(3),
        says="cat {v}",
        low=0,
        high=1,
        marks=[Mark(top=row, left=column)],
        note=f"{'' if everywhere else GROWS}Each place is one answer.",
    )
    return [picture, grown, _words(said[:, row, column], float(heat[row, column]))]


def _words(said: Tensor, cat: float) -> Readout:
    values, numbers = said.topk(3)
    rows = [("Cat, all five kinds", f"{cat:.0%}")]
    rows += [(seen().classes[number], f"{value:.0%}") for value, number in zip(values.tolist(), numbers.tolist())]
    return Readout(title="What this window is called", rows=rows)
