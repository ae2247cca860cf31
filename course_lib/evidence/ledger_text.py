"""How rows of the ledger read: data/claims.md, and the few lines in README.md; for notebooks see figures/ledger_tables.

In come rows, out come words. Where a lecture shows a row is read off the built notebooks, as data: the heading above
the cell that says `evidence("R6")`.
"""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from course_lib import paths
from course_lib.evidence import same_numbers
from course_lib.evidence.claim import KINDS
from course_lib.evidence.verdict import VERDICTS

Row = dict[str, Any]
NAMED = re.compile(r"\bevidence\(([^)]*)\)")
HEADER = ("id", "statement", "kind", "our numbers", "shown under", "measured by")


def markdown(rows: Sequence[Row], notebooks: Path | None = None) -> str:
    """All rows as a page, grouped by verdict, and below them the numbers that the papers print."""
    counts = ", ".join(f"{sum(row['verdict'] == verdict for row in rows)} {verdict}" for verdict in VERDICTS)
    lines = ["# The claims of the course", "", f"{len(rows)} statements: {counts}.", ""]
    shown = sections({row["notebook"] for row in rows}, notebooks)
    for verdict in VERDICTS:
        chosen = [row for row in rows if row["verdict"] == verdict]
        if chosen:
            lines += [f"## {verdict.capitalize()}", "", f"| {' | '.join(HEADER)} |", "|---" * len(HEADER) + "|"]
            lines += [*(line(row, shown.get(row["id"], "")) for row in chosen), ""]
    lines += [*same_numbers.markdown({row["id"]: row for row in rows}), *costs(rows)]
    return "\n".join(lines)


def line(row: Row, section: str = "") -> str:
    """One row of the page, linked to its notebook, to the section with its figure, and to its function."""
    module, _, function = row["function"].rpartition(".")
    source = f"[{function}](../{module.replace('.', '/')}.py)"
    notebook = f"../notebooks/{row['notebook']}.ipynb"
    where = f"[{section}]({notebook}#{anchor(section)})" if section else ""
    statement = row["statement"] + (f" *{row['remark']}*" if row["remark"] else "")
    cells = (f"[{row['id']}]({notebook})", statement, KINDS[row["kind"]], headline(row), where, source)
    return f"| {' | '.join(cells)} |"


def sections(notebooks: Iterable[str], folder: Path | None = None) -> dict[str, str]:
    """For each claim that a built notebook shows, the heading above it; nothing for notebooks that are not there."""
    folder = folder or paths.data().parent / "notebooks"
    found: dict[str, str] = {}
    for name in sorted(notebooks):
        path = folder / f"{name}.ipynb"
        if path.is_file():
            found |= {id: title for id, title in shown_in(json.loads(path.read_text("utf-8"))).items() if title}
    return found


def shown_in(notebook: dict[str, Any]) -> dict[str, str]:
    """The claims that a notebook shows, each with the heading it stands under, or without when there is none yet."""
    heading, found = "", {}
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            outside_code = re.sub(r"^```.*?^```", "", source, flags=re.DOTALL | re.MULTILINE)
            titles = re.findall(r"^##\s+(.+?)\s*$", outside_code, flags=re.MULTILINE)
            heading = titles[-1] if titles else heading
        elif cell["cell_type"] == "code":
            for ids in NAMED.findall(source):
                found |= {id: heading for id in re.findall(r"[\"']([A-Z]\d+)[\"']", ids) if id not in found}
    return found


def anchor(heading: str) -> str:
    """The name that Jupyter gives a heading."""
    plain = re.sub(r"[`*]|\[([^]]*)\]\([^)]*\)", r"\1", heading)
    return quote(plain.replace(" ", "-"), safe="-_.,:!'+")


def numbers(row: Row) -> str:
    """What was measured, in one cell of a table."""
    parts = []
    for name, mean in row["mean"].items():
        spread = f" ± {row['deviation'][name]:.3g}" if len(row["seeds"]) > 1 else ""
        parts.append(f"{name} {mean:.4g}{spread}")
    parts += [f"{name}: {found}" for name, found, _ in row["facts"][:4]]
    return "; ".join(parts).replace("|", "\\|")


def headline(row: Row) -> str:
    """The one comparison that decides a measured row; all numbers of another."""
    if "core" not in row:
        return numbers(row)
    core = row["core"]
    low, high = core["interval"]
    more = core["seeds that would decide"]
    seeds = f"; about {more} seeds would decide" if more else ""
    bound = f"bound {core['bound']:g}: {core['why']}"
    return f"{core['name']} {core['mean']:.3g} ({low:.3g} to {high:.3g}, {len(row['seeds'])} seeds); {bound}{seeds}"


def costs(rows: Sequence[Row]) -> list[str]:
    """What the rows take from nothing, the dearest first, in lines of the page."""
    dear = sorted((row for row in rows if row["cpu_seconds"] >= 1), key=lambda row: -row["cpu_seconds"])
    total = sum(row["cpu_seconds"] for row in rows)
    rest = total - sum(row["cpu_seconds"] for row in dear)
    lines = [f"| {row['id']} | {row['cpu_seconds']:.0f} | {len(row['seeds'])} |" for row in dear]
    return [
        "## What it costs", "",
        f"All rows from nothing take at most {total:.0f} CPU seconds, {total / 3600:.1f} hours: rows that share a "
        "training each bear its cost.", "",
        "| row | CPU seconds | seeds |", "|---|---|---|", *lines,
        f"| the other {len(rows) - len(dear)} | {rest:.0f} | |", "",
    ]  # fmt: skip


def differences(row: Row) -> list[Row]:
    """Every comparison of a row, the one that decides first."""
    return [*([row["core"]] if "core" in row else []), *row["differences"]]


def short(rows: Iterable[Row]) -> str:
    """The ledger in a few lines, for README.md."""
    rows = list(rows)
    lines = ["| verdict | statements | |", "|---|---|---|"]
    for verdict in VERDICTS:
        ids = [row["id"] for row in rows if row["verdict"] == verdict]
        lines.append(f"| {verdict} | {len(ids)} | {' '.join(ids)} |")
    return "\n".join([*lines, "", "Every row, with its numbers: [data/claims.md](data/claims.md)."])
