"""The exercises of 04: the recurrence, spans and wasted weights, holes, and schedules of rates without them."""

import math
from collections.abc import Sequence

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise
from course_lib.checking.outcome import NotYet
from course_lib.lectures.l04_receptive_field_dilation.exercises_context import context as context
from course_lib.lectures.l04_receptive_field_dilation.exercises_spread import spread as spread

Layers = Sequence[tuple[int, int, int]]


def _field(layers: Layers) -> int:
    field, jump = 1, 1
    for kernel, stride, rate in layers:
        field += (kernel - 1) * rate * jump
        jump *= stride
    return field


def _jumped_before(layers: Layers) -> int:
    field, jump = 1, 1
    for kernel, stride, rate in layers:
        jump *= stride
        field += (kernel - 1) * rate * jump
    return field


def _own_stride(layers: Layers) -> int:
    return 1 + sum((kernel - 1) * stride * rate for kernel, stride, rate in layers)


def _one_jump(layers: Layers) -> int:
    before = [1, *(stride for _, stride, _ in layers)]
    return 1 + sum((kernel - 1) * rate * jump for (kernel, _, rate), jump in zip(layers, before))


def _steps_and_one(layers: Layers) -> int:
    strides = [math.prod(stride for _, stride, _ in layers[:index]) for index in range(len(layers))]
    return 1 + sum(kernel * rate * jump for (kernel, _, rate), jump in zip(layers, strides))


@exercise(
    "4.1",
    hints=(
        "Walk through the layers with two numbers: the field, and the jump, how many pixels lie between two cells.",
        "A layer adds (kernel - 1) * rate steps, each as long as the jump before it.",
        "field += (kernel - 1) * rate * jump, and only then jump *= stride. Both begin at 1.",
    ),
    solution=_field,
)
def field(answer, *, draw: Draw) -> None:
    """The recurrence: my_field(layers) for layers as (kernel, stride, rate); a pool is a layer like any other.

    3x3, 2x2 pool, 3x3: my_field([(3, 1, 1), (2, 2, 1), (3, 1, 1)]) is 8.
    """
    vgg = [*[(3, 1, 1)] * 2, (2, 2, 1), *[(3, 1, 1)] * 2, (2, 2, 1), *([*[(3, 1, 1)] * 3, (2, 2, 1)] * 3)]
    cases = [
        [(3, 1, 1), (3, 1, 1)],
        [(3, 1, 1), (3, 1, 4), (5, 1, 1)],
        [(3, 1, 1), (2, 2, 1), (3, 1, 1), (3, 1, 1)],  # on 3x3, pool, 3x3 alone several slips give the same number
        [(3, 1, 1), (2, 2, 1), (3, 1, 1)],
        vgg,
        [*vgg[:9], *vgg[10:13], *[(3, 1, 2)] * 3, (7, 1, 4)],
    ]

    def layer() -> tuple[int, int, int]:
        return draw.one_of((1, 2, 3, 3, 5, 7)), draw.whole(1, 3), draw.whole(1, 6)

    expect.function(
        answer,
        _field,
        [(case,) for case in cases],
        drawn=(([layer() for _ in range(count)],) for count in draw.apart(2, 9, 4)),
        what="the field of {0}",
        slips={
            "The rate is not used: a 3x3 at rate 4 reaches 4 cells to each side.": lambda layers: _field(
                [(kernel, stride, 1) for kernel, stride, _ in layers]
            ),
            "The jump is not used: after a pool one cell is two pixels.": lambda layers: _field(
                [(kernel, 1, rate) for kernel, _, rate in layers]
            ),
            "A layer's own stride counts only for the layers after it: multiply the jump last.": _jumped_before,
            "Kernel sizes look added up: two 3x3 see 5, not 6, because they overlap.": lambda layers: sum(
                kernel for kernel, *_ in layers
            ),
            "The pools (even kernels) are left out: they read, too.": lambda layers: _field(
                [(kernel if kernel % 2 else 1, stride, rate) for kernel, stride, rate in layers]
            ),
            "It begins at 0: a single pixel has a field of 1.": lambda layers: _field(layers) - 1,
            "Stride and rate are exchanged: a layer is (kernel, stride, rate).": lambda layers: _field(
                [(kernel, rate, stride) for kernel, stride, rate in layers]
            ),
            "A layer's own stride does not widen its field: the strides of the layers before it do.": _own_stride,
            "The strides multiply: jump *= stride, not jump = stride.": _one_jump,
            "A kernel of k takes k - 1 steps, not k.": _steps_and_one,
            "That is the field after the first layer: does `return` stand inside the loop?": lambda layers: _field(
                layers[:1]
            ),
            "That is the jump: return the field.": lambda layers: math.prod(stride for _, stride, _ in layers),
        },
    )


def _span(kernel: int, rate: int) -> int:
    return (kernel - 1) * rate + 1


@exercise(
    "4.2",
    hints=(
        "Draw the taps of a 3x3 at rate 2 on one row: how many cells from the first to the last?",
        "There are kernel - 1 steps of `rate` cells between the first tap and the last.",
        "(kernel - 1) * rate + 1: DilatedNet's 7x7 at rate 4 and DeepLab's 3x3 at rate 12 both span 25.",
    ),
    solution=_span,
)
def span(answer, *, draw: Draw) -> None:
    """How wide is a dilated kernel? my_span(kernel, rate)."""
    expect.function(
        answer,
        _span,
        [(5, 3), (3, 2), (3, 1)],
        drawn=((2 * draw.whole(0, 5) + 1, rate) for rate in draw.apart(1, 24, 5)),
        what="the span of {0}x{0} at rate {1}",
        slips={
            "Between three taps lie two steps, not three: (kernel - 1) * rate.": lambda kernel, rate: kernel * rate,
            "That is the way from the first tap to the last: the last cell itself counts, too.": lambda k, r: (
                (k - 1) * r
            ),
            "Rate r leaves r - 1 cells between two taps, not r.": lambda k, r: k + (k - 1) * r,
            "2 * rate + 1 is right for 3x3 only.": lambda kernel, rate: 2 * rate + 1,
            "That is the undilated kernel.": lambda kernel, rate: kernel,
            "Kernel and rate are exchanged: my_span(kernel, rate).": lambda kernel, rate: (rate - 1) * kernel + 1,
        },
    )


def offsets(rates: Sequence[int]) -> set[int]:
    """What the centre reads along one axis through 3x3 layers at these rates."""
    read = {0}
    for rate in rates:
        read = {place + step for place in read for step in (-rate, 0, rate)}
    return read


def _read_share(rates: Sequence[int]) -> float:
    read = {0}
    for rate in rates:
        read = {place + step for place in read for step in (-rate, 0, rate)}
    return (len(read) / (2 * sum(rates) + 1)) ** 2


@exercise(
    "4.3",
    hints=(
        "First along one axis: begin with {0}; each layer adds -rate, 0 and +rate to every place.",
        "The box is 2 * sum(rates) + 1 wide. How many of its places are in your set?",
        "In the square both axes must be read: (places / width) ** 2. Three layers at rate 2: (7 / 13) ** 2.",
    ),
    solution=_read_share,
)
def read_share(answer, *, draw: Draw) -> None:
    """Gridding: my_read_share(rates) is the share of pixels in the field's box that 3x3 layers at these rates read."""
    expect.function(
        answer,
        _read_share,
        [([1],), ([2],), ([2, 2, 2],), ([1, 2, 5],)],
        drawn=((draw.wholes(1, 9, count),) for count in (2, 3, 3, 4)),
        what="the share for rates {0}",
        slips={
            "That is along one axis: in the square it is squared.": lambda rates: _read_share(rates) ** 0.5,
            "That is the share that is not read.": lambda rates: 1 - _read_share(rates),
            "It counts nine places for each layer: places that several layers' steps reach count once.": lambda rates: (
                9 * len(rates) / (2 * sum(rates) + 1) ** 2
            ),
            "That is 1 / rate ** 2 of the largest rate: count the places that are really read.": lambda rates: (
                1 / max(rates) ** 2
            ),
            "That is everything: at rate 2 the places between the taps are never read.": lambda rates: 1,
            "That is how many pixels are read: divide by those of the box.": lambda rates: len(offsets(rates)) ** 2,
            "That is in percent: a share lies between 0 and 1.": lambda rates: 100 * _read_share(rates),
            "That counts ways, and several ways lead to one place: collect the places in a set.": lambda rates: (
                (3 ** len(rates) / (2 * sum(rates) + 1)) ** 2
            ),
            "That is right where all rates are equal: count the places that are really read.": lambda rates: (
                ((2 * len(rates) + 1) / (2 * sum(rates) + 1)) ** 2
            ),
        },
    )


@exercise(
    "4.4",
    hints=(
        "The field is 1 + 2 * the sum of the rates: for 67 they add up to 33.",
        "There is no hole while each rate is at most the width that the layers before it already read.",
        "After rates 1 and 2 seven places in a row are read; after 1, 2, 4 fifteen. DilatedNet: 1, 1, 2, 4, 8, 16, 1.",
    ),
    solution=[1, 2, 4, 8, 16, 2],
)
def schedule(answer) -> None:
    """Design rates for 3x3 layers, at most six of them, whose field is 67 x 67 without a hole: a list of numbers."""
    rates = expect.whole_numbers(answer, what="the rates")
    if len(rates) > 6:
        raise NotYet(f"there are {len(rates)} layers, at most 6 are allowed")
    width = 1 + 2 * sum(rates)
    if width != 67:
        more = "more" if width < 67 else "less"
        near = " 35 is the module that circulates: the rate 16 is missing." if width == 35 else ""
        raise NotYet(f"the field is {width} x {width}, expected 67 x 67: {more} is needed.{near}")
    missed = sorted(set(range(-33, 34)) - offsets(rates))
    if missed:
        share = _read_share(rates)
        raise NotYet(
            f"the field is 67 x 67 and has holes: only {share:.1%} of its pixels are read",
            f"the first place to the right that nothing reads is {min(place for place in missed if place > 0)}",
            "A rate may be at most as large as the width that the other layers read together.",
        )


def _valid_share(side: int, rate: int) -> float:
    valid = side + 2 * max(side - rate, 0)
    return (valid / (3 * side)) ** 2


@exercise(
    "4.5",
    hints=(
        "Along one row of `side` cells: at how many places does the left tap fall on the map? And the right one?",
        "The centre tap always does; each of the others at side - rate places, never fewer than 0.",
        "((side + 2 * max(side - rate, 0)) / (3 * side)) ** 2: the square because both axes count.",
    ),
    solution=_valid_share,
)
def valid_share(answer, *, draw: Draw) -> None:
    """Wasted weights: my_valid_share(side, rate) is the share of a padded 3x3's taps that fall on a side x side map.

    The mean over all places. On 65 x 65 cells: 0.98 at rate 1, 0.665 at rate 18, 1/9 from rate 65 on.
    """
    expect.function(
        answer,
        _valid_share,
        [(3, 1), (4, 3), (65, 18), (65, 80)],
        drawn=(
            case for side in draw.apart(5, 60, 3) for case in ((side, draw.whole(1, side)), (side, side + side // 3))
        ),
        what="the share at rate {1} on {0} x {0} cells",
        slips={
            "That is along one axis: in the square it is squared.": lambda n, r: _valid_share(n, r) ** 0.5,
            "That is the share that is wasted.": lambda n, r: 1 - _valid_share(n, r),
            "That is the share of places where all nine taps fall on the map.": lambda n, r: (
                max(n - 2 * r, 0) ** 2 / n**2
            ),
            "From rate = side on only the centre is left: side - rate must not become negative.": lambda n, r: (
                ((3 * n - 2 * r) / (3 * n)) ** 2
            ),
            "The border is counted at one end only: a tap falls off at either side.": lambda n, r: (
                ((3 * n - r) / (3 * n)) ** 2
            ),
            "That is the share for a tap in a corner: those in the middle fall off less often.": lambda n, r: (
                (max(n - r, 0) / n) ** 2
            ),
            "That is how many of the nine fall on the map: divide by 9.": lambda n, r: 9 * _valid_share(n, r),
        },
    )
