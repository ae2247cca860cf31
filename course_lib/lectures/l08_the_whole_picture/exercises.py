"""The exercises of 08: when a measured difference counts, which networks are worth a thought, what a table shows."""

from collections.abc import Iterator

from course_lib.checking import expect
from course_lib.checking.draw import Draw
from course_lib.checking.exercise import exercise
from course_lib.lectures.l08_the_whole_picture.exercises_choice import affordable as affordable
from course_lib.lectures.l08_the_whole_picture.exercises_choice import band as band

# two-sided 95 % quantiles of Student's t for 3, 4, 5 and 6 seeds
QUANTILES = {3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571}


def _holds(differences: list[float], bound: float, quantile: float) -> bool:
    count = len(differences)
    mean = sum(differences) / count
    variance = sum((value - mean) ** 2 for value in differences) / (count - 1)
    half = quantile * (variance / count) ** 0.5
    return mean - half > bound


@exercise(
    "8.1",
    hints=(
        "Chance alone must not carry the mean over the bound: the whole interval has to lie above it.",
        "The 95 % interval is mean - half to mean + half, half = quantile * deviation / sqrt(number of seeds).",
        "The deviation divides by the number of seeds minus one. Holds: mean - half > bound.",
    ),
    solution=_holds,
)
def holds(answer, *, draw: Draw) -> None:
    """The ledger's rule: my_holds(differences, bound, quantile) is True if a measured difference holds.

    `differences` has one number for each seed. The statement holds if the 95 % interval of their mean, mean +- quantile
    * standard deviation / sqrt(seeds), lies above the bound.
    """
    cases = [
        [0.202, 0.216, 0.197], [0.122, -0.332, -0.036, 0.364, 0.192, -0.077],
        [0.019, 0.031, 0.023, 0.019, 0.022, 0.011], [0.025, 0.045, 0.065], [0.058, 0.205, 0.103, 0.15, 0.103, 0.214],
        [-0.465, 0.079, -0.379, -0.146, -0.216], [0.287, 0.253, 0.015, -0.007, 0.336],
        [0.08, 0.12, 0.14, 0.029, 0.13, 0.11], [0.045, 0.035, 0.029], [0.05, 0.062, 0.08],
        [0.241, 0.084, -0.257, -0.159, 0.194, -0.13], [0.275, -0.198, 0.073], [-0.102, -0.097, -0.107, -0.078],
        [0.081, 0.003, -0.009, 0.067, 0.012], [0.03, 0.03, 0.03], [0.304, 0.023, 0.18, -0.392, 0.158, 0.315],
        [0.05, 0.06, 0.07],  # does not hold with the root of one seed less
    ]  # fmt: skip

    def drawn() -> Iterator[tuple[list[float], float, float]]:
        """Cases of both answers, none so close to a bound that rounding decides."""
        for _ in range(60):
            values = (draw.normal(draw.whole(3, 6), scale=0.02) + draw.whole(-1, 8) / 100).tolist()
            bound, quantile = draw.whole(1, 5) / 100, QUANTILES[len(values)]
            if abs(mean(values) - half(values, quantile) - bound) > 1e-3:
                yield values, bound, quantile

    def mean(values: list[float]) -> float:
        return sum(values) / len(values)

    def half(values: list[float], quantile: float, *, less: int = 1, power: float = 0.5, root: float = 0.5) -> float:
        variance = sum((value - mean(values)) ** 2 for value in values) / (len(values) - less)
        return quantile * variance**power / len(values) ** root

    def careless(values: list[float], bound: float, quantile: float, **slip: float) -> bool:
        return mean(values) - half(values, quantile, **slip) > bound

    expect.function(
        answer,
        _holds,
        [(values, 0.03, QUANTILES[len(values)]) for values in cases],
        drawn=drawn(),
        what="whether {0} holds (bound {1}, quantile {2})",
        slips={
            "By your rule nothing holds. Are the inputs taken in their order: differences, bound, quantile?": (
                lambda v, b, q: _holds(v, q, b)
            ),
            "Not every seed must lie above the bound, and where all do, chance may still reach it.": (
                lambda v, b, q: min(v) > b
            ),
            "The interval must stay above the bound, not only above 0.": lambda v, b, q: _holds(v, 0, q),
            "The mean above the bound and the interval above 0 are not enough: the interval decides.": (
                lambda v, b, q: mean(v) >= b and _holds(v, 0, q)
            ),
            "The mean alone is not enough: the interval must stay above the bound.": lambda v, b, q: mean(v) > b,
            "That is the median: the rule takes the mean.": lambda v, b, q: (
                sorted(v)[len(v) // 2] / 2 + sorted(v)[(len(v) - 1) // 2] / 2 - half(v, q) > b
            ),
            "A difference below 0 speaks for the other network: no absolute values.": lambda v, b, q: _holds(
                [abs(mean(v)) + value - mean(v) for value in v], b, q
            ),
            "That is the variance: the deviation is its root.": lambda v, b, q: careless(v, b, q, power=1),
            "The interval is that of the mean: divide the deviation by the root of the seeds.": lambda v, b, q: (
                careless(v, b, q, root=0)
            ),
            "Take the quantile that is given: few seeds need a wider interval than 1.96 deviations.": lambda v, b, q: (
                careless(v, b, 1.96)
            ),
            "An interval that touches the bound leaves the question undecided: it does not hold.": lambda v, b, q: (
                mean(v) - half(v, q) >= b
            ),
            "The deviation divides by the number of seeds minus one.": lambda v, b, q: careless(v, b, q, less=0),
        },
    )


def _front(table: dict[str, tuple[float, float]]) -> list[str]:
    best = []
    for name, (cost, score) in sorted(table.items()):
        others = [other for key, other in table.items() if key != name]
        if not any(c <= cost and s >= score and (c, s) != (cost, score) for c, s in others):
            best.append(name)
    return best


@exercise(
    "8.2",
    hints=(
        "When is a network out of the question? When another costs no more and scores no less, and is not its twin.",
        "The cheapest and the best are always in. Those between them have to earn their place.",
        "Keep a name if no other has cost <= its cost and score >= its score, one of them truly better.",
    ),
    solution=_front,
)
def front(answer, *, draw: Draw) -> None:
    """Which networks are worth a thought? my_front(table) for {name: (cost, score)}: the names, in alphabetical order.

    A network is out if another one costs no more and scores no less, and is better in one of the two.
    """
    published = {
        "no decoder": (68.00, 79.17), "decoder": (89.76, 79.93), "separable": (54.17, 79.79),
    }  # fmt: skip
    expect.function(
        answer,
        _front,
        [
            ({"b": (2, 7), "a": (1, 3), "c": (3, 8)},),
            (published,),
            ({"v": (1, 6), "u": (2, 5)},),
            ({"p": (1, 1), "q": (1, 2), "r": (2, 2), "s": (3, 4), "t": (5, 4)},),
            ({"x": (4, 9), "y": (4, 9), "z": (7, 8), "w": (9, 9.5)},),
        ],
        drawn=(
            (
                {
                    name: (draw.whole(1, 9), draw.whole(1, 9))
                    for name in ("".join("bdeagcf"[i] for i in draw.apart(0, 6, 3)) for _ in range(count))
                },
            )
            for count in (5, 6, 7)
        ),
        what="the networks worth a thought of {0}",
        slips={
            "That is only the best score: a cheaper network may be worth its loss.": lambda t: [
                max(t, key=lambda name: t[name][1])
            ],
            "That is only the cheapest.": lambda t: [min(t, key=lambda name: t[name][0])],
            "That is the best score for its cost, a ratio; several networks may be worth a thought.": lambda t: [
                max(t, key=lambda name: t[name][1] / t[name][0])
            ],
            "The names are right; give them in alphabetical order, not by cost.": lambda t: sorted(
                _front(t), key=lambda name: -t[name][0]
            ),
            "The names are right; give them in alphabetical order, not in the table's.": lambda t: [
                name for name in t if name in _front(t)
            ],
            "The names are right; give them in alphabetical order, not from cheap to dear.": lambda t: sorted(
                _front(t), key=lambda name: t[name][0]
            ),
            "Does each network meet itself there? It costs no more and scores no less than itself.": lambda t: [],
            "The numbers come as (cost, score), in this order.": lambda t: _front({n: t[n][::-1] for n in t}),
            "That is every name: some are beaten by another in both numbers.": sorted,
            "Twins stay, both of them: with equal cost and equal score neither is better.": lambda t: sorted(
                n for n in _front(t) if list(t.values()).count(t[n]) == 1
            ),
            "A network with equal cost and a lower score is out, too.": lambda t: sorted(
                n for n in t if not any(c < t[n][0] and s > t[n][1] for c, s in t.values())
            ),
        },
    )


@exercise(
    "8.3",
    hints=(
        "Compare one row with the one above: what was added, what changed in each column?",
        "Against the plain decoder separable convolutions save 40 % of the multiply-adds. What do they cost?",
        "Two of the five follow. Which column would tell about time, or about edges?",
    ),
    solution="bd",
)
def bench(answer) -> None:
    """Which statements follow from DeepLab v3+'s table of costs? Answer with letters, such as "ac".

    Xception-65, output stride 16 (Chen et al. 2018, Table 5; VOC 2012 validation)
                                             mean IoU   multiply-adds
        no decoder                           79.17       68.00 billion
        decoder                              79.93       89.76 billion
        decoder and ASPP separable           79.79       54.17 billion

    a  Separable convolutions make the network 1.66 times as fast.
    b  The decoder gains less than one point and costs about a third more multiply-adds.
    c  The decoder's gain lies at the edges of objects.
    d  Decoder and separable convolutions together are better and cheaper than neither.
    e  Separable convolutions lose accuracy on every data set.
    """
    why = {
        "a": "89.76 / 54.17 = 1.66 counts multiply-adds. Time does not fall as much: depthwise layers wait for memory.",
        "b": "0.76 points for 89.76 / 68.00 = 1.32 times the multiply-adds.",
        "c": "mean IoU is over all pixels. The paper measures edges elsewhere, with a trimap.",
        "d": "79.79 against 79.17, 54.17 against 68.00 billion.",
        "e": "one data set and 0.14 points: no rule follows.",
    }
    expect.statements(answer, "bd", why)
