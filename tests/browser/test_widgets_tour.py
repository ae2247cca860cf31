"""The guided mode: every tour from its first question to its end with the keyboard alone, presets, and kept states."""

from itertools import groupby

import pytest
from gallery_page import NAMES
from npm_packages import packed
from widget_page import FRAME, IDLE, SOON, WATCH, at_rest, in_kernel

AXE = ("axe-core@4.10.3", "0f2b4d7dcdf7d1219df8d1959ad68e565f51d14c3f0d88bb71cd59abeb956292")


def settled(gallery, root) -> None:
    gallery.page.evaluate(FRAME)
    gallery.page.wait_for_function(IDLE, arg=root.element_handle(), polling=SOON)


@pytest.mark.browser
@pytest.mark.parametrize("name", NAMES)
def test_a_tour_is_walked_by_keyboard_to_its_end(gallery, name):
    root, page = gallery.fresh(name), gallery.page
    start = root.locator(".guide > button").first
    start.focus()
    page.keyboard.press("Enter")
    steps = int(root.locator(".where").inner_text().split(":")[0].split()[-1])
    seen = []
    for _ in range(steps):
        assert root.locator(".where").inner_text().endswith("predict first")
        asked = root.locator(".tour [aria-live]").inner_text()
        page.keyboard.press("Enter")
        settled(gallery, root)
        assert root.locator(".problem").is_hidden()
        assert root.locator(".tour [aria-live]").inner_text() != asked
        seen.append(root.get_attribute("data-painted"))
        page.keyboard.press("Enter")
    assert len(set(seen)) == steps
    assert root.locator(".tour").is_hidden()
    assert start.inner_text() == "Take the tour"
    assert start.evaluate("start => start === document.activeElement")


@pytest.mark.browser
def test_a_tour_that_was_left_goes_on_where_it_was(gallery):
    root = gallery.fresh("dilation")
    start = root.locator(".guide > button").first
    start.click()
    root.locator(".tour button").first.click()
    root.locator(".tour button").first.click()
    assert root.locator(".where").inner_text().startswith("Step 2 of")
    start.click()
    assert start.inner_text() == "Go on with the tour"
    start.click()
    assert root.locator(".where").inner_text().startswith("Step 2 of")
    root.locator(".tour button").last.click()
    root.locator(".tour button").last.click()
    assert root.locator(".where").inner_text().startswith("Step 1 of")
    start.click()


@pytest.mark.browser
def test_a_preset_sets_its_state_and_the_kept_line_brings_it_back(gallery):
    root = gallery.fresh("dilation")
    root.get_by_text("rate 65 is a 1 x 1", exact=True).click()
    settled(gallery, root)
    root.get_by_text("Keep this state", exact=True).click()
    line = root.locator("code").inner_text()
    assert line == "explorers.dilation().at(layers=1, rate=65)"
    key = "from course_lib.explorers.machinery.table import key_of"
    said = in_kernel(gallery.page, f"{key}; kept = {line}; print(key_of(kept.controls, kept.widget().settings))")
    assert said == root.get_attribute("data-painted")
    in_kernel(gallery.page, "kept.close()")


def pull(gallery, root, panel: int, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drags on a picture, from and to shares of its width and height."""
    page, body = gallery.page, root.locator("[role=application]").nth(panel)
    box = at_rest(page, body)
    (x0, y0), (x1, y1) = ((box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end))
    page.mouse.move(x0, y0)
    page.mouse.down()
    page.mouse.move(x1, y1, steps=4)
    page.mouse.up()
    settled(gallery, root)


@pytest.mark.browser
def test_the_outermost_weight_stays_under_the_hand(gallery):
    root = gallery.fresh("dilation")  # three layers at rate 2: it stands 6 cells from the middle of a view of 17
    pull(gallery, root, 0, (14.5 / 17, 0.5), (17.4 / 17, 0.5))
    assert root.locator("input[name=rate]").input_value() == "2"  # the third position: rate 3, 3 cells further on


@pytest.mark.browser
def test_the_prediction_follows_the_hand(gallery):
    root = gallery.fresh("metrics")
    pull(gallery, root, 0, (0.5, 0.5), (0.5 + 4 / 64, 0.5))
    assert root.locator("label:has([name=shift]) output").inner_text() == "6 px"


@pytest.mark.browser
def test_a_click_on_a_bridge_cuts_it_and_another_mends_it(gallery):
    root = gallery.fresh("skips")
    whole = root.get_attribute("data-painted")
    for cut in (True, False):
        root.locator("[data-sets*=fourth]").click()
        settled(gallery, root)
        assert root.locator("[name=fourth]").is_checked() is not cut
    assert root.get_attribute("data-painted") == whole


@pytest.mark.browser
def test_what_plays_goes_to_the_next_states_until_a_hand_moves_something(gallery):
    root, page = gallery.fresh("training_loop"), gallery.page
    button, shown = root.locator(".play"), root.locator("label:has([name=step]) output")
    root.evaluate(WATCH)
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    page.wait_for_function("shown => shown.textContent === '40'", arg=shown.element_handle())  # from 10 by way of 20
    root.locator("[name=step]").focus()
    page.keyboard.press("ArrowLeft")
    assert button.get_attribute("aria-pressed") == "false"
    left = shown.inner_text()
    page.wait_for_timeout(1500)
    assert shown.inner_text() == left
    *_, before, last, back = (key for key, _ in groupby(page.evaluate("window.painted")))
    assert back == before != last  # at 40, or later: it plays on until the hand is there
    page.emulate_media(reduced_motion="reduce")
    assert button.is_hidden()
    page.emulate_media(reduced_motion="no-preference")


@pytest.mark.browser
def test_what_plays_ends_at_its_last_state_and_begins_again_from_the_first(gallery):
    root, page = gallery.fresh("training_loop"), gallery.page
    shown = root.locator("label:has([name=step]) output")
    root.locator("[name=step]").focus()
    page.keyboard.press("End")
    root.evaluate(WATCH)
    root.locator(".play").click()
    page.wait_for_function("button => button.ariaPressed === 'false'", arg=root.locator(".play").element_handle())
    assert shown.inner_text() == "160"
    assert len(dict.fromkeys(page.evaluate("window.painted"))) == 8  # from step 0 on, each recorded step


@pytest.mark.browser
def test_the_areas_grow_under_the_hand(gallery):
    root = gallery.fresh("separable_layer")  # a drawing of 27 squares, an output in each four
    pull(gallery, root, 0, (0.3, 0.5), (0.3, 0.5 + 8 / 27))
    assert root.locator("label:has([name=after]) output").inner_text() == "6"
    pull(gallery, root, 0, (0.5, 0.5), (0.5 - 4 / 27, 0.5))
    assert root.locator("label:has([name=before]) output").inner_text() == "2"


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_axe_finds_nothing_to_mend(gallery, root, theme):
    if not (axe := packed(*AXE, root / ".cache" / "npm")):
        pytest.skip("needs npm and its registry, for axe-core")
    gallery.dress(theme)
    gallery.page.evaluate((axe / "axe.min.js").read_text())
    found = gallery.page.evaluate("async () => (await axe.run('.lm-explorer')).violations")
    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []
