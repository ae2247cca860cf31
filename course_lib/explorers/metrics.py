"""Metrics: shift, shrink or roughen a prediction, and watch the measures fall apart at different speeds.

`spoil` makes the prediction, `compute` scores it with the course's own metrics.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import palette
from course_lib.datasets import photos
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Slider
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import CLASSES, Chart, Drag, Image, Line, Map, Panel, Readout
from course_lib.metrics import Confusion
from course_lib.metrics.boundary import trimap
from course_lib.scenes import Scenes

SHIFTS, GROWTHS, ROUGH = range(-8, 9), range(-3, 4), range(0, 4)
BAND, SIDE = 2, 64
STREET, PHOTO = "a painted street", "a photograph"
ROCKET = "rocket"  # its towers are as thin as the street's poles
MEASURES = ("pixel accuracy", "mean accuracy", "mean IoU", "frequency-weighted IoU", "boundary IoU")


def metrics() -> Explorer:
    """Five measures of one prediction that is shifted, shrunk and roughened."""
    controls = [
        Choice(name="picture", label="Picture", values=(STREET, PHOTO), default=STREET),
        Slider(name="shift", label="Shift right", values=SHIFTS, default=2, unit="px"),
        Slider(name="grow", label="Grow or shrink things", values=GROWTHS, default=0, unit="px"),
        Slider(name="rough", label="Roughen edges", values=ROUGH, default=0, unit="px", when={"picture": [STREET]}),
    ]
    return Explorer(render, controls, name="metrics", title="One prediction, five measures", guide=GUIDES["metrics"])


@dataclass(frozen=True)
class World:
    """A picture, its true label map and its classes."""

    image: np.ndarray
    label: Tensor
    classes: tuple[str, ...]
    colours: tuple[tuple[int, int, int], ...]
    ground: tuple[int, ...]  # classes that are no things: they give way when things grow


@cache
def world(picture: str = STREET) -> World:
    """The picture whose labels are spoilt."""
    if picture == STREET:
        scenes = Scenes("street", size=SIDE, count=1, seed=3)
        (image, label, _), classes, colours = scenes[0], scenes.classes, scenes.colours
        image = (255 * image).round().byte()
    else:
        height, width = photos.load(ROCKET).image.shape[1:]
        image, label, classes = photos.resized(ROCKET, (SIDE, SIDE * width // height))
        colours = palette.ORDER
    ground = tuple(i for i, name in enumerate(classes) if name in ("sky", "road", "ground"))
    return World(image.permute(1, 2, 0).numpy(), label, classes, colours, ground)


@cache
def spoil(shift: int, grow: int, rough: int, picture: str = STREET) -> Tensor:
    """The truth, moved to the right, with its things grown or shrunk, and its edges jittered; void becomes sky."""
    label = _moulded(grow, rough, picture)
    columns = (torch.arange(label.shape[1]) - shift).clamp(0, label.shape[1] - 1)
    return label[:, columns]


@cache
def _moulded(grow: int, rough: int, picture: str) -> Tensor:
    here = world(picture)
    label = here.label.where(here.label != photos.VOID, 0)
    for _ in range(abs(grow)):
        label = _grown(label, here.ground) if grow > 0 else _shrunk(label, here.ground)
    return _jittered(label, rough) if rough else label


def _grown(label: Tensor, ground: tuple[int, ...]) -> Tensor:
    """Things take the ground beside them, one pixel deep."""
    height, width = label.shape
    padded = F.pad(label[None, None].float(), (1, 1, 1, 1), mode="replicate")[0, 0].long()
    out = label.clone()
    for down, right in ((0, 1), (2, 1), (1, 0), (1, 2)):
        beside = padded[down : down + height, right : right + width]
        takes = torch.isin(label, torch.tensor(ground)) & ~torch.isin(beside, torch.tensor(ground))
        out = torch.where(takes, beside, out)
    return out


def _shrunk(label: Tensor, ground: tuple[int, ...]) -> Tensor:
    """The ground takes the things' pixels beside it, one pixel deep."""
    things = tuple(set(range(int(label.max()) + 1)) - set(ground))
    return _grown(label, things)


def _jittered(label: Tensor, reach: int) -> Tensor:
    """Each pixel shows the label of a place up to `reach` pixels away, the same on every machine."""
    rng = np.random.default_rng(reach)
    height, width = label.shape
    rows = np.clip(np.arange(height)[:, None] + rng.integers(-reach, reach + 1, (height, width)), 0, height - 1)
    columns = np.clip(np.arange(width)[None] + rng.integers(-reach, reach + 1, (height, width)), 0, width - 1)
    return label[torch.from_numpy(rows), torch.from_numpy(columns)]


@cache
def _boundary(picture: str) -> Tensor:
    """The truth in the band along its boundaries, void elsewhere."""
    label = world(picture).label
    return label.where(trimap(label, BAND), photos.VOID)


@cache
def compute(shift: int, grow: int, rough: int, picture: str = STREET) -> dict[str, float]:
    """The five measures."""
    here, prediction = world(picture), spoil(shift, grow, rough, picture)
    counts = Confusion(len(here.classes)).update(prediction, here.label)
    boundary = Confusion(len(here.classes)).update(prediction, _boundary(picture)).mean_iou
    scores = (counts.pixel_accuracy, counts.mean_accuracy, counts.mean_iou, counts.frequency_weighted_iou, boundary)
    return dict(zip(MEASURES, scores))


def render(*, picture: str, shift: int, grow: int, rough: int) -> list[Panel]:
    """Truth, spoilt prediction, errors, the picture, and all measures of them."""
    here, prediction = world(picture), spoil(shift, grow, rough, picture)
    void = here.label == photos.VOID
    wrong = (prediction != here.label) & ~void
    scores = compute(shift, grow, rough, picture)
    return [
        Map(
            title="Prediction: drag it",
            values=prediction.numpy(),
            **_looks(picture),
            drags=[Drag(name="shift"), Drag(name="grow", axis="y", step=6)],
        ),
        _truth(picture),
        Map(
            title="Errors",
            values=wrong.numpy().astype(int),
            colours=CLASSES,
            names={0: "right", 1: "wrong"},
            palette=(palette.LIGHT, palette.VERMILION),
            note=f"{int(wrong.sum()):,} of {int((~void).sum()):,} pixels are wrong.",
        ),
        _shown(picture),
        Chart(
            title="Every measure, by shift",
            x="shift, pixels",
            y="score",
            lines=_by_shift(grow, rough, picture),
            at=shift,
            low=0,
            high=1,
        ),
        Readout(title="Scores", rows=[(_named(name), f"{score:.4f}") for name, score in scores.items()]),
    ]


def _looks(picture: str) -> dict[str, Any]:
    """Colours and names of the classes; void comes behind them."""
    here = world(picture)
    colours = (*here.colours[: len(here.classes)], palette.VOID_COLOUR)
    return {"colours": CLASSES, "palette": colours, "names": dict(enumerate((*here.classes, "void, not counted")))}


@cache  # these two are the same in all states of a picture, and written once
def _truth(picture: str) -> Map:
    label = world(picture).label
    return Map(
        title="Truth", values=label.where(label != photos.VOID, len(world(picture).classes)).numpy(), **_looks(picture)
    )


@cache
def _shown(picture: str) -> Image:
    return Image(title="The picture", pixels=world(picture).image)


@cache  # the same lines at every shift, so that they are drawn once
def _by_shift(grow: int, rough: int, picture: str) -> tuple[Line, ...]:
    scores = [compute(shift, grow, rough, picture) for shift in SHIFTS]
    return tuple(Line(name=name, x=SHIFTS, y=[one[name] for one in scores]) for name in MEASURES)


def _named(name: str) -> str:
    return f"{name}, {BAND}-pixel band" if name == "boundary IoU" else name
