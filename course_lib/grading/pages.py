"""The pages of a report, each one file that needs nothing else: a page for a student, and one for the class.

Whatever a student wrote is text here: it is escaped, and the page forbids scripts and everything from outside.
"""

import html
from collections.abc import Iterable

from course_lib.checking.outcome import SIGNS
from course_lib.grading.class_table import Share
from course_lib.grading.platforms import person
from course_lib.grading.score import Rules, Score
from course_lib.grading.table import Grade

STYLE = """
:root { color-scheme: light dark; --ink: #1b1b1b; --paper: #ffffff; --soft: #555555; --line: #c9c9c9;
  --right: #00664a; --wrong: #9a3a00; --open: #555555; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececec; --paper: #161616; --soft: #b5b5b5; --line: #4a4a4a;
  --right: #4fd3a6; --wrong: #ffa168; --open: #b5b5b5; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 46rem; color: var(--ink); background: var(--paper);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.1rem; margin: 0; }
p { margin: .35rem 0; }
.score { font-size: 1.15rem; }
.soft { color: var(--soft); }
ol.exercises { list-style: none; margin: 1.5rem 0 0; padding: 0; }
ol.exercises > li { border-left: .3rem solid var(--open); padding: .1rem 0 .1rem .9rem; margin: 0 0 1.4rem; }
ol.exercises > li.correct { border-color: var(--right); } ol.exercises > li.wrong { border-color: var(--wrong); }
.outcome { font-weight: 600; color: var(--open); } .correct .outcome { color: var(--right); }
.wrong .outcome { color: var(--wrong); }
.scroll { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; overflow-wrap: normal; }
caption { text-align: left; font-weight: 600; padding: .5rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); }
tbody th { font-weight: 500; overflow-wrap: anywhere; min-width: 6rem; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bar { display: block; min-width: 5rem; height: .5rem; background: var(--line); }
.bar > span { display: block; height: 100%; background: var(--right); }
"""


def page(title: str, body: str) -> str:
    """A whole HTML page that needs no other file."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{html.escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def feedback(score: Score, rules: Rules, seconds: dict[tuple[str, str], float]) -> str:
    """One student's page: the score and where it comes from, then each exercise: right, or why it was not."""
    hand, escape = score.by_hand, html.escape
    lines = [f"<h1>Feedback for {escape(person(score.student))}</h1>",
             f'<p class="score"><strong>{score.won:g} of {score.of:g} points</strong></p>']  # fmt: skip
    right = sum(line.point for line in score.lines)
    lines.append(f"<p>{right} of {len(score.lines)} exercises are right.</p>")
    if rules.capstone:
        lines.append(f"<p>Capstone, read by your instructor: {hand.capstone:g} of {rules.capstone:g}.</p>")
    if hand.late_days:
        share = rules.factor(hand.late_days)
        lines.append(f"<p>Handed in {hand.late_days:g} days late: {share:.0%} of the points count.</p>")
    if hand.remark:
        lines.append(f"<p>{escape(hand.remark)}</p>")
    items = "\n".join(exercise(line, rules) for line in score.lines)
    books = sorted({line.notebook for line in score.lines if line.notebook})
    spent = [f"{book} ({seconds[score.student, book]:.0f} s)" if (score.student, book) in seconds else book
             for book in books]  # fmt: skip
    lines.append(f'<ol class="exercises">\n{items}\n</ol>')
    if spent:
        lines.append(f'<p class="soft">Graded: {escape(", ".join(spent))}. The seconds are those of its run.</p>')
    return page(f"Feedback for {person(score.student)}", "\n".join(lines))


def exercise(line: Grade, rules: Rules) -> str:
    """One exercise of a student's page."""
    kind, _, why = line.why.partition(": ")
    if kind not in SIGNS:  # the words of the grader itself, when no check was reached
        kind, why = "not graded", line.why
    look = {"correct": "correct", "not attempted": "open"}.get(kind, "wrong")
    weight = rules.weights.get(line.exercise, 1.0)
    said = "".join(f"\n<p>{html.escape(part)}</p>" for part in why.split(" / ") if part)
    said += "\n<p>Its cell still holds the placeholder.</p>" if kind == "not attempted" else ""
    return (
        f'<li class="{look}"><h2>{html.escape(line.exercise)} {html.escape(line.title)}</h2>\n'
        f'<p><span class="outcome">{SIGNS.get(kind, "✗")} {html.escape(kind)}</span>, '
        f"{line.point * weight:g} of {weight:g}</p>{said}</li>"
    )


def class_page(scores: list[Score], shares: list[Share], seconds: dict[tuple[str, str], float]) -> str:
    """The page for the instructor: how many solved what, which slips are common, and what each student won."""
    escape, count = html.escape, len(scores)
    rows = []
    for share in shares:
        slips = "<br>".join(f"{times} &times; {escape(words)}" for words, times in share.slips) or "none"
        part = share.solved / count
        rows.append(
            f'<tr><th scope="row">{escape(share.number)} {escape(share.title)}</th>'
            f'<td class="number">{share.solved} of {count} ({part:.0%})'
            f'<span class="bar" aria-hidden="true"><span style="width: {part:.0%}"></span></span></td>'
            f"<td>{slips}</td></tr>"
        )
    students = [
        f'<tr><th scope="row">{escape(person(score.student))}</th><td class="number">{score.won:g} of {score.of:g}</td>'
        f'<td class="number">{score.by_hand.late_days:g}</td>'
        f'<td class="number">{sum(s for (name, _), s in seconds.items() if name == score.student):.0f} s</td></tr>'
        for score in scores
    ]
    mean = sum(score.won for score in scores) / count
    body = [
        f"<h1>The class: {count} students</h1>",
        f'<p class="score">In the mean {mean:.1f} of {scores[0].of:g} points.</p>',
        _table("Exercises", ("exercise", "solved", "common slips"), rows),
        _table("Students", ("student", "points", "late days", "time to grade"), students),
    ]
    return page("The class", "\n".join(body))


def _table(caption: str, heads: Iterable[str], rows: Iterable[str]) -> str:
    numbers = {"solved", "points", "late days", "time to grade"}
    head = "".join(f'<th scope="col"{" class=number" if word in numbers else ""}>{word}</th>' for word in heads)
    body = "\n".join(rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table><caption>{caption}</caption>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>"
    )
