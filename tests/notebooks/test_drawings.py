"""A figure of a translated lecture is kept with its letters as text, under the name of the picture that is shown."""

import re

import numpy as np

from course_lib.figures import style
from notebooks import drawings


@style.styled
def chart(photographs: bool = False) -> style.Figure:
    figure, axes = style.new(size=(2, 2))
    style.picture(axes[0, 0], np.eye(3), "two\nlines")
    figure.photographs, figure.alt = photographs, "A chart."
    return figure


def test_each_figure_that_is_shown_leaves_its_drawing(tmp_path, monkeypatch):
    monkeypatch.setattr(style.Figure, "drawn", style.Figure.drawn)  # given back afterwards
    drawings.keep(str(tmp_path))
    shown = chart().png()
    (kept,) = tmp_path.iterdir()
    assert kept.name == f"{drawings.name(shown)}.svg"
    assert re.findall("<text[^>]*>(.*)</text>", kept.read_text()) == ["two", "lines"]


def test_a_drawing_is_the_same_in_every_build():
    assert drawings.as_svg(chart()) == drawings.as_svg(chart())


def test_photographs_inside_are_jpeg():
    assert "data:image/png" in drawings.as_svg(chart())
    assert re.findall("data:image/(.*?);", drawings.as_svg(chart(photographs=True))) == ["jpeg"]


def test_what_a_kernel_runs_first_leaves_no_name_and_no_old_drawing(tmp_path, monkeypatch):
    monkeypatch.setattr(style.Figure, "drawn", style.Figure.drawn)
    monkeypatch.setattr(drawings, "PLACE", tmp_path)
    assert drawings.starting("04_a") == ""
    (tmp_path / "04_a").mkdir()
    (tmp_path / "04_a" / "old.svg").touch()
    names: dict = {}
    exec(drawings.starting("04_a"), names)
    assert names.keys() == {"__builtins__"}
    assert list((tmp_path / "04_a").iterdir()) == []
