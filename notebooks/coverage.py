"""COVERAGE.md: every statement that the course set out to teach, with the lecture, the section and the evidence.

The rows of the ledger are found by themselves, under the heading above the cell that shows them. What the ledger does
not hold stands in source/coverage.yml. `make notebooks` writes the page; the lint notices an old one.
"""

import re
from collections.abc import Iterator

from course_lib.evidence import ledger
from course_lib.evidence.claim import KINDS
from course_lib.evidence.ledger import all_claims
from course_lib.evidence.ledger_text import NAMED, anchor
from notebooks.convert import Source

HEAD = """# Coverage

What the course set out to teach, and where it does. Made from the sources by `make notebooks`.

| statement | lecture | section | evidence |
|---|---|---|---|"""


def page(lectures: list[Source], beside: list[dict[str, str]]) -> str:
    """The page: the ledger's statements lecture by lecture, each followed by those of source/coverage.yml."""
    lines, rows = [HEAD], ledger.read()
    for lecture in lectures:
        shown = sections(lecture)
        for claim in (one for one in all_claims() if one.notebook == lecture.name):
            evidence = f"[{claim.id}](../data/claims.md), {KINDS[claim.kind]}"
            verdict = rows.get(claim.id, {}).get("verdict", "not measured yet")
            lines.append(line(claim.statement, lecture.name, shown.get(claim.id, ""), f"{evidence}: {verdict}"))
        for entry in (one for one in beside if one["lecture"] == lecture.name):
            lines.append(line(entry["statement"], lecture.name, heading(lecture, entry["section"]), entry["evidence"]))
    return "\n".join([*lines, ""])


def line(statement: str, lecture: str, section: str, evidence: str) -> str:
    """One row of the table; `|` would end a cell."""
    link = f"[{section}]({lecture}.ipynb#{anchor(section)})" if section else "not shown"
    return f"| {statement} | {lecture[:2]} | {link} | {evidence} |".replace("\n", " ")


def headings(lecture: Source) -> Iterator[tuple[str, str]]:
    """Each cell's code with the heading it stands under, and each heading with no code."""
    title = ""
    for cell in lecture.cells:
        if cell.kind != "markdown":
            yield title, cell.source
            continue
        for found in re.findall(r"^#{2,3} (.+?)\s*$", cell.source, flags=re.MULTILINE):
            title = found
            yield title, ""


def sections(lecture: Source) -> dict[str, str]:
    """For each claim that the lecture shows, the heading above it."""
    return {
        name: title
        for title, code in headings(lecture)
        for call in NAMED.findall(code)
        for name in re.findall(r'"(\w+)"', call)
    }


def heading(lecture: Source, beginning: str) -> str:
    """The heading that begins so; one that is gone is an error."""
    titles = [title for title, code in headings(lecture) if not code]
    found = [title for title in titles if title.startswith(beginning)]
    if not found:
        raise ValueError(
            f"source/coverage.yml: {lecture.name} has no heading that begins with {beginning!r}; it has "
            f"{'; '.join(titles)}"
        )
    return found[0]
