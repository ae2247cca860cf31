"""The dense CRF on a photograph: before, after, and where the two differ, for every knob.

The coarse map is what a network of stride 16 would leave of the mask drawn by hand; `course_lib.crf` does the rest.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib import palette, threads
from course_lib.crf import dense_crf
from course_lib.datasets import photos
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Slider
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import CLASSES, Image, Map, Panel, Readout
from course_lib.metrics import Confusion, trimap_iou

SIDE = 72  # the longer side of the small photograph: every pair of pixels is compared at each step
STRIDE = 8
BAND = 2
CHANGE = (palette.LIGHT, palette.GREEN, palette.VERMILION, palette.PURPLE, palette.VOID_COLOUR)


def crf(photo: str = "cat") -> Explorer:
    """What each knob of the dense CRF does to a coarse map. `photo` is one of `photos.names(masked=True)`."""
    render = Sharpener(photo).render
    controls = [
        Slider(name="iterations", label="Iterations", values=range(0, 11), default=5, play=True),
        Slider(name="w1", label="Weight of appearance", values=(0, 1, 2, 4, 8, 16), default=4),
        Slider(name="theta_xy", label="Reach of appearance", values=(5, 10, 20, 40, 67), default=20, unit="px"),
        Slider(
            name="theta_rgb", label="Tolerance of colour", values=(1, 3, 5, 10, 20, 40), default=5, unit="grey levels"
        ),
        Slider(name="w2", label="Weight of smoothness", values=(0, 1, 3, 6, 12), default=3),
        Slider(name="theta", label="Reach of smoothness", values=(1, 2, 3, 5), default=1, unit="px"),
    ]
    return Explorer(
        render, controls, name="crf", title="The dense CRF, knob by knob", table=False, main=2, guide=GUIDES["crf"]
    )


class Sharpener:
    """A small photograph, its mask and its coarse map."""

    def __init__(self, name: str):
        picture = photos.load(name)
        if picture.mask is None:
            raise ValueError(f"{name!r} has no mask; these have one: {', '.join(photos.names(masked=True))}")
        height, width = picture.mask.shape
        size = [round(side * SIDE / max(height, width)) for side in (height, width)]
        small = F.interpolate(picture.image[None].float(), size=size, mode="area")[0]
        self.image = small.round().to(torch.uint8)
        self.mask = F.interpolate(picture.mask[None, None].float(), size=size, mode="nearest")[0, 0].long()
        probabilities = photos.coarse(name, stride=STRIDE * max(height, width) // SIDE)
        self.unary = F.interpolate(probabilities[None], size=size, mode="bilinear", align_corners=False)[0]
        self.classes = picture.classes
        self.refine = lru_cache(maxsize=256)(self._refine)

    def _refine(self, iterations: int, w1: float, theta_xy: float, theta_rgb: float, w2: float, theta: float) -> Tensor:
        if iterations == 0:
            return self.unary
        return dense_crf(
            self.image,
            self.unary,
            iterations=iterations,
            appearance=(w1, theta_xy, theta_rgb),
            smoothness=(w2, theta),
        )

    @threads.one_thread()  # small maps: a second thread costs more than it brings
    def render(self, **settings: float) -> list[Panel]:
        """The photograph, the labels before and after the CRF, and where they differ."""
        before, after = self.unary.argmax(0), self.refine(**settings).argmax(0)
        names = dict(enumerate(self.classes))
        moved = before != after
        gained, lost = moved & (after == self.mask), moved & (before == self.mask)
        change = 3 * moved.long()
        change[gained], change[lost], change[self.mask == photos.VOID] = 1, 2, 4
        says = {0: "unchanged", 1: "became right", 2: "became wrong", 3: "from wrong to wrong", 4: "void, not counted"}
        return [
            Image(title="Photograph", pixels=self.image.permute(1, 2, 0).numpy()),
            Map(title="Before: a coarse map", values=before.numpy(), colours=CLASSES, names=names),
            Map(title="After", values=after.numpy(), colours=CLASSES, names=names),
            Map(
                title="What changed",
                values=change.numpy(),
                colours=CLASSES,
                names=says,
                palette=CHANGE,
                note=f"{int(gained.sum()):,} pixels became right, {int(lost.sum()):,} wrong.",
            ),
            Readout(title="In numbers", rows=self._scores(before, after)),
        ]

    def _scores(self, before: Tensor, after: Tensor) -> list[tuple[str, str]]:
        count, rows = len(self.classes), []
        for when, label in (("before", before), ("after", after)):
            scores = Confusion(count).update(label, self.mask)
            rows.append((f"Pixel accuracy {when}", f"{scores.pixel_accuracy:.4f}"))
            rows.append((f"Mean IoU {when}", f"{scores.mean_iou:.4f}"))
            rows.append((f"IoU in a {BAND}-pixel band {when}", f"{trimap_iou(label, self.mask, count, BAND):.4f}"))
        moved = float(np.mean((before != after).numpy()))
        return [*rows, ("Pixels that changed class", f"{moved:.1%}")]
