"""The pages beside the notebooks that nobody writes by hand: GLOSSARY.md and INSTRUCTORS.md.

In go the glossary and the front matter of the sources; `make notebooks` writes both, and the lint notices a page that
is older than what it is made from.
"""

from collections.abc import Iterator
from pathlib import Path

from notebooks.convert import Source
from notebooks.words import anchor, check_quiz

HERE = Path(__file__).parent
TEACHING = ("sections", "wrong", "discuss")


def glossary(terms: dict[str, dict]) -> str:
    lines = ["# Glossary", "", "Each word of the lectures in one sentence, with the Korean term in brackets.", ""]
    for name in sorted(terms):
        entry = terms[name]
        lines.append(
            f'- <a id="{anchor(name)}"></a>**{entry.get("written", name)}** ({entry["korean"]}): {entry["meaning"]}'
        )
    return "\n".join([*lines, ""])


def instructors(head: str, sources: list[Source]) -> str:
    """The teaching pages of all lectures behind one head."""
    lines = [head.rstrip(), ""]
    for source in sources:
        lines += teaching_page(source)
    return "\n".join(lines)


def teaching_page(source: Source) -> Iterator[str]:
    """What an instructor wants to know about one lecture."""
    front = source.front
    teach = front["teach"]
    check_teaching(source.name, teach)
    minutes = sum(section["minutes"] for section in teach["sections"])
    yield f"## {source.name[:2]} {front['title']}"
    yield f"\n*{front['question']}* [Notebook]({source.name}.ipynb), [with solutions](solutions/{source.name}.ipynb). "
    yield f"{minutes} minutes in class; {front['read_minutes']} to read alone, {front['run_seconds']} seconds to run.\n"
    yield "| section | minutes | show live |\n|---|---|---|"
    for section in teach["sections"]:
        yield f"| {section['section']} | {section['minutes']} | {section['show']} |"
    yield "\n**Common wrong answers**\n"
    for item in teach["wrong"]:
        yield f"- *“{item['says']}”* {item['reply']}"
    yield "\n**To discuss**\n"
    for item in teach["discuss"]:
        yield f"- {item['ask']}\n  <details><summary>One answer</summary>{item['answer']}</details>"
    yield "\n**Quiz**, the right answers: " + ", ".join(right_letters(front["quiz"])) + "\n"


def right_letters(questions: list[dict]) -> list[str]:
    check_quiz(questions)
    return [
        f"{number}{'abcd'[[bool(option.get('right')) for option in question['options']].index(True)]}"
        for number, question in enumerate(questions, start=1)
    ]


def check_teaching(name: str, teach: dict) -> None:
    if missing := [part for part in TEACHING if not teach.get(part)]:
        raise ValueError(f"{name}: the front matter's teach has no {', '.join(missing)}")
