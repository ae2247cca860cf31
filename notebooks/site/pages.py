"""The pages beside the lectures: the entrance, the ledger, the glossary and the visitor's photograph.

In come the front matter of the sources, rows of the ledger and terms; out comes Markdown, most of it HTML that
Sphinx hands on. Nothing here is written twice: every number is the ledger's or a card's.
"""

from collections.abc import Iterable

from course_lib.evidence import ledger_text
from course_lib.evidence.claim import KINDS
from course_lib.evidence.verdict import VERDICTS
from notebooks.convert import Source
from notebooks.words import anchor, code

QUESTION = "How does a network say, pixel by pixel, what is where in a picture?"
ABOUT = """
Nine lectures on the networks that came after FCN: DeconvNet, SegNet, U-Net, FC-DenseNet, DilatedNet, PSPNet and
DeepLab v1 to v3+. You read, you guess, and you move what you read about. Every statement is a row of a
[ledger](ledger.md): an experiment or a count, its numbers, and a verdict by a stated rule.
"""
LINKED = "evidence in its lecture"


def entrance(lectures: list[Source], others: Iterable[str]) -> str:
    """The first page. `others` are the pages that the contents name below the lectures."""
    cards = "".join(
        f'<li><a href="{one.name}.html"><b>{one.name[:2]}</b><span class="title">{code(one.front["title"])}</span>'
        f'<span class="asks">{code(one.front["question"])}</span>'
        f'<span class="time">{one.front["read_minutes"]} minutes</span></a></li>'
        for one in lectures
    )
    explorer = '<div class="explorer" data-explorer="dilation"></div>'
    parts = ["# Beyond FCN", f'<p class="question-of-all">{QUESTION}</p>', ABOUT, explorer]
    parts += ["## The lectures", f'<ol class="lectures">{cards}</ol>']
    return "\n\n".join([*parts, contents("Lectures", [one.name for one in lectures]), contents("Beside them", others)])


def contents(caption: str, names: Iterable[str]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {caption}", "", *names, "```"])


def ledger(rows: list[ledger_text.Row], lectures: list[Source]) -> str:
    """All rows by lecture; a choice above them shows those of one verdict alone."""
    shown = ledger_text.sections({row["notebook"] for row in rows})
    every = f'<label><input type="radio" name="verdict" id="every" checked> all {len(rows)}</label>'
    choice = "".join(
        f'<label><input type="radio" name="verdict" id="{slug(one)}">'
        f" {sum(row['verdict'] == one for row in rows)} {one}</label>"
        for one in VERDICTS
    )
    parts = ["# The ledger", "Each statement of the course, what we measured or counted, and what follows."]
    parts.append(f'<fieldset class="verdicts"><legend>Show</legend>{every}{choice}</fieldset>')
    hidden = (f"article:has(#{one}:checked) .row:not(.{one})" for one in map(slug, VERDICTS))
    parts.append(f"<style>{', '.join(hidden)} {{ display: none; }}</style>")
    for lecture in lectures:
        own = [row for row in rows if row["notebook"] == lecture.name]
        if own:
            parts += [f"## {lecture.name[:2]} {lecture.front['title']}", *(row_of(row, shown) for row in own)]
    return "\n\n".join(parts)


def row_of(row: ledger_text.Row, shown: dict[str, str]) -> str:
    section = shown.get(row["id"], "")
    link = f"[{section or LINKED}]({row['notebook']}.ipynb{'#' + ledger_text.anchor(section) if section else ''})"
    remark = f"<p><i>{code(row['remark'])}</i></p>" if row["remark"] else ""
    return (
        f'<div class="row {slug(row["verdict"])}" id="{row["id"]}"><p><b>{row["id"]}</b> {KINDS[row["kind"]]}, '
        f"<b>{row['verdict']}</b></p><p>{code(row['statement'])}</p>{remark}"
        f'<p class="numbers">{code(ledger_text.numbers(row))}</p>\n\n{link}\n\n</div>'
    )


def heading_anchor(title: str) -> str:
    """The name that Jupyter gives a heading, to which the ledger's links lead; Markdown hands quotes on decoded."""
    return ledger_text.anchor(title).replace("%22", '"')


def slug(verdict: str) -> str:
    return verdict.replace(" ", "-")


def glossary(terms: dict[str, dict]) -> str:
    entries = "".join(
        f'<div id="{anchor(name)}"><dt>{code(one.get("written", name))} <span lang="ko">{one["korean"]}</span></dt>'
        f"<dd>{code(one['meaning'])}</dd></div>"
        for name, one in sorted(terms.items())
    )
    return f'# Glossary\n\nThe words of the lectures, with the Korean terms.\n\n<dl class="terms">{entries}</dl>'


PROGRESS = """# Your progress

What you answer on these pages is kept in this browser, on this machine alone. Save it as a file: then it is yours,
you can go on in another browser, and an instructor can sign it. The exercises that you solve in the
notebooks are in `.beyond_fcn_progress.json` in your home folder; add that file here and both are one.
"""


def progress(lectures: list[Source], solved_in: dict[str, list[str]]) -> str:
    """What is answered, lecture by lecture. `solved_in`: the numbers of each lecture's exercises."""
    rows = "".join(
        f'<tr data-lecture="{one.name}" data-exercises="{" ".join(solved_in[one.name[:2]])}">'
        f'<th scope="row"><a href="{one.name}.html">{one.name[:2]} {code(one.front["title"])}</a></th>'
        "<td></td><td></td></tr>"
        for one in lectures
    )
    room = (
        '<div class="progress" hidden><p><label>Your name <input name="student" autocomplete="name"></label></p>'
        '<div class="wide" tabindex="0"><table><thead><tr><th scope="col">Lecture</th><th scope="col">Quiz, right at '
        f'the first try</th><th scope="col">Exercises solved</th></tr></thead><tbody>{rows}</tbody></table></div>'
        '<div class="ask"><button type="button" name="save">Save as a file</button>'
        '<label class="button">Add a file <input type="file" name="load" accept=".json,application/json"></label>'
        '<button type="button" name="forget">Forget everything</button></div><output></output></div>'
        "<noscript><p>This page needs JavaScript: the record is kept by it.</p></noscript>"
    )
    return "\n\n".join([PROGRESS, room, SIGNED])


SIGNED = """## For instructors

Signing is one line, and so is verifying, both offline (`pip install "beyond-fcn[sign]"`). The first line makes your key
if it is not there; give `mine.pub` to whoever wants to verify, and keep `mine.pem` to yourself. A signature says that
you have seen the record. It does not say who answered: the quizzes are open, and anybody can write into a file.

```
python -m course_lib.exercises sign beyond_fcn_record.json --key mine.pem
python -m course_lib.exercises verify beyond_fcn_record.signed.json --key mine.pub
```
"""

PHOTOGRAPH = """# Your photograph

A trained network of the course labels a picture of yours, here in this page.

**Nothing leaves your machine.** The page has no server to send a picture to: switch the network off and try. The
network runs in your browser, on [ONNX Runtime Web](https://onnxruntime.ai) (Microsoft, MIT licence).
"""
HOW = """## What happens

The picture is shrunk to {sizes} pixels, because at that size the network learned; the middle square of it is taken
where the network wants a square. One forward pass gives a {score_map} for each
class. The scores are enlarged to your picture, and each pixel takes the class with the highest. In Python the same is
one line, and the numbers agree:

```python
from course_lib.segment import segment
segment("my_cat.jpg")
```

What the networks were trained on, and what they are not meant for, stands on [their page](zoo.md).
"""


def photograph(asks: dict[str, str], sizes: Iterable[str], terms: dict[str, dict]) -> str:
    """The page where a network labels the visitor's own picture. `asks`: what each network can be asked."""
    options = "".join(f'<option value="{name}">{name}: {question}</option>' for name, question in asks.items())
    room = (
        '<div class="photograph" hidden><div class="ask">'
        f'<label>Network <select name="network">{options}</select></label>'
        '<label class="button">Choose a photograph <input type="file" name="photo" accept="image/*"></label>'
        '<button type="button" name="camera">Use the camera</button>'
        '<button type="button" name="example">Take an example</button></div>'
        '<canvas role="img" aria-label="no picture yet" width="3" height="1"></canvas><output></output></div>'
        "<noscript><p>This page needs JavaScript: the network runs in it.</p></noscript>"
    )
    says = terms["score map"]["meaning"]
    term = f'<a class="term" href="GLOSSARY.html#score-map" data-says="{says}">score map</a>'
    how = HOW.format(sizes=" or ".join(sizes), score_map=term)
    return "\n\n".join([PHOTOGRAPH, room, how])
