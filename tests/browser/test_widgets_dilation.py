"""The dilation explorer as a student uses it, in JupyterLab in a real browser."""

from itertools import pairwise

import pytest
from widget_page import FRAME, WATCH, click, drag, key_moves, look


@pytest.fixture
def page(gallery):
    return gallery.page


@pytest.fixture
def first(gallery):
    return gallery.fresh("dilation")


@pytest.mark.browser
def test_it_opens_and_draws(lab, first):
    first.screenshot(path=str(lab.artefacts / "dilation.png"))
    assert len(look(first)) == 2
    assert first.locator("dd").nth(1).inner_text() == "13 x 13"  # three 3 x 3 at rate 2: 1 + 3 * 4


@pytest.mark.browser
@pytest.mark.parametrize("control", ["kernel", "layers", "rate", "schedule"])
def test_every_control_answers_to_the_keyboard(page, first, control):
    before, after = key_moves(page, first, control, "ArrowDown" if control == "schedule" else "ArrowRight")
    assert before != after
    key_moves(page, first, control, "ArrowUp" if control == "schedule" else "ArrowLeft")
    assert first.get_attribute("data-painted") == before


@pytest.mark.browser
def test_every_step_of_a_fast_drag_is_drawn(page, first):
    seen = drag(page, first, "rate", 23)
    assert len(seen) == 24
    assert all(before != after for before, after in pairwise(seen))


@pytest.mark.browser
def test_no_key_press_is_lost_when_they_come_fast(page, first):
    slider = first.locator("[name=rate]")
    slider.focus()
    page.keyboard.press("Home")
    first.evaluate(WATCH)
    for _ in range(23):
        page.keyboard.press("ArrowRight")
    page.evaluate(FRAME)
    assert [key.strip("[]").split(",")[3] for key in page.evaluate("window.painted")] == [str(i) for i in range(1, 24)]


@pytest.mark.browser
@pytest.mark.parametrize(
    "key, row, column", [("Home", 30, 0), ("End", 30, 64), ("PageUp", 22, 20), ("PageDown", 38, 20)]
)
def test_the_keys_of_lists_move_the_pixel_too_and_not_the_page(page, first, key, row, column):
    click(first, 1, row=30, column=20)  # the map of 65 x 65
    before = first.bounding_box()
    page.keyboard.press(key)
    page.evaluate(FRAME)
    assert first.locator(".reading").inner_text().startswith(f"Row {row}, column {column}.")
    assert first.bounding_box() == before


@pytest.mark.browser
def test_a_click_on_the_picture_moves_the_pixel_and_arrow_keys_move_it_on(page, first):
    first.locator("[name=rate]").focus()
    page.keyboard.press("Home")
    reading = click(first, 0, row=8, column=6)  # the view is 17 x 17, its middle is (8, 8)
    assert reading.startswith("Row 8, column 6")
    assert "read 21 times" in reading  # three 3 x 3 at rate 1: 7 ways to stay in the row, 3 to go two to the left
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Shift+ArrowUp")
    assert first.locator(".reading").inner_text().startswith("Row 0, column 5")
