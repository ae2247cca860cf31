"""The exercises of 08: other right answers pass, and each wrong one gets the sentence that helps."""

from statistics import mean, variance

import torch
from exercise_answers import Answers

from course_lib.lectures.l08_the_whole_picture import exercises as MODULE


def holds(differences, bound, quantile, *, interval=True, correction=1, root=True):
    values = torch.tensor(differences, dtype=torch.float64)
    half = quantile * values.std(correction=correction) / (len(values) ** 0.5 if root else 1)
    return values.mean() - (half if interval else 0) > bound


def front(table):
    return sorted(
        n
        for n, (cost, score) in table.items()
        if all(c > cost or s < score or (c, s) == (cost, score) for c, s in table.values())
    )


def banded(labels, width):
    rows, columns = labels.shape
    windows = [
        labels[max(0, y - width) : y + width + 1, max(0, x - width) : x + width + 1]
        for y in range(rows)
        for x in range(columns)
    ]
    return torch.stack([(window != window[0, 0]).any() for window in windows]).view(rows, columns)


RIGHT = {
    MODULE.affordable: [lambda t, limit: max([(0, ""), *((s, n) for n, (m, s) in t.items() if m <= limit)])[1]],
    MODULE.band: [banded, lambda labels, width: banded(labels, width).int()],
    MODULE.holds: [holds, lambda *a: bool(holds(*a)), lambda *a: int(holds(*a))],
    MODULE.front: [front],
    MODULE.bench: [("d", "b"), "B D", "(b), (d)."],
}
WRONG = {
    MODULE.affordable: {
        "it does not fit": lambda t, limit: max(t, key=lambda n: t[n][1]),
        "That is the smallest": lambda t, limit: min(t, key=lambda n: t[n][0]),
        "just the limit fits": lambda t, limit: max(
            (n for n in t if t[n][0] < limit), key=lambda n: t[n][1], default=""
        ),
        "should be a name, found int 75": lambda t, limit: max(s for m, s in t.values() if m <= limit),
    },
    MODULE.band: {
        "That is the inside": lambda x, w: ~banded(x, w),
        "The band is one pixel too wide": lambda x, w: banded(x, w + 1),
        "has shape (10,), expected (2, 5)": lambda x, w: banded(x, w).flatten(),
        "values differ": lambda x, w: torch.ones_like(x),
    },
    MODULE.holds: {
        "The mean alone is not enough": lambda *a: holds(*a, interval=False),
        "divide the deviation by the root": lambda *a: holds(*a, root=False),
        "by the number of seeds minus one": lambda *a: holds(*a, correction=0),
        "Are the inputs taken in their order": lambda differences, quantile, bound: holds(differences, bound, quantile),
        "Not every seed must lie above": lambda differences, bound, quantile: min(differences) > bound,
        "not only above 0": lambda d, bound, quantile: holds(d, 0, quantile),
        "are not enough: the interval decides": lambda d, bound, q: mean(d) >= bound and holds(d, 0, q),
        "speaks for the other network": lambda d, *rest: holds([abs(sum(d)) / sum(d) * value for value in d], *rest),
        "the deviation is its root": lambda d, bound, q: mean(d) - q * variance(d) / len(d) ** 0.5 > bound,
        "wider interval than 1.96": lambda differences, bound, quantile: holds(differences, bound, 1.96),
        "touches the bound": lambda d, bound, q: holds(d, bound, q) or min(d) == max(d) == bound,
        "should be True or False, found str 'holds'": lambda *a: "holds",
        "found True, expected False": lambda *a: True,
    },
    MODULE.front: {
        "That is only the best score": lambda t: [max(t, key=lambda n: t[n][1])],
        "That is only the cheapest": lambda t: [min(t, key=lambda n: t[n][0])],
        "a ratio": lambda t: [max(t, key=lambda n: t[n][1] / t[n][0])],
        "not by cost": lambda t: sorted(front(t), key=lambda n: -t[n][0]),
        "not in the table's": lambda t: [n for n in t if n in front(t)],
        "not from cheap to dear": lambda t: sorted(front(t), key=lambda n: t[n][0]),
        "meet itself": lambda t: sorted(n for n in t if not any(c <= t[n][0] and s >= t[n][1] for c, s in t.values())),
        "(cost, score), in this order": lambda t: front({n: (cost, score) for n, (score, cost) in t.items()}),
        "That is every name": sorted,
        "Twins stay": lambda t: sorted(
            n for n in t if not any(c <= t[n][0] and s >= t[n][1] for o, (c, s) in t.items() if o != n)
        ),
        "equal cost and a lower score is out, too": lambda t: sorted(
            n for n in t if not any(c < t[n][0] and s > t[n][1] for c, s in t.values())
        ),
    },
    MODULE.bench: {
        "a does not follow: 89.76 / 54.17": "abd",
        "b follows too: 0.76 points": "d",
        "c does not follow: mean IoU is over all": "bcd",
        "d follows too: 79.79": "b",
        "e does not follow: one data set": "bde",
    },
}


class TestAnswers(Answers):
    module, right, wrong = MODULE, RIGHT, WRONG
