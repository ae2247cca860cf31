"""Lineage: the families on a time line; choose one and see why it came, what it changed, and what it is made of.

`models.families` tells the story, `models.structure` counts and draws: no number and no box here is written by hand.
"""

from functools import cache

from course_lib import palette
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import Block, Diagram, Panel, Prose, Readout
from course_lib.figures.architecture import COLOURS, LINES, size_for
from course_lib.figures.architecture_layout import Path, laid_out
from course_lib.models.families import FAMILIES, Family
from course_lib.models.structure import Structure, structure

MONTH, WIDE, HIGH, LANE, LETTER = 15.3, 84, 34, 42, 7.4  # units of the time line, so that it fits a narrow page
CHOSEN, OTHER = palette.hex_of(palette.ORANGE), COLOURS["down"]
PIPE, DASH = 4, 9


def lineage() -> Explorer:
    """Eleven networks from FCN to DeepLab v3+, in the order of their first appearance; click one, or choose it."""
    choice = Choice(name="family", label="Network", values=tuple(FAMILIES), default="FCN")
    return Explorer(render, [choice], name="lineage", title="From FCN to DeepLab v3+", guide=GUIDES["lineage"])


@cache
def compute(family: str) -> Structure:
    """The network itself, run once without values."""
    name = FAMILIES[family].network
    return structure(name, image_size=size_for(name))


def render(*, family: str) -> list[Panel]:
    """The time line, the story of the chosen family, its numbers and its architecture."""
    told = compute(family)
    return [_time_line(family), _story(FAMILIES[family], family), _numbers(told), architecture(told)]


def _time_line(chosen: str) -> Diagram:
    """Each family at the month of its first version on arXiv, and what it builds on."""
    places = {name: (8 + MONTH * family.months(), 26 + LANE * family.lane) for name, family in FAMILIES.items()}
    years = [
        Block(x=MONTH * (2 + 12 * year), y=0, width=40, height=16, text=str(2015 + year), frame=False)
        for year in range(4)
    ]
    blocks = [
        Block(x=x, y=y, width=max(WIDE, LETTER * len(venue)), height=HIGH, text=f"{name}\n{venue}",
              colour=CHOSEN if name == chosen else OTHER, strong=name == chosen, sets={"family": name})
        for name, (x, y) in places.items() for venue in [f"{FAMILIES[name].venue} {FAMILIES[name].year}"]
    ]  # fmt: skip
    arrows = []
    for name, family in FAMILIES.items():
        for parent in family.builds_on:
            (x0, y0), (x1, y1) = places[parent], places[name]
            beside = x1 > x0 + WIDE
            arrows.append(
                (x0 + WIDE, y0 + HIGH / 2, x1 - 2, y1 + HIGH / 2)
                if beside
                else (x0 + WIDE / 2, y0 + HIGH, x0 + WIDE / 2, y1 - 2)
            )
    across, down = (max(place[axis] for place in places.values()) for axis in (0, 1))
    title = "The families by the month of their first version; arrows come from what they build on"
    return Diagram(
        title=title, width=across + WIDE + 8, height=down + HIGH + 6, blocks=[*years, *blocks], arrows=arrows
    )


def _story(family: Family, name: str) -> Prose:
    """The problem and the answer, side by side."""
    title = f"{name}: {family.authors} ({family.year}), {family.venue}"
    return Prose(title=title, parts=(("The problem", family.problem), ("The answer", family.answer)))


def _numbers(told: Structure) -> Readout:
    stages = told.stages
    rates = sorted({rate for stage in stages for rate in stage.rates if rate > 1})
    last = next(stage for stage in reversed(stages) if stage.kind not in ("resize", "scores", "transposed"))
    height, width = told.image_size
    rows = [
        ("Drawn", f"{told.name}, 21 classes"),
        ("Parameters", f"{told.parameters:,}"),
        ("Convolutions", f"{sum(count for stage in stages for _, count in stage.kernels)}"),
        ("Image of the drawing", f"{height} x {width}"),
        ("Coarsest stride", f"{max(stage.stride for stage in stages)}"),
        ("Rates above 1", ", ".join(map(str, rates)) or "none"),
        ("Skips", f"{len(told.skips())}"),
        ("Pools whose places are kept", f"{len(told.places())}"),
        ("Last map before enlarging", f"{last.size[0]} x {last.size[1]}"),
    ]
    return Readout(title="Counted on the network", rows=rows)


def architecture(told: Structure) -> Diagram:
    """The sheet of figures/architecture as a diagram."""
    sheet = laid_out(told)
    blocks = [
        Block(x=2, y=row.top, width=66, height=row.height, text=f"stride {row.stride}", frame=False)
        for row in sheet.rows
    ]
    arrows = []
    for path in sheet.paths:
        blocks += _pipes(path)
        if has_head(path):
            arrows.append((*path.points[-2], *path.points[-1]))
    for box in sheet.boxes:
        place = {"x": box.left, "y": box.top, "width": box.width, "height": box.height}
        blocks.append(Block(text=box.text, colour=COLOURS[box.look], strong=box.look == "dilated", **place))
    note = (
        "Blue pipes are skips, dashed ones carry the places of maxima; strong boxes dilate; c joins maps, + adds them."
    )
    height, width = told.image_size
    title = f"{told.name} on {height} x {width} pixels, drawn from the network"
    return Diagram(title=title, width=sheet.width, height=sheet.height, blocks=blocks, arrows=arrows, note=note)


def has_head(path: Path) -> bool:
    """Whether the last piece of a line is an arrow: there has to be room for it."""
    (x0, y0), (x1, y1) = path.points[-2:]
    return path.kind == "flow" and abs(x1 - x0) + abs(y1 - y0) > 6


def _pipes(path: Path) -> list[Block]:
    """A line as thin boxes: hair-thin for the flow, thick for skips, broken for places."""
    thick = 0.01 if path.kind == "flow" else PIPE
    colour = LINES[path.kind][0]
    pieces = list(zip(path.points, path.points[1:]))
    if has_head(path):
        pieces = pieces[:-1]
    found = []
    for (x0, y0), (x1, y1) in pieces:
        left, top, wide, high = min(x0, x1), min(y0, y1), abs(x1 - x0), abs(y1 - y0)
        long = max(wide, high)
        step = 2 * DASH if path.kind == "places" else long or 1
        for start in range(0, round(long), max(1, round(step))):
            piece = min(DASH if path.kind == "places" else long, long - start)
            if wide >= high:
                at = {"x": left + start, "y": top - thick / 2, "width": piece, "height": thick}
            else:
                at = {"x": left - thick / 2, "y": top + start, "width": thick, "height": piece}
            found.append(Block(colour=colour, **at))
    return found
