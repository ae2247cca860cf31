"""The crop that changes nothing: a window of the image in which one unit sees exactly what it saw in the whole.

A unit reads only its theoretical box, so a smaller image would do, if every layer's grid fell on the same places and
no border moved into view. `find_window` therefore

1. measures, on shapes alone, by how many pixels the image must grow for every map on the way to grow by whole cells
   (the least common multiple of all strides), and moves the box's edges outwards to that grid;
2. proves the window: on one of the images and on one of noise, in float64, the unit's value and its whole gradient
   must be the same in the crop and in the full image, to 1e-9. If not, it widens the margin, and at last takes the
   whole image.

So a layer whose answer depends on the image's size (a resize to a fixed size, a mean over the image) can make the
computation slower, never different.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

import torch
from torch import Tensor

from .frozen import FrozenNet

GROWTH = 2**7 * 3**3 * 5 * 7  # divisible by every stride in use
WORTH = 0.75  # a crop larger than this share of the image saves nothing
SAME = 1e-9


@dataclass(frozen=True)
class Window:
    """A window of the image, half open, and where the unit lies in the map that the window gives."""

    top: int
    left: int
    bottom: int
    right: int
    pixel: tuple[int, int]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the crop."""
        return self.bottom - self.top, self.right - self.left

    def cut(self, image: Tensor) -> Tensor:
        """The part of an image, or of any map of its size, that lies in the window."""
        return image[..., self.top : self.bottom, self.left : self.right]


def whole(image_size: tuple[int, int], pixel: tuple[int, int]) -> Window:
    """The window that is the image."""
    return Window(0, 0, *image_size, pixel)


def find_window(
    frozen: FrozenNet, images: Tensor, pixel: tuple[int, int], box: tuple[int, int, int, int], *, passes: int
) -> Window:
    """The smallest window proven to leave the unit as it is; the whole image if there is none or it would not pay."""
    height, width = images.shape[-2:]
    everything = whole((height, width), pixel)
    share = (box[2] - box[0]) * (box[3] - box[1]) / (height * width)
    if share > WORTH or passes * (1 - share) < 4:  # the proof itself costs about four passes
        return everything
    steps = _grids(frozen, images)
    if steps is None:
        return everything
    probe, truth = None, None
    for margin in (0, 1, 3):
        window = _aligned(box, pixel, steps, margin, (height, width))
        if window is None or window.size[0] * window.size[1] > WORTH * height * width:
            return everything
        try:
            if probe is None:
                probe = _probe(images)
                truth = _value_and_gradient(frozen, probe, everything)
            if _same(truth, _value_and_gradient(frozen, probe, window)):
                return window
        except (RuntimeError, ValueError, IndexError):
            continue  # too small an image for this network, or one that does not run in float64: never an error of ours
    return everything


@dataclass(frozen=True)
class _Grid:
    """Along one axis: the pixels by which every map moves in whole cells, and the stride of the layer asked for."""

    step: int
    stride: Fraction


def _grids(frozen: FrozenNet, images: Tensor) -> tuple[_Grid, _Grid] | None:
    """The two grids, read off the shapes of all maps when the image grows; None where maps do not grow evenly."""
    shape = list(images[:1].shape)
    found = []
    try:
        before = frozen.shapes(shape)
        for axis in (2, 3):
            larger = [length + GROWTH * (index == axis) for index, length in enumerate(shape)]
            grid = _grid(before, frozen.shapes(larger), axis, limit=shape[axis])
            if grid is None:
                return None
            found.append(grid)
    except Exception:  # a network that cannot run on shapes alone is looked at whole
        return None
    return found[0], found[1]


def _grid(before: list[tuple[int, ...]], after: list[tuple[int, ...]], axis: int, *, limit: int) -> _Grid | None:
    if [len(shape) for shape in before] != [len(shape) for shape in after]:
        return None
    grown = {b - a for old, new in zip(before, after) for a, b in zip(old, new)} - {0}
    of_layer = after[-1][axis] - before[-1][axis]
    if of_layer <= 0 or min(grown) < 0:
        return None
    step = lcm(*(Fraction(GROWTH, cells).numerator for cells in grown))
    return _Grid(step, Fraction(GROWTH, of_layer)) if step < limit else None


def _aligned(
    box: tuple[int, int, int, int],
    pixel: tuple[int, int],
    grids: tuple[_Grid, _Grid],
    margin: int,
    image_size: tuple[int, int],
) -> Window | None:
    """The box with its edges moved out to the grid, and `margin` steps further; sizes keep their remainder."""
    edges, moved = [], []
    for axis in (0, 1):
        step, length = grids[axis].step, image_size[axis]
        low = max(0, box[axis] // step - margin) * step
        high = length - max(0, (length - box[axis + 2]) // step - margin) * step
        shift = Fraction(low) / grids[axis].stride
        if shift.denominator != 1:
            return None
        edges.append((low, high))
        moved.append(pixel[axis] - int(shift))
    (top, bottom), (left, right) = edges
    return Window(top, left, bottom, right, (moved[0], moved[1]))


def _probe(images: Tensor) -> Tensor:
    first = images[:1].detach().cpu().double()
    noise = torch.randn(first.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.cat([first, noise * first.std().clamp_min(1e-3) + first.mean()])


def _value_and_gradient(frozen: FrozenNet, probe: Tensor, window: Window) -> tuple[Tensor, Tensor]:
    """The unit's channels, and the gradient of their sum with fixed signs, laid back into the image."""
    image = window.cut(probe).clone().requires_grad_()
    y, x = window.pixel
    if y < 0 or x < 0:
        raise IndexError("the unit lies outside the crop's map")
    with torch.enable_grad():
        value = frozen(image, dtype=torch.float64)[:, :, y, x]
        signs = torch.where(torch.arange(value.shape[1], device=value.device) % 3 == 1, -1.0, 1.0)
        (gradient,) = torch.autograd.grad((value * signs).sum(), image)
    full = torch.zeros_like(probe)
    window.cut(full).copy_(gradient)
    return value.detach(), full


def _same(truth: tuple[Tensor, Tensor], guess: tuple[Tensor, Tensor]) -> bool:
    return all(
        bool(torch.isfinite(one).all()) and float((one - other).abs().max()) <= SAME * float(one.abs().max())
        for one, other in zip(truth, guess)
    )
