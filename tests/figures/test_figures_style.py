"""The style sheet and the figure that can be read aloud."""

import base64
import io

import matplotlib
import numpy as np
import pytest
import torch
from PIL import Image

from course_lib.figures import style


@style.styled
def line(values):
    figure, axes = style.new(size=(4, 3))
    axes[0, 0].plot(values)
    figure.alt = f'A line up to {max(values)} & "more"'
    return figure


@pytest.fixture
def displayed(monkeypatch):
    """What IPython is given to display: (data, metadata), one pair a call."""
    ipython, got = pytest.importorskip("IPython.display"), []
    monkeypatch.setattr(ipython, "display", lambda data, metadata=None, raw=False: got.append((data, metadata)))
    return got


def test_a_notebook_gets_a_picture_with_its_alt_text_in_the_metadata(displayed):
    figure = line([1, 2, 3])
    figure._ipython_display_()
    (data, metadata), _ = displayed
    assert set(data) == {"image/png", "text/plain"}
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata == {"image/png": {"alt": figure.alt, "width": 384}}


def test_jupyterlab_which_drops_that_text_gets_it_once_more_to_be_heard(displayed):
    line([1, 2, 3])._ipython_display_()
    heard = displayed[1][0]["text/html"]
    assert heard.endswith(">A line up to 3 &amp; &quot;more&quot;</div>")
    assert "<img" not in heard


def test_a_figure_of_photographs_is_kept_as_jpeg(displayed):
    figure = line([1, 2, 3])
    figure.photographs = True
    figure._ipython_display_()
    assert base64.b64decode(displayed[0][0]["image/jpeg"]).startswith(b"\xff\xd8")
    assert figure.png().startswith(b"\x89PNG")


def test_inside_a_card_the_picture_is_html():
    shown = line([1, 2, 3])._repr_html_()
    assert shown.startswith('<img alt="A line up to 3 &amp; &quot;more&quot;" width="384"')
    assert "data:image/png;base64,iVBOR" in shown


def test_a_figure_without_alt_text_is_refused():
    @style.styled
    def silent():
        return style.new()[0]

    with pytest.raises(ValueError, match=r"silent must set figure.alt"):
        silent()


def test_the_sheet_is_lent_and_given_back():
    before = matplotlib.rcParams["axes.spines.top"]
    figure = line([1, 2])
    assert not figure.axes[0].spines["top"].get_visible()
    assert matplotlib.rcParams["axes.spines.top"] == before


def test_a_line_takes_the_palettes_colour():
    assert line([1, 2]).axes[0].lines[0].get_color() == style.COLOURS[0]


def test_pictures_take_tensors_either_way_round():
    _, axes = style.new(1, 3)
    image = torch.zeros(3, 4, 5, dtype=torch.uint8)
    assert style.picture(axes[0, 0], image, "a").get_array().shape == (4, 5, 3)
    assert style.picture(axes[0, 1], torch.zeros(4, 5)).get_array().shape == (4, 5)
    assert style.labels(axes[0, 2], torch.zeros(4, 5, dtype=torch.int64)).get_array().shape == (4, 5, 3)
    assert axes[0, 0].get_title(loc="left") + axes[0, 0].get_title() == "a"


def test_a_drawing_is_kept_in_a_palette_and_looks_the_same():
    figure = style.styled(drawn)()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=style.DPI, pil_kwargs={"optimize": True})
    small, full = figure.png(), buffer.getvalue()
    assert len(small) < 0.6 * len(full)
    kept, meant = (np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int) for data in (small, full))
    assert np.abs(kept - meant).mean() < 1


@style.styled
def beside_a_painting(painting):
    """A picture of many colours, and a legend of six."""
    figure, axes = style.new(size=(6, 4))
    style.picture(axes[0, 0], painting)
    style.class_legend(figure, ("sky", "road", "bus", "car", "bicycle", "pole"))
    figure.alt = "noise"
    return figure


def noise():
    """Thousands of colours."""
    return torch.rand(3, 90, 120, generator=torch.Generator().manual_seed(0))


def cells():
    """200 colours, each on more pixels than a patch of a legend has."""
    return torch.rand(200, 3, generator=torch.Generator().manual_seed(0)).T.reshape(3, 10, 20)


@pytest.mark.parametrize("painting", [noise, cells])
def test_the_colours_of_a_legend_stay_exact_beside_a_painting(painting):
    figure = beside_a_painting(painting())
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=style.DPI)
    kept, meant = (np.asarray(Image.open(source).convert("RGB")) for source in (io.BytesIO(figure.png()), buffer))
    for patch in figure.legends[0].get_patches():
        colour = np.rint(255 * np.array(patch.get_facecolor()[:3]))
        there = (meant == colour).all(-1)
        assert there.sum() > 50
        assert (kept[there] == colour).all()


def drawn():
    figure, axes = style.new(size=(6, 3))
    for number in range(5):
        axes[0, 0].plot([0, 1, 2], [number, 2 * number, 1], label=f"line {number}")
    axes[0, 0].legend()
    figure.alt = "five lines"
    return figure
