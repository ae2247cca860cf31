"""The exercises of 02: unpooling, transposed convolution by hand, and what circulating code gets wrong."""

import torch
from torch import Tensor
from torch.nn import functional as F

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise
from course_lib.lectures.l02_deconvnet_segnet.exercises_listings import decoder_block as decoder_block
from course_lib.lectures.l02_deconvnet_segnet.exercises_listings import score_layer as score_layer
from course_lib.lectures.l02_deconvnet_segnet.exercises_places import cover as cover
from course_lib.lectures.l02_deconvnet_segnet.exercises_places import places as places


def _unpool(values: Tensor, places: Tensor, size: tuple[int, int]) -> Tensor:
    batch, channels = values.shape[:2]
    empty = torch.zeros(batch, channels, size[0] * size[1])
    return empty.scatter(2, places.flatten(2), values.flatten(2)).view(batch, channels, *size)


def _corner(values: Tensor, places: Tensor, size: tuple[int, int]) -> Tensor:
    enlarged = torch.zeros(*values.shape[:2], 2 * values.shape[2], 2 * values.shape[3])
    enlarged[..., ::2, ::2] = values
    return enlarged[..., : size[0], : size[1]]


@exercise(
    "2.2",
    hints=(
        "A place is one number, counted row by row over the large map of its own channel: row * width + column.",
        "Start from zeros with each map as one long row: torch.zeros(batch, channels, height * width).",
        "empty.scatter(2, places.flatten(2), values.flatten(2)) puts them there; .view makes maps of it.",
    ),
    solution=_unpool,
)
def unpool(answer, *, draw: Draw) -> None:
    """Unpool without nn.MaxUnpool2d: my_unpool(values, places, size) puts each value back where it came from."""

    def case(image: Tensor) -> tuple[Tensor, Tensor, tuple[int, int]]:
        return *F.max_pool2d(image, 2, ceil_mode=True, return_indices=True), tuple(image.shape[-2:])

    def shapes() -> tuple:
        even, odd = [2 * n for n in draw.apart(2, 5, 2)], [2 * n + 1 for n in draw.apart(1, 5, 2)]
        return (2, draw.whole(2, 3), *even), (draw.whole(2, 3), draw.whole(3, 5), *odd)

    expect.function(
        answer,
        lambda values, places, size: F.max_unpool2d(values, places, 2, output_size=size),
        [case(torch.tensor([[[[0.1, 0.7, 0.2, 0.3], [0.4, 0.5, 0.6, 0.0]]]]))],
        drawn=(case(draw.normal(*shape, scale=5)) for shape in shapes()),
        what="the unpooled map",
        slips={
            "Each value went to the top left of its 2x2 window: `places` says where it belongs.": _corner,
            "Each value fills its whole window: unpooling leaves three of four cells at 0.": lambda v, p, size: (
                F.interpolate(v, scale_factor=2)[..., : size[0], : size[1]]
            ),
            "Rows and columns are exchanged: a place is row * width + column.": lambda v, p, size: _unpool(
                v, p % size[1] * size[0] + p // size[1], size
            ),
            "All channels went to the places of the first: each channel has its own.": lambda v, p, size: _unpool(
                v, p[:, :1].expand_as(p), size
            ),
            "All images went to the places of the first: each image has its own.": lambda v, p, size: _unpool(
                v, p[:1].expand_as(p), size
            ),
            "The large map is `size`, not twice the small one: an odd side was rounded up by the pool.": (
                lambda v, p, size: F.max_unpool2d(v, p, 2)
            ),
        },
    )


def _transposed(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    height, width = image.shape
    rows, columns = kernel.shape
    out = torch.zeros((height - 1) * stride + rows, (width - 1) * stride + columns)
    for y in range(height):
        for x in range(width):
            top, left = y * stride, x * stride
            out[top : top + rows, left : left + columns] += image[y, x] * kernel
    return out


def _overwritten(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
    out = torch.zeros_like(_transposed(image, kernel, stride))
    for y in range(image.shape[0]):
        for x in range(image.shape[1]):
            top, left = y * stride, x * stride
            out[top : top + kernel.shape[0], left : left + kernel.shape[1]] = image[y, x] * kernel
    return out


@exercise(
    "2.3",
    hints=(
        "Each pixel stamps the whole kernel, multiplied by its value, into the output.",
        "The stamp of pixel (y, x) begins at (y * stride, x * stride). Where stamps overlap they add up.",
        "The output has (height - 1) * stride + kernel height rows. out[top : top + rows, ...] += image[y, x] * kernel",
    ),
    solution=_transposed,
)
def transposed(answer, *, draw: Draw) -> None:
    """A transposed convolution by hand: my_transposed(image, kernel, stride), both H x W, without padding."""

    def case(stride: int, size: int) -> tuple[Tensor, Tensor, int]:
        rows, columns = draw.apart(2, 5, 2)
        return draw.normal(rows, columns, scale=5), draw.normal(size, size + draw.whole(0, 1), scale=5), stride

    example = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 3.0, 5.0], [2.0, 0.0, 1.0]]), 1

    def reference(image: Tensor, kernel: Tensor, stride: int) -> Tensor:
        return F.conv_transpose2d(image[None, None], kernel[None, None], stride=stride)[0, 0]

    expect.function(
        answer,
        reference,
        [example],
        drawn=(case(*sizes) for sizes in [(2, draw.whole(3, 5)), (3, draw.whole(4, 5)), (draw.whole(3, 4), 2)]),
        what="the enlarged map at stride {2}",
        slips={
            "The kernel is turned around: stamp it as it is.": lambda i, k, s: reference(i, k.flip(0, 1), s),
            "Later stamps replace earlier ones: where they overlap they add up, so += and not =.": _overwritten,
            "The stride is not used: neighbours in the image lie `stride` cells apart in the output.": lambda i, k, s: (
                reference(i, k, 1)
            ),
            "The kernel's rows and columns are exchanged.": lambda i, k, s: reference(i, k.T, s),
            "Every pixel stamped alike: a stamp is the kernel times the pixel's value.": lambda i, k, s: reference(
                torch.ones_like(i), k, s
            ),
            "Image and kernel are exchanged: the image's pixels lie apart, the kernel stays whole.": lambda i, k, s: (
                reference(k, i, s)
            ),
            "A ReLU stands at the end: a stamp may be negative.": lambda *a: reference(*a).relu(),
            "The last kernel does not fit: (height - 1) * stride + kernel rows are needed.": lambda i, k, s: reference(
                i, k, s
            )[: i.shape[0] * s, : i.shape[1] * s],
        },
    )


def _sizes(side: int, pools: int) -> list[int]:
    sizes = [side]
    for _ in range(pools):
        sizes.append((sizes[-1] + 1) // 2)
    return sizes


def _floored(side: int, pools: int) -> list[int]:
    return [side >> index for index in range(pools + 1)]


@exercise(
    "2.5",
    hints=(
        "A 2x2 pool halves the side. What becomes of the last row of an odd one?",
        "SegNet's Caffe pools round up: 45 becomes 23.",
        "(side + 1) // 2 rounds up; begin the list with the image's own side.",
    ),
    solution=_sizes,
)
def sizes(answer, *, draw: Draw) -> None:
    """The sides SegNet must remember: my_sizes(side, pools) lists the image's side and the side after each pool."""
    expect.function(
        answer,
        _sizes,
        [(10, 2), (360, 5)],
        drawn=((side, draw.whole(2, 5)) for side in draw.apart(33, 500, 4)),
        what="the sides for {0} pixels and {1} pools",
        slips={
            "The pools round up, as the authors' Caffe does: 45 becomes 23.": _floored,
            "The list should begin with the image itself.": lambda side, pools: _sizes(side, pools)[1:],
            "That is the way up: list the way down.": lambda side, pools: _sizes(side, pools)[::-1],
            "One pool is missing at the end.": lambda side, pools: _sizes(side, pools)[:-1],
            "These have fractions: a map has whole cells, and SegNet rounds up.": lambda side, pools: [
                side / 2**index for index in range(pools + 1)
            ],
        },
    )


@exercise(
    "2.6",
    hints=(
        "Look at the columns one at a time: which network has the smallest, which the largest number?",
        "DeconvNet's file is 877 / 117 = 7.5 times as large as SegNet's. Is its time as much longer?",
        "Two of the five follow.",
    ),
    solution="ac",
)
def costs(answer) -> None:
    """Which statements follow from SegNet's table of costs? Answer with letters, such as "bd".

    360 x 480 (Badrinarayanan et al. 2017, Table 6)
                      forward ms   backward ms   memory at inference MB   model MB
        SegNet        422.50       488.71        1052                     117
        DeepLab-LFOV  110.06       160.73        1993                      83
        FCN           317.09       484.11        1806                     539
        DeconvNet     474.65       602.15        1872                     877

    a  SegNet needs the least memory at inference.
    b  SegNet is the fastest of the four.
    c  DeconvNet's model is more than seven times as large as SegNet's.
    d  A network with a seven times larger model takes about seven times as long.
    e  The smaller the model, the less memory it needs at inference.
    """
    why = {
        "a": "1052 MB is the smallest of the column.",
        "b": "DeepLab-LFOV takes 110 ms and FCN 317 ms; SegNet takes 422 ms. It is faster than DeconvNet.",
        "c": "877 / 117 = 7.5.",
        "d": "DeconvNet's model is 7.5 times as large and takes 1.12 times as long: its weights are mostly in fc6.",
        "e": "DeepLab-LFOV has the smallest model and needs the most memory: its maps are large.",
    }
    expect.statements(answer, "ac", why)
