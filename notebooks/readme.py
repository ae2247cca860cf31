"""The table of notebooks in README.md, made from the sources so that it never drifts."""

from pathlib import Path

from notebooks import build, convert, first_cell

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- lectures: made by `make notebooks` -->", "<!-- end of lectures -->"


def write() -> None:
    """Puts the table between its two marks."""
    README.write_text(with_table(README.read_text()))


def with_table(text: str) -> str:
    before, _, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"README.md must hold the two lines {BEGIN!r} and {END!r}")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def table() -> str:
    lines = ["| notebook | you will be able to | minutes | Colab |", "|---|---|---|---|"]
    for path in build.sources():
        front = convert.parse(path.stem, path.read_text()).front
        link = f"[{path.stem[:2]} {front['title']}](notebooks/{path.stem}.ipynb)"
        badge = first_cell.badge(path.stem) or "after the first release"
        lines.append(f"| {link} | {'; '.join(front['able'])} | {front['read_minutes']} | {badge} |")
    return "\n".join(lines)
