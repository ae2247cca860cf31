"""The pictures of 08: answers side by side, score against cost, and the papers' headlines over the years.

The tables of 08 are in ledger_tables.py.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from torch import Tensor

from course_lib.evidence.published import Headline
from course_lib.figures.answers import side_by_side
from course_lib.figures.scores import scores
from course_lib.figures.style import COLOURS, QUIET, Figure, new, styled
from course_lib.models.families import FAMILIES


@styled
def gallery(
    image: Tensor, truth: Tensor, answers: Mapping[str, Tensor], classes: Sequence[str], colours: Sequence
) -> Figure:
    """A picture, its truth, and what each network answers, four in a row and scored against the truth."""
    words = {name: scores(label, truth, len(classes)) for name, label in answers.items()}
    titled = {f"{name}\n{words[name]}": label for name, label in answers.items()}
    figure = side_by_side(image, truth, titled, 4, classes, colours)
    told = "; ".join(f"{name} {score}" for name, score in words.items())
    figure.alt = f"A picture, its label map, and the answers of {len(answers)} networks: {told}."
    return figure


@styled
def score_against_cost(
    points: Mapping[str, tuple[float, float]], *, cost: str = "parameters", score: str = "mean IoU"
) -> Figure:
    """Each network as a dot, cost to the right and score upwards; a line joins those that no other beats in both."""
    if not points:
        raise ValueError("score_against_cost needs at least one network, as {name: (cost, score)}")
    best = front(points)
    figure, axes = new(size=(8.5, 4.8))
    axis = axes[0, 0]
    for name, (x, y) in points.items():
        leads = name in best
        axis.plot(x, y, marker="o" if leads else "x", color=COLOURS[0] if leads else QUIET, markersize=7)
    line = sorted(points[name] for name in best)
    axis.plot([x for x, _ in line], [y for _, y in line], color=COLOURS[0], linewidth=1, linestyle="--")
    axis.set(xlabel=f"{cost} (less is better)", ylabel=f"{score} (more is better)", xscale="log")
    axis.xaxis.set_major_formatter("{x:,g}")
    axis.xaxis.set_minor_formatter(lambda x, _: f"{x:,g}" if f"{x:e}"[0] in "235" else "")
    axis.tick_params(axis="x", which="minor", labelsize=9)
    axis.margins(x=0.14, y=0.12)
    inches = axis.transScale + axis.transLimits  # to parts of the axes, which are about 7.6 x 4.1 inches
    spots = {name: tuple(inches.transform(point) * (7.6, 4.1)) for name, point in points.items()}
    for name, (right, up) in beside(spots, [spots[name] for name in sorted(best, key=points.get)]).items():
        axis.annotate(name, points[name], xytext=(72 * right, 72 * up), textcoords="offset points", fontsize=9,
                      ha={0: "center"}.get(right, "left" if right > 0 else "right"))  # fmt: skip
    told = ", ".join(f"{name} {x:,.4g} and {y:.3g}" for name, (x, y) in points.items())
    figure.alt = f"Dots of {cost} and {score}: {told}. Not beaten in both: {', '.join(best)}."
    return figure


PLACES = ((0, 0.1), (0, -0.22), (0.1, -0.05), (-0.1, -0.05), (0, 0.26), (0, -0.38))  # inches from a dot to its name


def beside(
    spots: Mapping[str, tuple[float, float]], line: Sequence[tuple[float, float]] = ()
) -> dict[str, tuple[float, float]]:
    """Where each dot's name may stand without covering a name, a dot or the line; spots and answers in inches."""
    taken = [(x - 0.06, y - 0.06, x + 0.06, y + 0.06) for x, y in spots.values()]
    for (x, y), (to_x, to_y) in pairwise(line):
        along = [(x + part * (to_x - x) / 40, y + part * (to_y - y) / 40) for part in range(2, 39)]
        taken += [(a - 0.01, b - 0.01, a + 0.01, b + 0.01) for a, b in along]
    chosen = {}
    for name, (x, y) in sorted(spots.items(), key=lambda item: item[1]):
        wide = 0.075 * len(name)
        for right, up in PLACES:
            left = x + right - (wide / 2 if right == 0 else wide if right < 0 else 0)
            box = (left, y + up, left + wide, y + up + 0.14)
            if not any(a < box[2] and box[0] < c and b < box[3] and box[1] < d for a, b, c, d in taken):
                break
        taken.append(box)
        chosen[name] = (right, up)
    return chosen


def front(points: Mapping[str, tuple[float, float]]) -> list[str]:
    """The names that no other one beats: no other costs no more and scores no less, one of the two truly better."""

    def beaten(one: tuple[float, float]) -> bool:
        return any(x <= one[0] and y >= one[1] and (x, y) != one for x, y in points.values())

    return sorted(name for name, point in points.items() if not beaten(point))


@styled
def headlines(rows: Sequence[Headline]) -> Figure:
    """Published mean IoU over the months of the papers' first versions: filled dots stand for the network alone."""
    if not rows:
        raise ValueError("no headlines: ask published.headlines() for a data set and a split that it has")
    data, split = rows[0].data, rows[0].split
    if any((row.data, row.split) != (data, split) for row in rows):
        raise ValueError("headlines compare only within one data set and one split; choose with data= and split=")
    figure, axes = new(size=(8.5, 4.4))
    axis = axes[0, 0]
    for row in rows:
        year, month = FAMILIES[row.family].first
        axis.plot(year + (month - 1) / 12, row.mean_iou, "o", color=COLOURS[0], markersize=7,
                  fillstyle="none" if row.under else "full")  # fmt: skip
    for family in dict.fromkeys(row.family for row in rows):
        best = max((row for row in rows if row.family == family), key=lambda row: row.mean_iou)
        year, month = FAMILIES[family].first
        axis.annotate(family, (year + (month - 1) / 12, best.mean_iou), xytext=(0, 7), textcoords="offset points",
                      ha="center", fontsize=9)  # fmt: skip
    axis.plot([], [], "o", color=COLOURS[0], label="the network alone")
    axis.plot([], [], "o", color=COLOURS[0], fillstyle="none", label="with more: a CRF, more pictures, several scales")
    axis.legend(loc="lower right")
    axis.set(xlabel="first version of the paper", ylabel="mean IoU (%)", title=f"{data}, {split}")
    axis.xaxis.get_major_locator().set_params(integer=True)
    axis.margins(x=0.08, y=0.14)
    told = ", ".join(f"{row.family} {row.mean_iou:g}{f' with {row.under}' if row.under else ''}" for row in rows)
    figure.alt = f"Published mean IoU in percent on {data}, {split}, by the month of the paper: {told}."
    return figure
