"""The exercises of 02 about places: where a maximum came from, and how often a stamp lands on each cell."""

import torch
from torch import Tensor

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise


def _places(image: Tensor) -> list[int]:
    height, width = image.shape
    found = []
    for top in range(0, height, 2):
        for left in range(0, width, 2):
            inside = [row * width + column for row in (top, top + 1) for column in (left, left + 1)]
            found.append(max(inside, key=lambda place: image[place // width, place % width]))
    return found


@exercise(
    "2.1",
    hints=(
        "Walk over the 2x2 windows, row by row. In each of them, which of the four cells holds the largest value?",
        "A cell's place is one number over the whole map: row * width + column.",
        "For the window at (top, left) the places are (top + i) * width + left + j with i, j in 0, 1; "
        "max(places, key=lambda place: image[place // width, place % width]).",
    ),
    solution=_places,
)
def places(answer, *, draw: Draw) -> None:
    """Where did the maximum come from? my_places(image) lists, for each 2x2 window, the place of its largest value.

    `image` is H x W with even sides. Windows go row by row; a place is row * width + column in the whole image.
    """

    def case(height: int, width: int) -> tuple[Tensor]:
        return (draw.normal(height, width),)

    def inside(image: Tensor) -> list[tuple[int, int]]:
        return [divmod(place, image.shape[1]) for place in _places(image)]

    def by_column(image: Tensor) -> list[int]:
        return torch.tensor(_places(image)).view(image.shape[0] // 2, -1).T.flatten().tolist()

    expect.function(
        answer,
        _places,
        [(torch.tensor([[1.0, 9, 0, 2], [3, 4, 7, 5]]),)],
        drawn=(case(2 * height, 2 * width) for height, width in (draw.apart(1, 4, 2), draw.apart(2, 5, 2))),
        what="the places",
        slips={
            "Those count within the window, from 0 to 3: count over the whole image.": lambda image: [
                2 * (row % 2) + column % 2 for row, column in inside(image)
            ],
            "Rows and columns are exchanged: a place is row * width + column.": lambda image: [
                column * image.shape[0] + row for row, column in inside(image)
            ],
            "Those are the values: give their places.": lambda image: [image[place].item() for place in inside(image)],
            "Those are the smallest values' places.": lambda image: _places(-image),
            "The windows go down the columns: row by row.": by_column,
            "A row has as many places as the image is wide: row * width, not row * height.": lambda image: [
                row * image.shape[0] + column for row, column in inside(image)
            ],
            "Those are the windows' first cells: which of the four is the largest?": lambda image: [
                (row - row % 2) * image.shape[1] + column - column % 2 for row, column in inside(image)
            ],
        },
    )


def _cover(cells: int, kernel: int, stride: int) -> list[int]:
    counts = [0] * ((cells - 1) * stride + kernel)
    for cell in range(cells):
        for step in range(kernel):
            counts[cell * stride + step] += 1
    return counts


@exercise(
    "2.4",
    hints=(
        "Along one row: cell number i stamps the outputs i * stride to i * stride + kernel - 1.",
        "Begin with zeros, (cells - 1) * stride + kernel of them, and add 1 wherever a stamp lands.",
        "counts[cell * stride + step] += 1 for each cell and each step in range(kernel).",
    ),
    solution=_cover,
)
def cover(answer, *, draw: Draw) -> None:
    """Where does a checkerboard come from? my_cover(cells, kernel, stride) counts the stamps on each output of a row.

    A transposed convolution along one row of `cells` cells, without padding.
    """
    expect.function(
        answer,
        _cover,
        [(3, 3, 2), (3, 4, 2)],
        drawn=((cells, *draw.wholes(1, 7, 2)) for cells in draw.apart(2, 9, 5)),
        what="the stamps for {0} cells, kernel {1} and stride {2}",
        slips={
            "The last kernel does not fit: (cells - 1) * stride + kernel outputs are needed.": lambda n, k, s: _cover(
                n, k, s
            )[: n * s],
            "The stride is not used: neighbours lie `stride` outputs apart.": lambda n, k, s: _cover(n, k, 1),
            "Kernel and stride are exchanged: my_cover(cells, kernel, stride).": lambda n, k, s: _cover(n, s, k),
            "An output counts 1 however many stamps land on it: count them all.": lambda n, k, s: [
                min(count, 1) for count in _cover(n, k, s)
            ],
            "Those are the shares of all stamps: count them.": lambda n, k, s: [
                count / (n * k) for count in _cover(n, k, s)
            ],
            "Both ends are cut off: without padding the ends belong to the output.": lambda n, k, s: _cover(n, k, s)[
                1:-1
            ],
        },
    )
