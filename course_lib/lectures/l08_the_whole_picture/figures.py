"""The pictures of 08: answers side by side, score against cost, and the papers' headlines over the years.

The tables of 08 are in ledger_tables.py.
"""

from collections.abc import Mapping, Sequence

from torch import Tensor

from course_lib.evidence.published import Headline
from course_lib.figures.answers import side_by_side
from course_lib.figures.scores import scores
from course_lib.figures.style import COLOURS, QUIET, Figure, new, styled
from course_lib.models import written
from course_lib.models.families import FAMILIES


@styled
def gallery(
    image: Tensor, truth: Tensor, answers: Mapping[str, Tensor], classes: Sequence[str], colours: Sequence
) -> Figure:
    """A picture, its truth, and what each network answers, four in a row and scored against the truth."""
    words = {written.network(name): scores(label, truth, len(classes)) for name, label in answers.items()}
    titled = {f"{name}\n{score}": label for (name, score), label in zip(words.items(), answers.values())}
    figure = side_by_side(image, truth, titled, 4, classes, colours)
    told = "; ".join(f"{name} {score}" for name, score in words.items())
    figure.alt = f"A picture, its label map, and the answers of {len(answers)} networks: {told}."
    return figure


@styled
def score_against_cost(
    points: Mapping[str, tuple[float, Sequence[float]]], *, cost: str = "parameters", score: str = "mean IoU"
) -> Figure:
    """Each network as a dot, cost to the right and score upwards; a line joins those that no other beats in both.

    points: {name: (cost, one score for each seed)}. The dot is the mean, the seeds are short lines above and below it.
    """
    if not points:
        raise ValueError("score_against_cost needs at least one network, as {name: (cost, [score, ...])}")
    means = {name: (x, sum(scores) / len(scores)) for name, (x, scores) in points.items()}
    best = front(means)
    figure, axes = new(size=(8.5, 4.8))
    axis = axes[0, 0]
    for name, (x, y) in means.items():
        leads, seeds = name in best, points[name][1]
        axis.plot([x] * len(seeds), seeds, "-", marker="_", color=QUIET, markersize=8, linewidth=1)
        axis.plot(x, y, marker="o" if leads else "x", color=COLOURS[0] if leads else QUIET, markersize=7)
    line = sorted(means[name] for name in best)
    axis.plot([x for x, _ in line], [y for _, y in line], color=COLOURS[0], linewidth=1, linestyle="--")
    axis.set(xlabel=f"{cost} (less is better)", ylabel=f"{score} (more is better)")
    axis.margins(x=0.2, y=0.15)
    places = {name: axis.transLimits.transform(mean) for name, mean in means.items()}  # 0 to 1 on both axes
    for name, mean in means.items():
        beside = [abs(place - places[name]) for place in places.values() if place[1] < places[name][1]]
        above = any(x < 0.25 and y < 0.05 for x, y in beside)  # else two names would share a line
        axis.annotate(name, mean, xytext=(8, 5 if above else -14), textcoords="offset points", fontsize=9)
    told = ", ".join(f"{name} {x:,.4g} and {y:.3g}" for name, (x, y) in means.items())
    spread = ", ".join(f"{name} {min(scores):.3g} to {max(scores):.3g}" for name, (_, scores) in points.items())
    figure.alt = f"Dots of {cost} and {score}: {told}. By seed: {spread}. Not beaten in both: {', '.join(best)}."
    return figure


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
