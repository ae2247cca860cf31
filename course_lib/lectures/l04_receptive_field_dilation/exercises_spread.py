"""The exercise of 04 about the effective field: why it grows with the root of the depth."""

import math

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise


def _spread(kernel: int, layers: int) -> float:
    places = [tap - (kernel - 1) / 2 for tap in range(kernel)]
    variance = sum(place**2 for place in places) / kernel
    return math.sqrt(layers * variance)


@exercise(
    "4.6",
    hints=(
        "Each layer moves a path by one tap, at random. Independent steps: which of their numbers add up?",
        "The variance of one step: the mean of place ** 2 over the taps, which lie from -(kernel - 1) / 2 upwards.",
        "Variances add up: sqrt(layers * variance), with variance 2 / 3 for a 3x3, in general (kernel ** 2 - 1) / 12.",
    ),
    solution=_spread,
)
def spread(answer, *, draw: Draw) -> None:
    """How far does a deep network listen? my_spread(kernel, layers), the standard deviation along one axis.

    So many layers of an odd kernel at stride 1, all weights equal and positive. A pixel counts as often as paths lead
    from it to the unit; the deviation of that distribution is asked. One 3x3 gives 0.816.
    """
    expect.function(
        answer,
        _spread,
        [(3, 1), (3, 4)],
        drawn=((2 * draw.whole(1, 5) + 1, layers) for layers in draw.apart(2, 40, 4)),
        what="the deviation after {1} layers of {0}x{0}",
        slips={
            "It grows with the root of the layers: variances add up, deviations do not.": lambda k, n: (
                n * _spread(k, 1)
            ),
            "That is the variance: the deviation is its root.": lambda k, n: _spread(k, n) ** 2,
            "That is the whole field: paths to its rim are rare.": lambda k, n: n * (k - 1) + 1,
            "That is half the field: paths to its rim are rare.": lambda k, n: n * (k - 1) / 2,
            "The layers are not used: each one adds its variance.": lambda k, n: _spread(k, 1),
            "The variance divides by the number of taps, not by one less.": lambda k, n: (
                _spread(k, n) * math.sqrt(k / (k - 1))
            ),
            "That is right for 3x3 only: a wider kernel steps farther.": lambda k, n: _spread(3, n),
        },
    )
