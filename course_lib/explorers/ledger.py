"""The ledger as a picture: every statement is a tile; choose one and compare what was found with what was asked for.

What was asked for is the bound that the statement named before it was measured: the paper's own effect, or the smallest
one worth having. Nothing is measured here; `evidence.ledger` holds the rows.
"""

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from course_lib import palette
from course_lib.evidence import ledger as rows_of
from course_lib.evidence.verdict import HOLDS, NOT_HERE, UNDECIDED, VERDICTS
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Pixel
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import CLASSES, Block, Diagram, Map, Panel, Readout, Word, number_text

EVERY = "all"
COLUMNS, TILE = 10, 12  # tiles in a row, and pixels along a tile; the last is the gap to the next
EXACT = "holds exactly"
KINDS = (EXACT, HOLDS, UNDECIDED, NOT_HERE)
SIGNS = {EXACT: "=", HOLDS: "+", UNDECIDED: "?", NOT_HERE: "x"}  # so that no colour is needed to read a tile
TINTS = {EXACT: (160, 215, 196), HOLDS: (70, 185, 150), UNDECIDED: palette.ORANGE, NOT_HERE: (232, 128, 70)}
PALETTE = ((250, 250, 250), *TINTS.values(), (222, 222, 222))  # no tile, the kinds, and what the filter leaves out
LEFT, WIDE, HIGH_UP = 40, 280, 230  # of the drawings: where the axes begin and how long they are
TICKS = (-0.1, 0, 0.01, 0.05, 0.1, 0.25, 0.5)
LOW, HIGH = -0.25, 0.75


def ledger() -> Explorer:
    """Every statement with its verdict; its effect here against the effect that was asked for."""
    rows = list(read())
    places = [row["notebook"][:2] for row in read().values()]
    size = (-(-len(rows) // COLUMNS), COLUMNS)
    controls = [
        Choice(name="verdict", label="Verdict", values=(EVERY, *VERDICTS), default=EVERY),
        Choice(name="lecture", label="Lecture", values=(EVERY, *sorted(set(places))), default=EVERY),
        Pixel(name="statement", label="Statement", size=size, default=place_of("V9")),
    ]
    return Explorer(render, controls, name="ledger", title="The ledger as a picture", guide=GUIDES["ledger"])


@cache
def read() -> dict[str, dict[str, Any]]:
    """The rows by id, lecture by lecture."""
    return rows_of.read()


def place_of(id: str) -> tuple[int, int]:
    """The row and column of a statement's tile."""
    row, column = divmod(list(read()).index(id), COLUMNS)
    return row, column


def kind_of(row: dict[str, Any]) -> str:
    """The verdict, and whether it rests on equality or on a measurement."""
    return EXACT if row["verdict"] == HOLDS and "core" not in row else row["verdict"]


def render(*, verdict: str, lecture: str, statement: Sequence[int]) -> list[Panel]:
    """All tiles, the chosen statement's effect, all effects against what was asked, and the numbers."""
    number = statement[0] * COLUMNS + statement[1]
    chosen = list(read())[number] if number < len(read()) else ""
    shown = chosen_by(verdict, lecture)
    return [
        _tiles(verdict, lecture),
        _effect(chosen),
        _against(verdict, lecture, chosen if chosen in shown else ""),
        _numbers(chosen, len(shown)),
    ]


@cache
def chosen_by(verdict: str, lecture: str) -> list[str]:
    """The statements that both filters leave."""
    return [
        id
        for id, row in read().items()
        if verdict in (EVERY, row["verdict"]) and lecture in (EVERY, row["notebook"][:2])
    ]


@cache
def _tiles(verdict: str, lecture: str) -> Map:
    shown, rows = chosen_by(verdict, lecture), read()
    values = np.zeros((TILE * -(-len(rows) // COLUMNS), TILE * COLUMNS), np.uint8)
    words = []
    for id, row in rows.items():
        top, left = (TILE * index for index in place_of(id))
        kind = kind_of(row)
        look = 1 + KINDS.index(kind) if id in shown else len(PALETTE) - 1
        values[top : top + TILE - 1, left : left + TILE - 1] = look
        text = f"{id}{' ' * (len(id) < 3)}{SIGNS[kind]}" if id in shown else id
        size = TILE * (0.32 if len(id) < 3 else 0.29)
        words.append(Word(top=top + TILE / 2 - 0.5, left=left + 0.6, size=size, text=text))
    names = {0: "", len(PALETTE) - 1: "left out"} | {1 + i: f"{kind} ({SIGNS[kind]})" for i, kind in enumerate(KINDS)}
    note = "T is lecture 00, then F, D, S, R, L, P, V, and W is lecture 08."
    title = f"{len(shown)} of {len(rows)} statements"
    looks = {"colours": CLASSES, "palette": PALETTE, "names": names}
    return Map(title=title, values=values, words=words, says="", note=note, **looks)


@cache
def _effect(id: str) -> Diagram:
    """What was asked and what was found, as bars from 0 on one scale; or the facts of an exact statement."""
    if not id:
        return Diagram(title="No statement here", width=LEFT + WIDE + 20, height=30, blocks=[])
    row = read()[id]
    note = " ".join(part for part in (row["paper"] and f"{row['paper']}.", row["remark"]) if part)
    title = f"{id}: {row['statement']}"
    if "core" not in row:
        return _facts(title, row, note)
    core, (low, high) = row["core"], row["core"]["interval"]
    ends = (min(0, low, core["bound"]), max(0, high, core["bound"]))

    def x(value: float) -> float:
        return 10 + (LEFT + WIDE) * (value - ends[0]) / (ends[1] - ends[0])

    def bar(top: float, value: float, colour: str) -> Block:
        return Block(x=min(x(0), x(value)), y=top, width=abs(x(value) - x(0)), height=20, colour=colour)

    def words(top: float, text: str) -> Block:
        return Block(x=0, y=top, width=LEFT + WIDE + 20, height=18, text=text, frame=False)

    here, seeds = palette.hex_of(TINTS[kind_of(row)]), core["per_seed"]
    blocks = [
        words(0, f"asked for: more than {number_text(core['bound'])}"),
        bar(20, core["bound"], palette.hex_of(palette.BLUE)),
        words(48, f"found here: {core['mean']:.3g} ({low:.3g} to {high:.3g}, {len(seeds)} seeds)"),
        bar(68, core["mean"], here),
        Block(x=x(low), y=77, width=x(high) - x(low), height=2, colour="#000000"),
        *(Block(x=x(value) - 2, y=74, width=4, height=8, colour="#000000") for value in seeds),
        Block(x=x(core["bound"]) - 0.5, y=64, width=1, height=28, colour=palette.hex_of(palette.BLUE)),
        words(96, f"{core['more']}{' - ' if core['less'] else ''}{core['less']}"),
    ]
    note = f"The bound: {core['why']}. {note}"
    return Diagram(title=title, width=LEFT + WIDE + 20, height=116, blocks=blocks, note=note)


def _facts(title: str, row: dict[str, Any], note: str) -> Diagram:
    lines = [f"{name}: {found}" for name, found, _ in row["facts"][:5]]
    blocks = [
        Block(x=0, y=24 * i, width=LEFT + WIDE + 20, height=20, text=text if len(text) < 52 else f"{text[:50]} ...")
        for i, text in enumerate(lines)
    ]
    note = f"Exact: {len(row['facts'])} facts, each equal to what the lecture says. {note}"
    return Diagram(title=title, width=LEFT + WIDE + 20, height=24 * len(lines) + 2, blocks=blocks, note=note)


def _place(value: float) -> float:
    """Where a share stands between LOW and HIGH, 0 to 1: by its square root with its sign, which spreads small ones."""
    at, low, high = (math.copysign(math.sqrt(abs(one)), one) for one in (value, LOW, HIGH))
    return (at - low) / (high - low)


@cache
def _against(verdict: str, lecture: str, chosen: str) -> Diagram:
    """Each measured statement: what was asked across, what was found upwards with its interval."""

    def across(value: float) -> float:
        return LEFT + WIDE * _place(value)

    def up(value: float) -> float:
        return 10 + HIGH_UP * (1 - _place(value))

    found = {id: read()[id] for id in chosen_by(verdict, lecture) if "core" in read()[id]}
    inside = [id for id, row in found.items() if all(LOW < row["core"][part] < HIGH for part in ("bound", "mean"))]
    blocks = []
    for tick in TICKS:
        blocks.append(Block(x=0, y=up(tick) - 8, width=LEFT - 6, height=16, text=f"{tick:g}", frame=False))
        blocks.append(Block(x=LEFT, y=up(tick), width=WIDE, height=0.01, colour="#999999"))
        if tick in (-0.1, 0, 0.05, 0.25, 0.5):
            blocks.append(Block(x=across(tick) - 20, y=up(LOW) + 4, width=40, height=16, text=f"{tick:g}", frame=False))
    for id in inside:
        row = found[id]
        x, core, shade = across(row["core"]["bound"]), row["core"], palette.hex_of(TINTS[kind_of(row)])
        top, bottom = (up(max(LOW, min(HIGH, value))) for value in core["interval"][::-1])
        row_at, column_at = place_of(id)
        size = 14 if id == chosen else 9
        blocks += [
            Block(x=x - 0.5, y=top, width=1, height=bottom - top, colour=shade),
            Block(
                x=x - size / 2, y=up(core["mean"]) - size / 2, width=size, height=size, colour=shade,
                strong=id == chosen, sets={"statement": [row_at, column_at]},
            ),
        ]  # fmt: skip
        if id == chosen:
            blocks.append(Block(x=x + 8, y=up(core["mean"]) - 18, width=28, height=14, text=id, frame=False))
    middle = Block(x=LEFT, y=up(LOW) + 20, width=WIDE, height=16, text="asked for", frame=False)
    note, rest = "Above the arrow more was found than was asked for. Click a square.", len(found) - len(inside)
    return Diagram(
        title="Found here, upwards, against what was asked for",
        width=LEFT + WIDE + 20,
        height=up(LOW) + 38,
        blocks=[*blocks, middle],
        arrows=[(across(LOW), up(LOW), across(HIGH), up(HIGH))],
        note=f"{note} {rest} in other units are not drawn." if rest else note,
    )


@cache
def _numbers(id: str, shown: int) -> Readout:
    if not id:
        return Readout(title="In numbers", rows=(("Shown", f"{shown} of {len(read())}"), ("Chosen", "nothing")))
    row = read()[id]
    rows = [("Shown", f"{shown} of {len(read())}"), ("Verdict", row["verdict"]), ("Lecture", row["notebook"][:2])]
    if "core" in row:
        rows += [
            ("Found", f"{row['core']['mean']:.3g}"), ("Asked for, more than", number_text(row["core"]["bound"])),
            ("Seeds", f"{len(row['seeds'])}"),
        ]  # fmt: skip
        if more := row["core"]["seeds that would decide"]:
            rows.append(("Seeds that would decide", f"about {more}"))
    else:
        rows.append(("Facts", f"{len(row['facts'])}, all equal"))
    return Readout(title="In numbers", rows=rows)
