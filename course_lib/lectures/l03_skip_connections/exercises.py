"""The exercises of 03: the residual sum, the dense block and its channels, U-Net's size and its concatenation."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise
from course_lib.lectures.l03_skip_connections.exercises_channels import channels as channels
from course_lib.lectures.l03_skip_connections.exercises_channels import slope as slope
from course_lib.lectures.l03_skip_connections.exercises_channels import unet_side as unet_side
from course_lib.models.blocks import centre_crop


def _residual(x: Tensor, changed: Tensor, weight: Tensor | None, stride: int) -> Tensor:
    shortcut = x if weight is None else F.conv2d(x, weight, stride=stride)
    return F.relu(changed + shortcut)


@exercise(
    "3.2",
    hints=(
        "Two maps are added: what the block's convolutions made of x, and x itself.",
        "If weight is not None the shapes differ: a 1x1 convolution, F.conv2d(x, weight, stride=stride), matches them.",
        "ResNet's last ReLU comes after the sum.",
    ),
    solution=_residual,
)
def residual(answer, *, draw: Draw) -> None:
    """The end of a residual block: my_residual(x, changed, weight, stride).

    `changed` is what the block's convolutions made of x. `weight` belongs to the 1x1 convolution of the shortcut; it is
    None where the shapes agree.
    """

    def case(before: int, after: int, side: int, stride: int) -> tuple:
        x = draw.normal(2, before, side, side + 2, scale=5)
        changed = draw.normal(2, after, -(-side // stride), -(-(side + 2) // stride), scale=5)
        same = before == after and stride == 1
        return x, changed, None if same else draw.normal(after, before, 1, 1), stride

    def drawn() -> Iterator[tuple]:
        few, more = draw.apart(2, 6, 2)
        for before, after, stride in ((few, few, 1), (few, few, 2), (few, more, 1), (more, few, draw.whole(2, 3))):
            yield case(before, after, draw.whole(3, 8), stride)

    example = torch.tensor([[[[1.0, -2, 3]]]]), torch.tensor([[[[2.0, 1, -9]]]]), None, 1

    def shortcut(x: Tensor, weight: Tensor | None, stride: int) -> Tensor:
        return x if weight is None else F.conv2d(x, weight, stride=stride)

    expect.function(
        answer,
        _residual,
        [example],
        drawn=drawn(),
        what="the block's output",
        slips={
            "The ReLU after the sum is missing.": lambda x, c, w, s: c + shortcut(x, w, s),
            "The ReLU stands before the sum: what is added could then only grow.": lambda x, c, w, s: (
                F.relu(c) + shortcut(x, w, s)
            ),
            "The input went through a ReLU of its own: one ReLU, after the sum.": lambda x, c, w, s: (
                F.relu(c) + F.relu(shortcut(x, w, s))
            ),
            "The shortcut is missing: add the block's input.": lambda x, c, w, s: F.relu(c),
            "It looks concatenated: ResNet adds. DenseNet concatenates.": lambda x, c, w, s: F.relu(
                torch.cat([c, shortcut(x, w, s)], dim=1)
            ),
            "The activation is ReLU6: ReLU has no ceiling.": lambda *a: F.relu6(_residual(*a)),
            "The activation is a sigmoid: it should be ReLU.": lambda x, c, w, s: (c + shortcut(x, w, s)).sigmoid(),
            "The sum looks halved: ResNet adds, it does not average.": lambda x, c, w, s: _residual(x, c, w, s) / 2,
        },
    )


def _dense_block(x: Tensor, layers: list[Callable]) -> Tensor:
    maps = [x]
    for layer in layers:
        maps.append(layer(torch.cat(maps, dim=1)))
    return torch.cat(maps, dim=1)


def _stack(x: Tensor, layers: list[Callable]) -> list[Tensor]:
    widths = [x.shape[1], *(layer.growth for layer in layers)]
    return list(_dense_block(x, layers).split(widths, dim=1))


def _chain(x: Tensor, layers: list[Callable]) -> list[Tensor]:
    maps = [x]
    for layer in layers:
        maps.append(layer(maps[-1]))
    return maps


def _added(x: Tensor, layers: list[Callable]) -> Tensor:
    for layer in layers:
        x = x + layer(x)
    return x


def _in_front(x: Tensor, layers: list[Callable]) -> Tensor:
    for layer in layers:
        x = torch.cat([layer(x), x], dim=1)
    return x


class _Layer:
    """Stands for BN, ReLU and convolution: `growth` maps of both signs, each another mixture of all maps it reads."""

    def __init__(self, growth: int, draw: Draw):
        self.growth, self._shares = growth, draw.normal(growth, 40, 1, 1)

    def __call__(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self._shares[:, : x.shape[1]])


@exercise(
    "3.3",
    hints=(
        "Keep a list of maps that begins with x. What does each layer read?",
        "Each layer reads the concatenation of all maps so far, and its own maps join the list.",
        "maps.append(layer(torch.cat(maps, dim=1))) for every layer; the whole list, concatenated, goes out.",
    ),
    solution=_dense_block,
)
def dense_block(answer, *, draw: Draw) -> None:
    """A dense block: my_dense_block(x, layers); out go x and all new maps, concatenated in the order they were made."""

    def case(before: int, growths: list[int]) -> tuple[Tensor, list[Callable]]:
        return draw.normal(2, before, 2, 3, scale=5), [_Layer(growth, draw) for growth in growths]

    expect.function(
        answer,
        _dense_block,
        drawn=(
            case(draw.whole(1, 4), draw.wholes(1, 3, 2)),
            case(draw.whole(2, 4), draw.wholes(2, 3, 3)),
            case(1, [1, 1, 1, 1]),
        ),
        cases=[],
        what="the block's output",
        slips={
            "Each layer reads only the layer before it: it should read x and all earlier maps.": lambda x, layers: (
                torch.cat(_chain(x, layers), dim=1)
            ),
            "Each layer reads only x: it should read the maps of the layers before it, too.": lambda x, layers: (
                torch.cat([x, *(layer(x) for layer in layers)], dim=1)
            ),
            "Only the last layer's maps go out, and each layer read only the one before it: that is a chain.": (
                lambda x, layers: _chain(x, layers)[-1]
            ),
            "It looks added: DenseNet concatenates, with torch.cat(..., dim=1). ResNet adds.": _added,
            "Only the new maps go out: x belongs to them.": lambda x, layers: _dense_block(x, layers)[:, x.shape[1] :],
            "Only the last layer's maps go out.": lambda x, layers: _dense_block(x, layers)[:, -layers[-1].growth :],
            "The last layer's maps are missing.": lambda x, layers: _dense_block(x, layers)[:, : -layers[-1].growth],
            "The order is turned around: x comes first, the newest maps last.": lambda x, layers: torch.cat(
                _stack(x, layers)[::-1], dim=1
            ),
            "New maps were put in front, so that each layer reads them in another order: x comes first.": _in_front,
        },
    )


def _join(up: Tensor, copy: Tensor) -> Tensor:
    height, width = up.shape[-2:]
    top, left = (copy.shape[-2] - height) // 2, (copy.shape[-1] - width) // 2
    return torch.cat([copy[..., top : top + height, left : left + width], up], dim=1)


@exercise(
    "3.5",
    hints=(
        "The copy is larger, because the convolutions on the other way round have eaten the border. Which one to cut?",
        "Cut the copy's centre: top = (copy height - up height) // 2, left alike.",
        "torch.cat([cropped copy, up], dim=1): in the paper's figure the copy comes first.",
    ),
    solution=_join,
)
def join(answer, *, draw: Draw) -> None:
    """U-Net's skip: my_join(up, copy) crops the copy in the centre and concatenates, the copy first."""

    def case(maps: int, height: int, width: int, *more: int) -> tuple[Tensor, Tensor]:
        copy = draw.normal(2, draw.whole(1, 4), height + more[0], width + more[1], scale=5)
        return draw.normal(2, maps, height, width, scale=5), copy

    example = torch.full((1, 1, 1, 2), 50.0), torch.arange(12.0).view(1, 1, 3, 4)
    expect.function(
        answer,
        lambda up, copy: torch.cat([centre_crop(copy, up.shape[-2:]), up], dim=1),
        [example],
        drawn=(case(*draw.wholes(2, 6, 3), *draw.apart(2, 7, 2)) for _ in range(3)),
        what="the joined map",
        slips={
            "The order is turned around: the copy comes first in the paper's figure.": lambda up, copy: torch.cat(
                [up, centre_crop(copy, up.shape[-2:])], dim=1
            ),
            "The copy is cropped at its corner: take the centre.": lambda up, copy: torch.cat(
                [copy[..., : up.shape[-2], : up.shape[-1]], up], dim=1
            ),
            "Rows and columns may lose different numbers of cells: each needs a margin of its own.": _one_margin,
            "Only the cropped copy goes out: `up` belongs to it.": lambda up, copy: centre_crop(copy, up.shape[-2:]),
            "That is a bigger batch: maps are put beside each other with dim=1.": lambda up, copy: torch.cat(
                [centre_crop(copy, up.shape[-2:]), up]
            ),
            "A ReLU stands at the end: joining leaves the values alone.": lambda up, copy: torch.cat(
                [centre_crop(copy, up.shape[-2:]), up], dim=1
            ).relu(),
            "It looks added: FCN adds, U-Net concatenates.": lambda up, copy: up + centre_crop(copy, up.shape[-2:]),
            "The copy is resized: crop it, its values stay as they are.": lambda up, copy: torch.cat(
                [F.interpolate(copy, size=up.shape[-2:], mode="bilinear"), up], dim=1
            ),
            "The small map was padded to the copy's size: U-Net crops the large one instead.": lambda up, copy: (
                torch.cat([copy, _padded(up, copy)], dim=1)
            ),
        },
    )


def _one_margin(up: Tensor, copy: Tensor) -> Tensor:
    margin = (copy.shape[-2] - up.shape[-2]) // 2
    return torch.cat([copy[..., margin:, margin:][..., : up.shape[-2], : up.shape[-1]], up], dim=1)


def _padded(up: Tensor, copy: Tensor) -> Tensor:
    down, right = copy.shape[-2] - up.shape[-2], copy.shape[-1] - up.shape[-1]
    return F.pad(up, (right // 2, right - right // 2, down // 2, down - down // 2))
