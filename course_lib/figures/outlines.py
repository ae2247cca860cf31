"""A photograph under the answers of several networks, or of one network changed in several ways."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from course_lib import palette
from course_lib.datasets.photos import Photo
from course_lib.figures.style import WIDTH, Figure, class_legend, new, picture, styled
from course_lib.metrics import Confusion
from course_lib.models import written


@styled
def outlines(
    photo: Photo, found: Mapping[str, Tensor], classes: Sequence[str], *, window: tuple[slice, slice], columns: int
) -> Figure:
    """A window of a photograph under each answer, the outline drawn, with the IoU of the photograph's thing.

    The photograph's mask knows background and one thing; the answers are label maps of `classes`, H x W.
    """
    for name, said in found.items():
        if said.shape != photo.mask.shape:
            raise ValueError(f"{name} has shape {tuple(said.shape)}, the mask {tuple(photo.mask.shape)}")
    thing, rows = classes.index(photo.classes[1]), -(-len(found) // columns)
    height, width = photo.mask[window].shape
    figure, axes = new(rows, columns, size=(WIDTH, 0.45 + rows * (WIDTH / columns * height / width + 0.45)))
    told = []
    for axis, (name, said) in zip(axes.flat, found.items()):
        iou = float(Confusion(2).update((said == thing).long(), photo.mask).iou[1])
        tint = palette.paint(said).permute(2, 0, 1).float()
        over = torch.where(said > 0, photo.image.float().lerp(tint, 0.5).byte(), photo.image)
        picture(axis, over[:, window[0], window[1]], f"{written.network(name)}\nIoU {iou:.3f}")
        axis.contour((said == thing)[window].float().numpy(), levels=[0.5], colors="white", linewidths=1.6)
        told.append(f"{written.network(name)} {iou:.3f}")
    for axis in axes.flat[len(found) :]:
        axis.set_axis_off()
    class_legend(figure, classes[1:], colours=palette.ORDER[1:])
    figure.photographs = True
    figure.alt = (
        f"The same part of a photograph of a {photo.classes[1]} under {len(found)} answer{'s' * (len(found) > 1)}. "
        f"IoU of {photo.classes[1]}, on the whole photograph: {', '.join(told)}."
    )
    return figure
