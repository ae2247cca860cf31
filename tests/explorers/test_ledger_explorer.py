"""The ledger as a picture: its tiles, places and verdicts against the rows themselves."""

from importlib import import_module

import numpy as np

from course_lib import explorers
from course_lib.evidence import ledger as rows_of
from course_lib.evidence.verdict import VERDICTS

room = import_module("course_lib.explorers.ledger")  # the module, not the function of the same name
ROWS = rows_of.read()


def test_every_statement_is_a_tile_once_and_each_filter_counts_as_the_rows_do():
    for verdict in VERDICTS:
        for lecture in ("all", "04"):
            tiles = explorers.ledger().render(verdict=verdict, lecture=lecture)[0]
            wanted = [
                id for id, row in ROWS.items()
                if row["verdict"] == verdict and (lecture == "all" or row["notebook"].startswith(lecture))
            ]  # fmt: skip
            assert [word.text.rstrip("=+?x ") for word in tiles.words if word.text[-1] in "=+?x"] == wanted
            assert [word.text.rstrip("=+?x ") for word in tiles.words] == list(ROWS)
            assert np.isin(tiles.values, range(1, 5)).sum() == len(wanted) * (room.TILE - 1) ** 2


def test_a_square_lies_above_the_arrow_when_more_was_found_than_asked_for():
    against = explorers.ledger().render()[2]
    squares = [block for block in against.blocks if block.sets]
    (x0, y0, x1, y1) = against.arrows[0]
    assert len(squares) > 30
    for block in squares:
        row, column = block.sets["statement"]
        core = list(ROWS.values())[room.COLUMNS * row + column]["core"]
        x, y = block.x + block.width / 2, block.y + block.height / 2
        arrow = y0 + (x - x0) * (y1 - y0) / (x1 - x0)
        assert (y < arrow) == (core["mean"] > core["bound"])


def test_the_bars_begin_at_zero_and_are_as_long_as_their_numbers():
    for id in ("V9", "V5", "R15", "L4"):
        core = ROWS[id]["core"]
        asked, found = (block for block in room._effect(id).blocks if block.height == 20)
        assert np.isclose(asked.width / found.width, abs(core["bound"] / core["mean"])), id
        begins = [asked.x + asked.width * (core["bound"] < 0), found.x + found.width * (core["mean"] < 0)]
        assert np.isclose(*begins), id
