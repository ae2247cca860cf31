"""What the effective and the empirical field ask of the theoretical one, and of who calls them.

In come a network, images and perhaps a `Field` that somebody has already; out come the box, the middle and the words
that both results carry.
"""

from math import isfinite

from torch import Tensor, nn

from ..theoretical import Field, theoretical


def field_for(net: nn.Module, images: Tensor, field: Field | None) -> Field:
    """The field that was given, if it is of images like these; else a new trace."""
    size = tuple(images.shape[-2:])
    if field is None:
        return theoretical(net, image_size=size, channels=images.shape[1])
    if tuple(field.image_size) != size:
        own, theirs = (" x ".join(map(str, numbers)) for numbers in (field.image_size, size))
        raise ValueError(f"the field is of an image of {own}, the images are {theirs}")
    if field.stop_at_global:
        raise ValueError("the field leaves out global branches, the network does not: give one without stop_at_global")
    return field


def box_of(field: Field, pixel: tuple[int, int], layer: str | None) -> tuple[int, int, int, int]:
    """The pixel's box, or an error when it reads nothing of the image."""
    box = field.box(pixel, layer)
    if box is None:
        raise ValueError(f"pixel {pixel} of {layer or 'the output'} reads no pixel of the image, only padding")
    return box


def centre_of(field: Field, pixel: tuple[int, int], layer: str | None) -> tuple[float, float]:
    """The middle of the pixel's field as it would be without borders, in input pixels."""
    box = box_of(field, pixel, layer)
    centre = []
    for axis in (0, 1):
        middle = (box[axis] + box[axis + 2] - 1) / 2
        if box[axis] == 0 or box[axis + 2] == field.image_size[axis]:
            unclipped = field.offset(layer)[axis] + field.stride(layer)[axis] * pixel[axis]
            middle = unclipped if isfinite(unclipped) else middle
        centre.append(float(middle))
    return centre[0], centre[1]


def known_training(net: nn.Module, said: bool | None) -> bool | None:
    """What the caller said, else what the network carries in an attribute `trained`, else None."""
    carried = getattr(net, "trained", None)
    return said if said is not None else carried if isinstance(carried, bool) else None


def words_for(trained: bool | None) -> str:
    """For people: which weights these are."""
    return {True: "trained weights", False: "random weights", None: "weights unknown (random or trained)"}[trained]
