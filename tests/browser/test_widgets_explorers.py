"""Every explorer as a student uses it: moved by keys, by drag and by click; light and dark, wide and narrow."""

from itertools import pairwise

import pytest
from widget_page import FRAME, click, drag, explorers, key_moves, look

# name: (a control and the key that moves it, the slider to drag, the picture to click and a place on it)
USES = {
    "unpooling": (("fill", "ArrowDown"), None, (0, 3, 2)),
    "upsampling": (("scale", "ArrowRight"), "scale", (1, 5, 5)),
    "pyramids": (("module", "ArrowDown"), None, (0, 20, 25)),
    "convolution_cost": (("kernel", "ArrowRight"), None, None),
    "metrics": (("grow", "ArrowLeft"), "shift", (2, 40, 30)),
    "output_stride": (("stride", "ArrowRight"), None, None),
}


@pytest.fixture(scope="module")
def page(lab):
    cells = ["from course_lib.widgets import explorers", *(f"explorers.{name}()" for name in USES)]
    page = lab.open(lab.notebook("all_explorers", [*cells, "explorers.unpooling()"]), height=1200)
    lab.run_all(page)
    explorers(page, len(USES) + 1)
    yield page
    page.close()


def find(page, name):
    found = explorers(page, len(USES) + 1)[list(USES).index(name)]
    found.scroll_into_view_if_needed()
    return found


@pytest.mark.browser
@pytest.mark.parametrize("name", USES)
def test_it_draws_and_moves_by_keyboard(page, lab, name):
    explorer = find(page, name)
    explorer.screenshot(path=str(lab.artefacts / f"{name}.png"))
    (control, key), *_ = USES[name]
    before, after = key_moves(page, explorer, control, key)
    assert before != after
    assert explorer.locator(".problem").is_hidden()


@pytest.mark.browser
@pytest.mark.parametrize("name", [name for name, (_, slider, _) in USES.items() if slider])
def test_every_step_of_a_drag_is_drawn(page, name):
    explorer, slider = find(page, name), USES[name][1]
    seen = drag(page, explorer, slider, int(explorer.locator(f"input[name={slider}]").get_attribute("max")))
    assert all(before != after for before, after in pairwise(seen))


@pytest.mark.browser
@pytest.mark.parametrize("name", [name for name, (_, _, place) in USES.items() if place])
def test_a_click_moves_the_pixel(page, name):
    explorer = find(page, name)
    panel, row, column = USES[name][2]
    rows, columns = explorer.locator("canvas").nth(panel).evaluate("canvas => [canvas.height, canvas.width]")
    if name == "pyramids":  # a place is a cell of 4 x 4 pixels
        reading = click(explorer, panel, row=4 * row, column=4 * column)
    else:
        assert row < rows
        assert column < columns
        reading = click(explorer, panel, row=row, column=column)
    assert reading.startswith(f"Row {row}, column {column}")
    page.keyboard.press("ArrowLeft")
    assert explorer.locator(".reading").inner_text().startswith(f"Row {row}, column {column - 1}")


@pytest.mark.browser
def test_the_maximum_that_moves_comes_back_by_index(page):
    explorer = find(page, "unpooling")
    click(explorer, 0, row=2, column=1)
    page.evaluate(FRAME)
    assert "(2, 1), home" in explorer.locator("dl").inner_text()


@pytest.mark.browser
def test_a_typed_number_asks_python_and_comes_back(page):
    explorer = find(page, "unpooling")
    before = look(explorer)
    explorer.locator("[name=cells]").first.fill("7")
    page.wait_for_function(
        "root => root.dataset.painted.includes('[7,')", arg=explorer.element_handle(), timeout=20_000
    )
    assert look(explorer) != before
    assert look(explorers(page, len(USES) + 1)[-1]) != look(explorer)  # the other unpooling stands still


@pytest.mark.browser
def test_a_control_that_does_not_count_is_greyed_out(page):
    explorer = find(page, "upsampling")
    assert explorer.locator("[name=kernel]").is_disabled()
    explorer.locator("[name=method]").select_option(index=1)
    assert explorer.locator("[name=kernel]").is_enabled()
    assert explorer.locator("[name=scale]").is_disabled()


@pytest.mark.browser
def test_an_impossible_setting_says_why_and_the_last_picture_stays(page):
    explorer = find(page, "upsampling")
    explorer.locator("[name=method]").select_option(index=1)
    before = look(explorer)
    explorer.locator("[name=stride]").evaluate("input => { input.value = 0; input.oninput(); }")
    explorer.locator("[name=padding]").evaluate("input => { input.value = 3; input.oninput(); }")
    explorer.locator("[name=kernel]").evaluate("input => { input.value = 0; input.oninput(); }")
    assert explorer.locator(".problem").inner_text().startswith("Padding 3 cuts off everything")
    assert len(look(explorer)) == len(before)


@pytest.mark.browser
def test_time_is_measured_when_asked_for(page):
    explorer = find(page, "convolution_cost")
    explorer.locator("[name=timed]").check()
    explorer.locator("text=/Time here, plain/").wait_for(timeout=30_000)


@pytest.mark.browser
def test_a_screen_reader_hears_the_read_out_once_a_move_has_ended(page):
    explorer = find(page, "output_stride")
    key_moves(page, explorer, "stride", "ArrowLeft")
    page.wait_for_timeout(700)
    spoken = explorer.locator(".spoken")
    assert spoken.get_attribute("aria-live") == "polite"
    assert "Encoder output:" in spoken.inner_text()
    assert explorer.locator("[name=stride]").get_attribute("aria-valuetext") in ("8", "16", "32")


@pytest.mark.browser
def test_dark_theme_and_a_narrow_page(page, lab):
    page.evaluate("() => { window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'}); }")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    for name in USES:
        find(page, name).screenshot(path=str(lab.artefacts / f"{name}_dark.png"))
    ink, paper = find(page, "metrics").evaluate(
        "root => [getComputedStyle(root).color, getComputedStyle(root).backgroundColor]"
    )
    assert ink != paper
    for name in USES:
        root = find(page, name)
        root.evaluate("root => { root.style.width = '320px'; }")
        root.screenshot(path=str(lab.artefacts / f"{name}_narrow.png"))
        assert root.evaluate("root => root.scrollWidth <= 321"), f"{name} is wider than its page"
