"""Controls, panels, table and widget: what holds for every explorer."""

import gc
import weakref

import numpy as np
import pytest
from ipywidgets import Widget
from widget_reader import Read

import course_lib.explorers.machinery.explorer as mechanism
from course_lib.explorers.machinery import (
    Chart,
    Choice,
    Explorer,
    Grid,
    Image,
    Impossible,
    Line,
    Map,
    Pixel,
    Readout,
    Slider,
    Switch,
)
from course_lib.explorers.machinery.panels import tick_text, ticks
from course_lib.explorers.machinery.table import key_of


def render(*, size, way, place, bold):
    values = np.arange(size * size).reshape(size, size) + (100 if way == "up" else 0)
    return [Map(title="A map", values=values), Readout(rows=[("size", str(size)), ("bold", str(bold))])]


CONTROLS = [
    Slider(name="size", label="Size", values=(2, 3, 20), default=3),
    Choice(name="way", label="Way", values=("up", "down"), default="up"),
    Pixel(name="place", label="Place", size=(2, 2), default=(0, 1)),
    Switch(name="bold", label="Bold", when={"way": ["down"]}),
]


@pytest.fixture
def explorer():
    made = Explorer(render, CONTROLS, name="example", title="An example")
    yield made
    made.close()


def test_what_is_not_given_has_its_default(explorer):
    assert explorer.settings(size=2) == {"size": 2, "way": "up", "place": (0, 1), "bold": False}


def test_a_control_that_does_not_count_stands_at_its_default(explorer):
    assert explorer.settings(way="up", bold=True)["bold"] is False
    assert explorer.settings(way="down", bold=True)["bold"] is True


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"sise": 2}, "no setting 'sise'.*did you mean 'size'"),
        ({"size": 4}, "size must be one of 2, 3, 20, got 4"),
        ({"place": (2, 0)}, r"place \(2, 0\) lies outside the picture of 2 x 2"),
        ({"place": 3}, r"place is \(row, column\), got 3"),
        ({"bold": "yes"}, "bold must be True or False, got 'yes'"),
    ],
)
def test_wrong_settings_are_named_in_words(explorer, wrong, words):
    with pytest.raises(ValueError, match=words):
        explorer.render(**wrong)


def test_a_grid_says_what_it_takes():
    grid = Grid(name="cells", label="Cells", shape=(2, 2), default=(1, 2, 3, 4), high=9)
    with pytest.raises(ValueError, match="cells needs 2 x 2 = 4 numbers, got 3"):
        grid.position([1, 2, 3])
    with pytest.raises(ValueError, match="cells takes numbers from 0 to 9, got 10"):
        grid.position([1, 2, 3, 10])


def test_a_slider_cannot_start_off_its_list():
    with pytest.raises(ValueError, match="the default 5 is not one of"):
        Slider(name="a", label="A", values=(1, 2), default=5)


def test_the_table_holds_every_setting_once_and_its_slices_equal_render(explorer):
    read = Read.compressed(explorer.widget().table)
    assert len(read.states) == 3 * (1 + 2) * 4  # sizes x (up, down twice) x places
    for size in (2, 3, 20):
        for way in ("up", "down"):
            settings = explorer.settings(size=size, way=way)
            state = read.states[key_of(CONTROLS, settings)]
            panel, _ = explorer.render(**settings)
            wire = read.panels[state["panels"][0]]
            assert np.array_equal(read.values(wire), panel.values)
            assert wire["alt"] == panel.describe()


def test_equal_pictures_are_sent_once(explorer):
    read = Read.compressed(explorer.widget().table)
    assert len([panel for panel in read.panels if panel["kind"] == "map"]) == 3 * 2  # the place changes none


def test_many_different_values_need_two_bytes_and_keep_every_digit():
    values = np.random.default_rng(0).normal(size=(30, 30))
    shown = Explorer(
        lambda on: [Map(title="m", values=values)], [Switch(name="on", label="On")], name="many", title="Many"
    )
    read = Read(shown.answer({}))
    assert read.panels[0]["wide"]
    assert np.array_equal(read.values(read.panels[0]), values)


def test_colours_run_from_low_to_high_and_images_arrive_as_they_are():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    panels = [Map(title="m", values=np.array([[0, 1]])), Image(title="i", pixels=pixels)]
    read = Read(Explorer(lambda on: panels, [Switch(name="on", label="On")], name="e", title="E").answer({}))
    dark, bright = read.picture(read.panels[0])[0].astype(int).sum(1)
    assert dark < bright
    assert np.array_equal(read.picture(read.panels[1]), pixels)


def test_packing_is_repeatable(explorer):
    assert explorer.table().compressed() == explorer.table().compressed()


def test_too_many_settings_are_refused_before_anything_is_computed():
    many = [Slider(name=name, label=name, values=range(100), default=0) for name in "ab"]
    with pytest.raises(ValueError, match="e has 10000 settings, a table holds at most 6000: pass table=False"):
        Explorer(render, many, name="e", title="E")


def fails_at_two(*, n):
    if n == 2:
        raise ZeroDivisionError("two is too much")
    if n == 3:
        raise Impossible("a kernel of 3 does not fit")
    return [Readout(rows=[("n", str(n))])]


N = [Slider(name="n", label="N", values=(1, 2, 3), default=1)]


def test_an_error_in_render_becomes_words_with_its_settings():
    read = Read(Explorer(fails_at_two, N, name="e", title="E").table().pack())
    assert read.states["[0]"] == {"panels": [0]}
    words = {"problem": "ZeroDivisionError: two is too much", "settings": "n = 2", "impossible": False}
    assert read.states["[1]"] == words
    assert read.states["[2]"]["problem"] == "a kernel of 3 does not fit"
    assert read.states["[2]"]["impossible"]


def test_called_by_hand_the_error_is_raised():
    with pytest.raises(ZeroDivisionError):
        Explorer(fails_at_two, N, name="e", title="E").render(n=2)


def asked(widget, **content):
    """What the widget sends back when the browser sends this."""
    sent = []
    widget.send = lambda content, buffers=None: sent.append((content, buffers))
    widget._handle_custom_msg(content, [])
    return sent


def test_asked_for_a_picture_it_answers_with_the_number_of_the_question():
    explorer = Explorer(render, CONTROLS, name="example", title="An example", table=False)
    widget = explorer.widget()
    assert len(Read.compressed(widget.table).states) == 1
    ((content, (packed,)),) = asked(widget, number=7, settings={"size": 20})
    assert content == {"number": 7}
    read = Read(packed)
    assert np.array_equal(read.values(read.panels[0]), explorer.render(size=20)[0].values)
    explorer.close()


def test_asked_for_nonsense_it_answers_in_words(explorer):
    ((content, _),) = asked(explorer.widget(), number=8, settings={"size": 99})
    assert content == {"number": 8, "problem": "size must be one of 2, 3, 20, got 99"}


def test_asked_for_a_failing_picture_it_answers_with_the_error():
    explorer = Explorer(fails_at_two, N, name="e", title="E", table=False)
    ((_, (packed,)),) = asked(explorer.widget(), number=1, settings={"n": 2})
    assert Read(packed).states["[1]"]["settings"] == "n = 2"
    explorer.close()


def test_settings_can_be_set_from_python_and_are_checked(explorer):
    widget = explorer.widget()
    widget.settings = {"size": 20}
    assert widget.settings == {"size": 20, "way": "up", "place": (0, 1), "bold": False}
    with pytest.raises(ValueError, match="got 99"):
        widget.settings = {"size": 99}
    assert widget.settings["size"] == 20


def test_repr_is_stable_and_says_what_moves_it(explorer):
    assert repr(explorer) == repr(explorer.widget()) == "explorers.example(), moved by size, way, place, bold"
    bundle = explorer._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert data["text/plain"] == repr(explorer)
    assert "application/vnd.jupyter.widget-view+json" in data


def test_closing_forgets_the_table_and_lets_the_widget_go(explorer):
    widget = explorer.widget()
    kept = weakref.ref(widget)
    explorer.close()
    assert widget.table == ""
    del widget
    gc.collect()
    assert kept() is None
    assert explorer.widget().table


def test_closing_leaves_nothing_behind_in_python(explorer):
    """A widget brings a layout, which is a widget of its own."""
    before = set(Widget.get_manager_state()["state"])
    explorer.widget()
    assert len(set(Widget.get_manager_state()["state"]) - before) == 2
    explorer.close()
    assert set(Widget.get_manager_state()["state"]) == before


@pytest.mark.parametrize("seconds, shown", [(0, True), (3600, False)])
def test_a_long_computation_shows_a_bar_and_a_short_one_does_not(explorer, monkeypatch, capsys, seconds, shown):
    """Long is what takes longer than the delay: for this test none, or an hour."""
    asked, bar = [], mechanism.tqdm

    def delayed(*args, delay, **options):
        asked.append(delay)
        return bar(*args, delay=seconds, **options)

    monkeypatch.setattr(mechanism, "tqdm", delayed)
    explorer.table()
    assert asked == [2]
    assert ("pictures of" in capsys.readouterr().err) == shown


def test_a_chart_tells_where_it_stands():
    chart = Chart(title="C", x="rate", y="share", lines=[Line(name="all", x=[0, 10], y=[0, 5])], at=4)
    assert chart.describe() == "C: share over rate; all from 0 to 5, 2 at 4."


@pytest.mark.parametrize(
    "value, text", [(0.25, "0.25"), (5000, "5,000"), (50_000, "50k"), (2.5e6, "2.5M"), (1e9, "1G")]
)
def test_numbers_on_an_axis_are_short(value, text):
    assert tick_text(value) == text


@pytest.mark.parametrize(
    "low, high, log, expected", [(0, 1, False, [0, 0.2, 0.4, 0.6, 0.8, 1]), (3, 500, True, [10, 100])]
)
def test_ticks_are_round(low, high, log, expected):
    assert ticks(low, high, log=log) == pytest.approx(expected)


def test_a_figure_has_the_numbers_in_its_alt_text(explorer):
    figure = explorer.figure(size=20)
    assert "map of 20 x 20, from 100 to 499" in figure.alt
    assert "size: 20" in figure.alt


def test_what_is_made_ahead_is_answered_once_where_it_is_shown_and_not_sent():
    asked = []

    def noted(**settings):
        asked.append(settings["size"])
        return render(**settings)

    shown = Explorer(noted, CONTROLS, name="e", title="E", table=False, ahead=[{"size": 2}, {"size": 20}])
    assert asked == []
    table = shown.widget().table
    assert asked == [3, 2, 20]
    assert list(Read.compressed(table).states) == [key_of(CONTROLS, shown.settings())]
    assert shown.widget().settings == shown.settings()
    shown._repr_mimebundle_()
    assert asked == [3, 2, 20]
    shown.close()


def test_what_is_made_ahead_may_fail_without_a_word_and_must_exist():
    shown = Explorer(fails_at_two, N, name="e", title="E", table=False, ahead=[{"n": 2}])
    assert Read.compressed(shown.widget().table).states.keys() == {"[0]"}
    shown.close()
    with pytest.raises(ValueError, match="n must be one of 1, 2, 3, got 4"):
        Explorer(fails_at_two, N, name="e", title="E", table=False, ahead=[{"n": 4}])
