"""The evidence for a statement, as a lecture shows it: verdict, one number with its spread, and behind a fold the rest.

    evidence("R6")         one card
    evidence("R1", "R3")   several, below each other

In come rows of the ledger; nothing is measured here.
"""

import difflib
import html
from collections.abc import Iterator, Sequence
from typing import Any

from course_lib.evidence import ledger, ledger_text, same_numbers
from course_lib.evidence.ledger import all_claims
from course_lib.figures.style import COLOURS, QUIET, Figure, new, styled

CELL = 'style="text-align:left;padding:2px 12px 2px 0"'
WITHIN = 30  # means that differ by more than this factor are not drawn on one axis


def evidence(*ids: str) -> "Cards":
    """The rows of these claims, to look at."""
    rows, known = ledger.read(), {claim.id: claim for claim in all_claims()}
    for name in ids:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.1)
            raise ValueError(f"no claim {name!r}; the nearest are {', '.join(near)}")
    return Cards([rows.get(name) or known[name].words() for name in ids])


class Cards:
    """Rows of the ledger that show themselves: as cards in a notebook, as lines elsewhere."""

    def __init__(self, rows: Sequence[dict[str, Any]]):
        self.rows = rows

    def __repr__(self) -> str:
        return "\n".join(f"{row['id']} {row.get('verdict', 'not measured yet')}: {_numbers(row)}" for row in self.rows)

    def _repr_html_(self) -> str:
        return "".join(card(row) for row in self.rows)


def card(row: dict[str, Any]) -> str:
    """One row as HTML: the statement, and one line that unfolds; words take the page's own colours."""
    statement = f'<p style="margin:2px 0"><b>{row["id"]}</b> · <span>{_words(row["statement"])}</span></p>'
    how = f"<details><summary>{_headline(row)}</summary>{''.join(_how(row))}</details>"
    return f'<div style="border-left:4px solid {QUIET};padding:2px 12px;margin:8px 0">{statement}{how}</div>'


def _headline(row: dict[str, Any]) -> str:
    """What a folded card shows: the verdict, the one number with its spread, and a small picture of both."""
    asked = "How this was measured"
    if "verdict" not in row:
        return f"<b>not measured yet</b> · <u>{asked}</u>"
    if "core" not in row:
        right = sum(found == stated for _, found, stated in row["facts"])
        return f"<b>{row['verdict']}</b> · <span>{right} of {len(row['facts'])} as stated</span> · <u>{asked}</u>"
    core = row["core"]
    low, high = core["interval"]
    number = f"<span>{core['name']}</span> <b>{core['mean']:.3g}</b>"
    spread = f"<span>95 % interval</span> <span>{low:.3g} to {high:.3g}</span>, <span>{len(row['seeds'])} seeds</span>"
    bound = f"<span>bound</span> {core['bound']:g}"
    shown = small(row)._repr_html_()
    return f"<b>{row['verdict']}</b> · {number} ({spread}; {bound}) {shown} <u>{asked}</u>"


def _how(row: dict[str, Any]) -> Iterator[str]:
    """Everything else, behind the fold."""
    if "core" in row:
        yield _decided(row["core"])
    if "verdict" in row:
        yield from _measured(row)
    yield f"<p>{_repeat(row)}</p>"


def _measured(row: dict[str, Any]) -> Iterator[str]:
    """The same question elsewhere, what was counted or published, a remark, and every value."""
    if painted := _painted(row):
        yield _table((("the same question", "compared", "difference", "verdict"), *painted))
    if row["facts"]:
        facts = [
            (name, _value(found), "✓" if found == stated else f"✗ stated: {_value(stated)}")
            for name, found, stated in row["facts"]
        ]
        yield _table((("counted", "found", ""), *facts))
    if row["paper"]:
        yield f"<p>Published: {_words(row['paper'])}</p>"
    if same := same_numbers.of_row(row["id"], ledger.read()):
        yield _table((same_numbers.HEADER, *same))
    if row["remark"]:
        yield f"<p><i>{_words(row['remark'])}</i></p>"
    if numbers := "".join(_numbers_of(row)):
        yield f"<p>All numbers; they decide nothing</p>{numbers}"


def _decided(core: dict[str, Any]) -> str:
    """Which values were compared, and why with this bound."""
    seeds = core["seeds that would decide"]
    more = f" With such a spread about {seeds} seeds would decide." if seeds else ""
    compared = _words(" - ".join(filter(None, (core["more"], core["less"]))))
    why = f"<p>Why this bound: {_words(core['why'])}.{more}</p>"
    return f"<p><span>what decides</span>: <code>{compared}</code></p>{why}"


def _numbers_of(row: dict[str, Any]) -> Iterator[str]:
    """Every measured value, and the differences that are shown beside the one that decides."""
    if len(row["seeds"]) > 1 and row["values"]:
        yield per_seed(row)._repr_html_()
    elif row["values"]:
        yield _table((("measured", "value"), *[(name, f"{value:.4g}") for name, value in row["mean"].items()]))
    if row["differences"]:
        head = ("also compared, seed by seed", "difference", "95 % interval")
        yield _table((head, *map(_compared, row["differences"])))


def _compared(found: dict[str, Any]) -> tuple[str, ...]:
    low, high = found["interval"]
    return found["name"], f"{found['mean']:.3g}", f"{low:.3g} to {high:.3g}"


def _painted(row: dict[str, Any]) -> list[tuple[str, ...]]:
    """What decides here, on photographs, and beside it the comparison of the row on painted scenes."""
    other, name = row.get("painted") or ("", "")
    there = ledger.read().get(other)
    if there is None:
        return []
    found = next(one for one in ledger_text.differences(there) if one["name"] == name)
    both = (("here, on photographs", row["core"], row), (f"on painted scenes ({other})", found, there))
    return [(where, one["name"], f"{one['mean']:.3g}", of["verdict"]) for where, one, of in both]


def _repeat(row: dict[str, Any]) -> str:
    """Where it comes from, and the command that measures it again."""
    module, _, function = row["function"].rpartition(".")
    spent = f", {row['cpu_seconds']:.0f} processor seconds" if row.get("cpu_seconds", 0) >= 1 else ""
    seeds = f"{len(row['seeds'])} seeds{spent}. " if len(row.get("seeds", ())) > 1 else ""
    tests = " Asserted by " + ", ".join(f"<code>{test}</code>" for test in row["tests"]) + "." if row["tests"] else ""
    again = f"<code>python -m course_lib.claims --only {row['id']}</code>"
    measured = f"Measured by <code>{function}</code> in <code>{module}</code>; again: {again}."
    return f"<small>{seeds}{measured}{tests}</small>"


@styled
def small(row: dict[str, Any]) -> Figure:
    """The comparison that decides: its mean as a dot, the interval as a bar, the bound as an upright line."""
    core = row["core"]
    low, high = core["interval"]
    figure, axes = new(size=(2.6, 0.34))
    axis = axes[0, 0]
    axis.plot([low, high], [0, 0], color=COLOURS[0], linewidth=3)
    axis.plot([core["mean"]], [0], "o", color=COLOURS[0], markersize=7)
    axis.plot([core["bound"]] * 2, [-0.7, 1.8], color=COLOURS[1], linewidth=2)
    above = core["mean"] > core["bound"]
    axis.text(core["bound"], 0.9, " bound ", ha="right" if above else "left", va="center", fontsize=8)
    left, right = min(low, core["bound"]), max(high, core["bound"])
    room = (right - left) / 2
    axis.set_xlim(left - room * above, right + room * (not above))
    axis.set_ylim(-0.9, 1.9)
    axis.set_axis_off()
    figure.alt = f"The bar from {low:.3g} to {high:.3g} and the bound at {core['bound']:g}: {core['verdict']}."
    return figure


@styled
def per_seed(row: dict[str, Any]) -> Figure:
    """One line for each thing measured, one dot for each seed, a bar at the mean."""
    groups = _groups(row["values"], row["mean"])
    heights = [len(names) + 0.9 for names in groups]
    figure, axes = new(len(groups), 1, size=(8.5, 0.27 * sum(heights) + 0.1), height_ratios=heights)
    for axis, names in zip(axes[:, 0], groups):
        for line, name in enumerate(names):
            values = row["values"][name]
            axis.plot(values, [line] * len(values), "o", color=COLOURS[0], alpha=0.6, markersize=5, markeredgewidth=0)
            axis.plot([row["mean"][name]] * 2, [line - 0.32, line + 0.32], color=COLOURS[1], linewidth=2)
            told = f"{row['mean'][name]:.3g} ± {row['deviation'][name]:.2g}"
            axis.text(1.01, line, told, transform=axis.get_yaxis_transform(), va="center", fontsize=9)
        axis.set_yticks(range(len(names)), names)
        axis.set_ylim(len(names) - 0.4, -0.6)
        axis.grid(axis="x")
        axis.tick_params(axis="y", length=0)
        if _is_share(row["values"], names):
            axis.set_xlim(-0.02, 1.02)
    figure.alt = f"{row['id']}, one dot a seed, mean and standard deviation: {_numbers(row)}."
    return figure


def _groups(values: dict[str, list[float]], means: dict[str, float]) -> list[list[str]]:
    """Names that can share an axis: all shares together; the rest too, or by the words before the comma."""
    families: dict[str, list[str]] = {}
    for name in values:
        families.setdefault(name.split(",")[0], []).append(name)
    shares = [name for names in families.values() if _is_share(values, names) for name in names]
    rest = [name for name in values if name not in shares]
    sizes = [abs(means[name]) for name in rest if means[name]]
    if sizes and max(sizes) < WITHIN * min(sizes):
        return [names for names in (shares, rest) if names]
    return [names for names in (shares, *families.values()) if names and (names is shares or names[0] not in shares)]


def _is_share(values: dict[str, list[float]], names: Sequence[str]) -> bool:
    return all(0 <= value <= 1 for name in names for value in values[name])


def _numbers(row: dict[str, Any]) -> str:
    return ledger_text.numbers(row) if "verdict" in row else row["statement"]


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value in ([], {}):
        return "none"
    return html.escape(str(value).replace("'", ""))


def _words(text: str) -> str:
    return html.escape(text, quote=False)


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    lines = ["<tr>" + "".join(f'<th scope="col" {CELL}>{name}</th>' for name in head) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td {CELL}>{cell}</td>" for cell in row) + "</tr>" for row in body]
    return f"<table>{''.join(lines)}</table>"
