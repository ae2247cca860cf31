"""Explorers that ask Python: the newest picture comes, never a queue of old ones, and failures are told in words."""

from itertools import accumulate

import pytest
from widget_page import SOON, WATCH, click, explorers, in_kernel, look, pull, until_kernel_says

FAILING = """
import numpy as np
from course_lib.explorers.machinery import Explorer, Map, Slider
def render(n):
    if n == 3:
        raise RuntimeError("three is too much")
    return [Map(title="n", values=np.full((4, 4), n), low=0, high=5)]
def failing(table):
    slider = [Slider(name="n", label="N", values=range(6), default=1)]
    return Explorer(render, slider, name="failing", title="Fails at three", table=table)
failing(True)"""
CELLS = [
    "from course_lib import explorers\nexplorers.receptive_field()",
    "explorers.crf()",
    FAILING,
    "failing(False)",
    "one = failing(True); one",
]


@pytest.fixture(scope="module")
def page(lab):
    page = lab.open(lab.notebook("asked", CELLS), height=1200)
    lab.run_all(page)
    explorers(page, len(CELLS))
    yield page
    lab.close(page)


def painted(page, explorer, key: str) -> None:
    """Waits until this state is on the page."""
    page.wait_for_function(
        "([root, key]) => root.dataset.painted === key", arg=[explorer.element_handle(), key], polling=SOON
    )


@pytest.mark.browser
def test_the_field_follows_the_pixel(page, lab):
    field = explorers(page, 5)[0]
    before = look(field)
    click(field, 0, row=40, column=40)
    painted(page, field, "[330,4,0,0]")
    assert field.locator(".reading").inner_text() == "Row 10, column 10 of 32 x 32 places"  # of 128 x 128 pixels
    assert look(field) != before
    page.keyboard.press("ArrowDown")
    painted(page, field, "[362,4,0,0]")
    field.locator("[name=gradient]").check()
    painted(page, field, "[362,4,1,0]")
    field.screenshot(path=str(lab.artefacts / "receptive_field.png"))
    assert "Effective: half of the weight within" in field.locator("dl").inner_text()


@pytest.mark.browser
def test_fast_keys_end_at_the_newest_setting_without_a_queue(page):
    field = explorers(page, 5)[0]
    field.locator("[name=gradient]").uncheck()
    click(field, 0, row=64, column=4)
    painted(page, field, "[513,4,0,0]")
    field.evaluate(WATCH)
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    painted(page, field, "[533,4,0,0]")
    assert page.evaluate("window.painted.at(-1)") == "[533,4,0,0]"


@pytest.mark.browser
def test_a_fast_pull_asks_one_question_at_a_time_and_one_for_the_last_place(page):
    """A queue would ask at each move, and would still be answered after the last one."""
    field = explorers(page, 5)[0]
    field.locator("[name=gradient]").check()
    drag = pull(page, field, (0.2, 0.1), (0.8, 0.9))
    field.locator("[name=gradient]").uncheck()
    assert len(drag["moves"]) >= 10
    open_ones = sorted([(at, 1) for at in drag["asked"]] + [(at, -1) for at in drag["answered"]])
    counts = list(accumulate(step for _, step in open_ones))
    assert (max(counts), counts[-1]) == (1, 0), "two questions were open at a time"
    last = drag["moves"][-1]
    assert sum(at > last for at in drag["asked"]) <= 1, "places were asked for that the hand had left"
    assert sum(at > last for at, _ in drag["painted"]) <= 1, "places were painted that the hand had left"
    assert [key for _, key in drag["painted"]][-1].startswith("[828,")  # row 25, column 28 of 32 x 32


@pytest.mark.browser
def test_the_crf_follows_its_knobs(page, lab):
    crf = explorers(page, 5)[1]
    before = look(crf)
    crf.locator("[name=iterations]").focus()
    page.keyboard.press("Home")
    painted(page, crf, "[0,3,2,2,2,0]")
    seen = look(crf)
    assert seen != before
    assert seen[1] == seen[2]  # without iterations, after is before
    crf.screenshot(path=str(lab.artefacts / "crf.png"))


@pytest.mark.browser
@pytest.mark.parametrize("number", [2, 3])
def test_an_error_is_told_with_its_settings_and_the_last_picture_stays(page, lab, number):
    failing = explorers(page, 5)[number]
    slider, problem = failing.locator("[name=n]"), failing.locator(".problem")
    slider.focus()
    page.keyboard.press("ArrowRight")
    painted(page, failing, "[2]")
    good = look(failing)
    page.keyboard.press("ArrowRight")
    problem.filter(has_text="three").wait_for()  # before it a busy Python may be told to take its time
    assert problem.inner_text() == "RuntimeError: three is too much (with n = 3; the last good picture stays)"
    assert look(failing) == good
    failing.screenshot(path=str(lab.artefacts / "error.png"))
    page.keyboard.press("ArrowRight")
    painted(page, failing, "[4]")
    assert problem.is_hidden()
    assert look(failing) != good


@pytest.mark.browser
def test_python_moves_the_picture_and_sees_it_move_and_closing_takes_it_away(page):
    last = explorers(page, 5)[4]
    last.locator("[name=n]").focus()
    page.keyboard.press("ArrowRight")
    until_kernel_says(page, "print(one.widget().settings)", "{'n': 2}")
    in_kernel(page, "one.widget().settings = {'n': 5}")
    painted(page, last, "[5]")
    in_kernel(page, "one.close()")
    page.wait_for_function("() => document.querySelectorAll('.lm-explorer').length === 4")
