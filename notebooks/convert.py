"""From a percent script to a notebook: pure functions, no file is read or written here.

A source is a Python file with front matter (YAML in comments) and cells that start with `# %%`. It holds the
solutions. `student` replaces what follows a `# solution` comment by a placeholder that lets the notebook run on.
"""

import hashlib
import re
from dataclasses import dataclass, field, replace

import nbformat
import yaml

from notebooks.words import Shelf, expand

EMPTY_BODY = "pass  # your code here"
EMPTY_VALUE = "...  # your answer here"
CELL = re.compile(r"^# %%(?P<markdown> \[markdown\])?(?: tags=(?P<tags>\[.*\]))?\s*$")
KNOWN_TAGS = {"exercise", "lesson", "heavy"}


@dataclass(frozen=True)
class Cell:
    kind: str
    source: str
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    name: str
    front: dict
    cells: list[Cell] = field(default_factory=list)


def parse(name: str, text: str) -> Source:
    """The front matter and the cells of a source text."""
    lines = text.splitlines()
    front: dict = {}
    if lines and lines[0] == "# ---":
        end = lines.index("# ---", 1)
        front = yaml.safe_load("\n".join(line[2:] for line in lines[1:end]))
        lines = lines[end + 1 :]
    cells: list[Cell] = []
    for number, line in enumerate(lines):
        if line.startswith("# %%"):
            cells.append(_open(name, line))
        elif cells:
            cells[-1] = replace(cells[-1], source=cells[-1].source + line + "\n")
        elif line.strip():
            raise ValueError(f"{name}: text before the first cell: {line!r} (line {number + 1} after the front matter)")
    return Source(name, front, [replace(cell, source=_body(cell)) for cell in cells])


def _open(name: str, line: str) -> Cell:
    match = CELL.match(line)
    if not match:
        raise ValueError(
            f"{name}: cannot read the cell line {line!r}; expected '# %%', '# %% [markdown]' or tags=[...]"
        )
    tags = tuple(yaml.safe_load(match["tags"] or "[]"))
    if unknown := set(tags) - KNOWN_TAGS:
        raise ValueError(f"{name}: unknown tag {sorted(unknown)}, expected some of {sorted(KNOWN_TAGS)}")
    return Cell("markdown" if match["markdown"] else "code", "", tags)


def _body(cell: Cell) -> str:
    text = cell.source.strip("\n")
    if cell.kind == "code":
        return text.rstrip()
    return "\n".join(re.sub(r"^# ?", "", line) for line in text.splitlines()).strip()


def student(source: Source) -> Source:
    """The same lesson without the solutions."""
    cells = [replace(c, source=without_solution(c.source)) if "exercise" in c.tags else c for c in source.cells]
    return replace(source, cells=cells)


def without_solution(code: str) -> str:
    """Code whose solution is replaced by a placeholder.

    A line `# solution` hides all that follows at its depth; `answer = 67  # solution` hides the right-hand side.
    """
    kept: list[str] = []
    depth: int | None = None
    for line in code.splitlines():
        indent = len(line) - len(line.lstrip())
        if depth is not None:
            if not line.strip() or indent >= depth:
                continue
            kept += ["", ""] if indent == 0 else []
            depth = None
        if line.strip() == "# solution":
            kept.append(" " * indent + EMPTY_BODY)
            depth = indent
        elif line.endswith("  # solution"):
            kept.append(line.split(" = ")[0] + " = " + EMPTY_VALUE)
        else:
            kept.append(line)
    return "\n".join(kept).rstrip()


def opening(source: Source, badge: str) -> str:
    """The first words of a notebook, from its front matter."""
    front = source.front
    able = "\n".join(f"- {line}" for line in front["able"])
    return (
        f"# {source.name[:2]} · {front['title']}\n\n"
        + (f"{badge}\n\n" if badge else "")
        + f"**The question.** {front['question']}\n\n**Afterwards you can**\n{able}\n\n"
        f"**You need** {front['needs']}\n\n"
        f"**Time** {front['read_minutes']} minutes to read, {front['run_seconds']} seconds to run on two cores."
    )


def notebook(source: Source, first_cell: str, shelf: Shelf, badge: str = "") -> nbformat.NotebookNode:
    """The notebook, not yet run: the opening, the first cell, then the lesson."""
    cells = [Cell("markdown", opening(source, badge)), Cell("code", first_cell), *source.cells]
    built = nbformat.v4.new_notebook(
        metadata={
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    seen: dict[str, int] = {}
    for cell in cells:
        words = cell.kind == "markdown"
        text = expand(cell.source, shelf, source.front.get("quiz", [])) if words else cell.source
        make = nbformat.v4.new_markdown_cell if words else nbformat.v4.new_code_cell
        built.cells.append(make(text, id=_stable_id(cell.kind + text, seen)))
        if cell.tags:
            built.cells[-1].metadata["tags"] = list(cell.tags)
    return built


def _stable_id(text: str, seen: dict[str, int]) -> str:
    """The same text gets the same id in every build; its repetitions are numbered."""
    name = hashlib.sha256(text.encode()).hexdigest()[:12]
    seen[name] = seen.get(name, 0) + 1
    return f"{name}-{seen[name]}"
