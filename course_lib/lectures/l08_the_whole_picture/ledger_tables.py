"""The ledger as tables to look at: all statements by verdict, and what follows for the choice of a network.

They fold out in a notebook and print as lines elsewhere.
"""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from course_lib.datasets.pairs import check_name
from course_lib.evidence import ledger, ledger_text, same_numbers
from course_lib.evidence.verdict import VERDICTS
from course_lib.lectures.l08_the_whole_picture.lineage import counted
from course_lib.models.families import FAMILIES

LEFT = 'style="text-align:left;vertical-align:top"'
NOT_YET = "not measured yet"
SCORES = ("mIoU", "edge IoU")  # of the bench


class Table:
    """Groups of rows under titles; in a notebook each title folds its rows out."""

    def __init__(self, header: Sequence[str], groups: dict[str, list[tuple[str, ...]]], opened: bool):
        self.header, self.groups, self.opened = tuple(header), groups, opened

    def __repr__(self) -> str:
        lines = []
        for title, rows in self.groups.items():
            lines += [title, *["  " + " | ".join(cell for cell in row if cell) for row in rows]]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f"<th {LEFT}>{html.escape(cell)}</th>" for cell in self.header)
        parts = []
        for title, rows in self.groups.items():
            lines = ["".join(f"<td {LEFT}>{html.escape(cell)}</td>" for cell in row) for row in rows]
            body = "".join(f"<tr>{line}</tr>" for line in lines)
            table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
            state = " open" if self.opened else ""
            parts.append(f"<details{state}><summary><b>{html.escape(title)}</b></summary>{table}</details>")
        return "".join(parts)


def statements(verdict: str | None = None, *, lecture: str | int | None = None) -> Table:
    """The rows of the ledger by verdict; of one verdict, or of one lecture ("07"), if asked."""
    if verdict:
        check_name(verdict, VERDICTS, "verdict")
    begin = "" if lecture is None else str(lecture).zfill(2)
    rows = [row for row in ledger.read().values() if row["notebook"].startswith(begin)]
    if not rows:
        raise ValueError(f"no statements of lecture {lecture!r}: name it by its number, such as '07'")
    groups = {}
    for one in [verdict] if verdict else VERDICTS:
        found = [row for row in rows if row["verdict"] == one]
        groups[f"{one}: {len(found)} of {len(rows)}"] = [
            (row["id"], row["statement"] + (f" {row['remark']}" if row["remark"] else ""), ledger_text.headline(row))
            for row in found
        ]
    return Table(("id", "statement", "our numbers"), groups, opened=verdict is not None)


def steps() -> Table:
    """The arrows of the lineage: the problem that the later paper names, and what differs between the two networks."""
    lines = [
        (f"{parent} to {name}", FAMILIES[name].problem, what, str(before), str(after))
        for (parent, name), changes in counted().items()
        for what, (before, after) in changes.items()
    ]
    return Table(("step", "problem", "what changed", "before", "after"), {"Counted on the networks": lines}, True)


@dataclass(frozen=True)
class Advice:
    """If your pictures are so, take this, because of a comparison of the ledger's row: its core one unless named."""

    when: str
    take: str
    row: str
    comparison: str = ""


ADVICE = (
    Advice("Edges and thin things count", "skips from encoder to decoder: U-Net, FC-DenseNet", "S6"),
    Advice("... and the encoder ends at a coarse stride", "a decoder with a low-level feature: DeepLab v3+", "V9"),
    Advice("... and there is no room to keep whole maps", "the places of the maxima: SegNet, DeconvNet", "D3"),
    Advice("Large things come out in pieces", "a larger field: dilation, at equal weights", "R5"),
    Advice("... and their texture is fine", "mixed rates, not one rate again and again", "R6"),
    Advice("A faraway clue names the thing", "one average of the whole picture: image pooling", "V3"),
    Advice("... and two things in one picture need two answers", "bins: PSPNet", "P2", "pyramid over global"),
    Advice("What decides is near for some things and far for others", "several rates side by side: ASPP", "L7"),
    Advice("Training is over, and outlines are sharp in the picture", "a dense CRF behind the scores", "L5"),
    Advice("Weights must be few", "separable or narrow plain layers: time both", "V5", "over plain and narrow"),
)  # fmt: skip


def choices() -> Table:
    """Which network when: each piece of advice beside the measured difference that speaks for it, or does not."""
    rows = ledger.read()
    lines = [(one.when, one.take, *spoken(rows.get(one.row), one)) for one in ADVICE]
    return Table(("your pictures", "take", "difference, 95 % interval", "from"), {"Which to choose when": lines}, True)


def spoken(row: dict[str, Any] | None, advice: Advice) -> tuple[str, str]:
    """The difference in words, and the row with its verdict."""
    if row is None:
        return NOT_YET, advice.row
    found = {one["name"]: one for one in ledger_text.differences(row)}
    if advice.comparison and advice.comparison not in found:
        raise ValueError(f"{advice.row} compares {', '.join(found)}, not {advice.comparison!r}")
    one = found[advice.comparison] if advice.comparison else row["core"]
    low, high = one["interval"]
    sure = "" if low > 0 else "; may be chance"
    return f"{one['name']}: {one['mean']:+.2f} ({low:+.2f} to {high:+.2f}){sure}", f"{advice.row}: {row['verdict']}"


BENCH = ("network", "mean IoU", "edges", "steps", "multiply-adds", "parameters", "memory kept", "time")
BENCHES = {
    "W1": "photographs, ImageNet body, equal multiply-adds, each to its plateau or a cap",
    "W6": "photographs, small body, random start, equal multiply-adds, each to its plateau or a cap",
    "W4": "painted avenues, random start, equal multiply-adds, each to its plateau or a cap",
    "W5": "painted avenues, random start, equal parameters, each to its plateau or a cap",
}


def bench() -> Table:
    """All families side by side on each bench: the scores, and the costs of the very networks that were scored."""
    rows = ledger.read()
    groups = {
        f"{id}: {title}; {len(rows[id]['seeds'])} seeds": [
            on_the_bench(rows[id], name) for name in rows[id]["settings"]["bench"]
        ]
        for id, title in BENCHES.items()
        if id in rows
    }
    if not groups:
        return Table(("",), {"All families on one bench": [(NOT_YET,)]}, True)
    return Table(BENCH, groups, True)


def standings() -> Table:
    """The families on painted scenes, on photographs and in the papers: mean IoU alone."""
    rows = ledger.read()
    lines = [line.cells(rows) for line in same_numbers.LINES if line.ids() & BENCHES.keys()]
    return Table(same_numbers.HEADER, {"One question, three worlds": lines}, True)


def on_the_bench(row: dict[str, Any], name: str) -> tuple[str, ...]:
    """One line of the bench."""
    keys, costs = [f"{what}, {name}" for what in SCORES], row["settings"]["bench"][name]
    return (
        name,
        *(f"{row['mean'][key]:.3f}\u00a0±\u00a0{row['deviation'][key]:.3f}" for key in keys),
        f"{row['mean'][f'steps, {name}']:.0f}",
        f"{costs['multiply-adds'] / 1e6:.0f} M",
        f"{costs['parameters'] / 1e6:.2f} M",
        f"{costs['bytes kept to learn'] / 1e6:.3g} MB",
        f"{row['mean'][f'time, {name}']:.2f}",
    )


def bench_points(cost: str, score: str, *, row: str) -> dict[str, tuple[float, list[float]]]:
    """A bench as {network: (cost, one score for each seed)}; names as in its row, such as "time" and "mIoU"."""
    told = ledger.read()[row]
    exact = told["settings"]["bench"]
    known = [*next(iter(exact.values())), "time"]
    if cost not in known:
        raise ValueError(f"no cost {cost!r}, expected one of {', '.join(known)}")
    if score not in SCORES:
        raise ValueError(f"no score {score!r}, expected one of {', '.join(SCORES)}")
    costs = {name: told["mean"][f"time, {name}"] if cost == "time" else one[cost] for name, one in exact.items()}
    return {name: (paid, told["values"][f"{score}, {name}"]) for name, paid in costs.items()}
