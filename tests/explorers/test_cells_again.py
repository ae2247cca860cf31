"""A cell that has run again lets go of what only its earlier run had shown; all else goes on working."""

from types import SimpleNamespace

import IPython
import pytest
from IPython.core.events import EventManager, available_events
from ipywidgets import Widget

from course_lib.explorers.machinery import Explorer, Readout, Slider, cells


class Shell:
    """A notebook's shell as explorers know it. `run` runs a cell that shows these, in a front end that names cells."""

    def __init__(self):
        self.events, self.parent = EventManager(self, available_events), {}

    def get_parent(self):
        return self.parent

    def run(self, cell, *explorers):
        self.parent = {"metadata": {} if cell is None else {"cellId": cell}}
        for explorer in explorers:
            explorer._repr_mimebundle_()
        self.events.trigger("post_run_cell", None)


@pytest.fixture
def shell(monkeypatch):
    made = Shell()
    monkeypatch.setattr(IPython, "get_ipython", lambda: made)
    monkeypatch.setattr(cells, "SHOWN", {})
    monkeypatch.setattr(cells, "NOW", {})
    return made


@pytest.fixture
def new():
    made = []

    def example():
        numbers = [Slider(name="n", label="N", values=(1, 2, 3), default=1)]
        made.append(Explorer(lambda n: [Readout(rows=[("n", str(n))])], numbers, name="example", title="An example"))
        return made[-1]

    yield example
    for explorer in made:
        explorer.close()


def held():
    """Jupyter's own list: an explorer's widget and its layout each stand in it until they are closed."""
    return len(Widget.get_manager_state()["state"])


def test_a_cell_run_a_hundred_times_holds_one_explorer(shell, new):
    before = held()
    for _ in range(100):
        shell.run("a", new(), new())
    assert held() == before + 4


def test_a_cell_that_shows_something_else_by_now_holds_none(shell, new):
    before = held()
    shell.run("a", new())
    shell.run("a")
    assert held() == before


def test_what_another_cell_shows_too_stays_until_neither_shows_it(shell, new):
    kept = new()
    shell.run("a", kept)
    shell.run("b", kept)
    widget = kept._widget
    shell.run("a", new())
    assert kept._widget is widget
    assert widget.table
    shell.run("b")
    assert kept._widget is None


def test_what_a_cell_shows_again_is_the_same_widget_as_it_was_moved(shell, new):
    kept = new().at(n=2)
    shell.run("a", kept)
    widget = kept._widget
    shell.run("a", kept)
    assert kept._widget is widget
    assert widget.table
    assert widget.settings == {"n": 2}


def test_what_was_closed_opens_in_a_later_cell_where_it_stood(shell, new):
    kept = new().at(n=2)
    shell.run("a", kept)
    shell.run("a")
    shell.run("b", kept)
    assert kept._widget.table
    assert kept._widget.settings == {"n": 2}
    shell.run("a")
    assert kept._widget is not None


@pytest.mark.parametrize("elsewhere", ["a widget in hand", "a cell without a name"])
def test_what_may_be_seen_where_no_cell_tells_is_never_closed(shell, new, elsewhere):
    kept = new()
    shell.run("a", kept)
    if elsewhere == "a widget in hand":
        kept.widget()
    else:
        shell.run(None, kept)
    shell.run("a")
    assert kept._widget is not None


def test_a_widget_that_was_in_hand_and_closed_is_closed_by_cells_again(shell, new):
    kept = new()
    kept.widget()
    kept.close()
    shell.run("a", kept)
    shell.run("a")
    assert kept._widget is None


@pytest.mark.parametrize("place", ["a front end that names no cell", "a terminal", "plain Python"])
def test_where_cells_have_no_names_nothing_is_closed(shell, new, monkeypatch, place):
    if place != "a front end that names no cell":
        found = SimpleNamespace(events=shell.events) if place == "a terminal" else None
        monkeypatch.setattr(IPython, "get_ipython", lambda: found)
    before = held()
    for _ in range(3):
        shell.run(None, new())
    assert held() == before + 6


def test_while_a_cell_runs_nothing_is_closed(shell, new):
    """It may still show it again."""
    first = new()
    shell.run("a", first)
    new()._repr_mimebundle_()
    assert first._widget is not None
    shell.run("a")
    assert first._widget is None
