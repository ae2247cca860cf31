"""The two tables in README.md, made from the notebooks' sources and from the ledger so that they never drift."""

from pathlib import Path

from course_lib.evidence import ledger, ledger_text
from notebooks import build, convert, first_cell

README = Path(__file__).parents[1] / "README.md"
LECTURES = ("<!-- lectures: made by `make notebooks` -->", "<!-- end of lectures -->")
LEDGER = ("<!-- ledger: made by `make claims` -->", "<!-- end of ledger -->")


def write() -> None:
    """Puts each table between its two marks."""
    README.write_text(with_tables(README.read_text()))


def with_tables(text: str) -> str:
    return between(between(text, LECTURES, lectures()), LEDGER, ledger_text.short(ledger.read().values()))


def between(text: str, marks: tuple[str, str], table: str) -> str:
    begin, end = marks
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"README.md must hold the two lines {begin!r} and {end!r} once each")
    return f"{text.split(begin)[0]}{begin}\n{table}\n{end}{text.split(end)[1]}"


def lectures() -> str:
    lines = ["| notebook | you will be able to | to read | to run | Colab |", "|---|---|---|---|---|"]
    for path in build.sources():
        front = convert.parse(path.stem, path.read_text()).front
        link = f"[{path.stem[:2]} {front['title']}](notebooks/{path.stem}.ipynb)"
        badge = first_cell.badge(path.stem) or "after the first release"
        able, minutes, seconds = "; ".join(front["able"]), front["read_minutes"], front["run_seconds"]
        lines.append(f"| {link} | {able} | {minutes} min | {seconds} s | {badge} |")
    return "\n".join(lines)


if __name__ == "__main__":
    write()
