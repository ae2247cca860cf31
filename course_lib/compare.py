"""Networks against each other on a student's own pictures, over several seeds, with a page about it at the end.

    python -m course_lib.compare deeplab_v3plus unet --preset laptop --data folder --root my_pictures --classes wall cat

Each network is trained once with each seed, under conditions that are otherwise equal. Everything after the names goes
to `python -m course_lib.training`, which says before each training how long it takes and how much memory it needs. A
training that is finished is not repeated. Out comes OUTPUT/report.html, one page that opens anywhere: the verdict, the
scores, predictions on pictures that no training saw, the curves, and all conditions.
"""

import argparse
import base64
import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from course_lib.datasets import Folder
from course_lib.evidence.verdict import deviation, half_interval, mean
from course_lib.files import whole
from course_lib.models import written
from course_lib.segment import segment
from course_lib.training import command
from course_lib.training.sources import table

if TYPE_CHECKING:
    from course_lib.figures.style import Figure

SHOWN = 4
RULE = "An effect counts when the 95 % interval of the paired differences does not hold 0."
STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:960px;margin:2em auto;padding:0 1em;color:#222;background:#fff}"
    "td,th{text-align:left;padding:2px 14px 2px 0;vertical-align:top}img{max-width:100%}"
)
Runs = Mapping[str, Sequence[dict]]  # for each network the scores.json of each seed


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, train what is missing, and write the report."""
    say = argparse.ArgumentParser(prog="python -m course_lib.compare", description=__doc__.split("\n")[0])
    say.add_argument("models", nargs="+", help="names of course_lib.models.names(), one or more")
    say.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    say.add_argument("--output", type=Path, default=Path("artefacts/compare"))
    asked, more = say.parse_known_args(arguments)
    twice = [name for name in (*asked.models, *asked.seeds) if (*asked.models, *asked.seeds).count(name) > 1]
    if twice:
        say.error(f"{twice[0]} is named twice: each network and each seed counts once")
    folders = {name: [asked.output / f"{name}_seed{seed}" for seed in asked.seeds] for name in asked.models}
    for number, seed in enumerate(asked.seeds):
        for name in asked.models:
            print(f"\n{name}, seed {seed} ({number * len(asked.models) + asked.models.index(name) + 1} of "
                  f"{len(asked.models) * len(asked.seeds)} trainings)")  # fmt: skip
            command.main([*more, "--model", name, "--seed", str(seed), "--output", str(folders[name][number])])
    folders = {written.network(name): own for name, own in folders.items()}
    runs = {
        name: [json.loads((one / "scores.json").read_text("utf-8")) for one in own] for name, own in folders.items()
    }
    wishes = command.parser().parse_args([*more, "--model", asked.models[0]])
    seen = shown(wishes, folders) if wishes.data == "folder" else None
    whole.write(asked.output / "report.html", page(runs, seen, {name: own[0] for name, own in folders.items()}))
    print(f"\n{verdict(runs)}\nthe report is {asked.output / 'report.html'}")


def verdict(runs: Runs) -> str:
    """What the difference of the first two networks allows to say, in one sentence."""
    names = list(runs)
    if len(names) < 2:
        return f"{names[0]}: mean IoU {spread([run['mean_iou'] for run in runs[names[0]]])}"
    one, other = names[:2]
    differences = [a["mean_iou"] - b["mean_iou"] for a, b in zip(runs[one], runs[other])]
    middle, half = mean(differences), half_interval(differences)
    said = f"{one} minus {other}: {middle:+.3f}, 95 % interval {middle - half:+.3f} to {middle + half:+.3f}"
    if abs(middle) <= half:
        return f"{said}. Undecided: these {len(differences)} seeds cannot tell the two apart."
    return f"{said}. {one if middle > 0 else other} is better on these pictures."


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation in words."""
    return f"{mean(values):.3f} ± {deviation(values):.3f}" if len(values) > 1 else f"{values[0]:.3f} (one seed)"


def shown(wishes: argparse.Namespace, folders: Mapping[str, Sequence[Path]]) -> "Figure":
    """The first pictures of `val` with the truth and what the first seed of each network says."""
    from course_lib.figures.comparison import gallery

    data = Folder(wishes.root, wishes.classes, split="val", colours=table(wishes.colours))
    few = [data.load(number) for number in range(min(SHOWN, len(data)))]
    said = {name: [segment(image.numpy(), own[0]).labels for image, _ in few] for name, own in folders.items()}
    return gallery([image for image, _ in few], {"truth": [label for _, label in few], **said}, wishes.classes)


def page(runs: Runs, seen: "Figure | None", first: Mapping[str, Path]) -> str:
    """The report as HTML that needs no other file."""
    everyone = [run for own in runs.values() for run in own]
    classes = list(everyone[0]["iou"])
    scores = [("network", "mean IoU", "pixel accuracy", *classes)] + [
        (name, spread([run["mean_iou"] for run in own]), f"{mean([run['pixel_accuracy'] for run in own]):.3f}",
         *(f"{mean([run['iou'][one] for run in own]):.3f}" for one in classes))
        for name, own in runs.items()
    ]  # fmt: skip
    seeds = [("seed", *runs)] + [
        (str(own[0]["conditions"]["seed"]), *(f"{run['mean_iou']:.4f}" for run in own)) for own in zip(*runs.values())
    ]
    curves = [image((place / "plot.png").read_bytes(), "png", f"the loss of {name}") for name, place in first.items()]
    parts = [
        f"<h1>{' against '.join(map(html.escape, runs))}</h1><p><b>{html.escape(verdict(runs))}</b> {RULE}</p>",
        f"<h2>Scores</h2>{rows(scores)}<h2>Seed by seed</h2>{rows(seeds)}",
        f"<h2>Pictures that no training saw</h2>{image(seen.drawn('jpeg'), 'jpeg', seen.alt)}" if seen else "",
        f"<h2>Training</h2>{''.join(curves)}",
        f"<h2>Conditions</h2>{rows([('', *runs), *differing(runs)])}",
    ]
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Report</title><style>{STYLE}</style>'
    return head + "\n".join(parts) + "</html>\n"


def differing(runs: Runs) -> list[tuple[str, ...]]:
    """All conditions, of the first seed; what differs between the networks is marked."""
    told = [own[0]["conditions"] for own in runs.values()]
    lines = []
    for name in told[0]:
        values = [json.dumps(one[name]).strip('"') for one in told]
        lines.append((f"{name} *" if len(set(values)) > 1 else name, *values))
    return [*lines, ("* differs", *[""] * len(told))]


def rows(lines: Sequence[Sequence[str]]) -> str:
    """An HTML table; the first line is its head."""
    head, *body = [[html.escape(cell) for cell in line] for line in lines]
    filled = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in line) + "</tr>" for line in body)
    return f"<table><tr>{''.join(f'<th>{cell}</th>' for cell in head)}</tr>{filled}</table>"


def image(content: bytes, kind: str, alt: str) -> str:
    """A picture within the page."""
    return f'<img alt="{html.escape(alt)}" src="data:image/{kind};base64,{base64.b64encode(content).decode()}">'


if __name__ == "__main__":
    main()
