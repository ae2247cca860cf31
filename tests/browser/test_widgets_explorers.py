"""What is special to single explorers, and how all look: light and dark, wide and narrow."""

import pytest
from gallery_page import NAMES
from widget_page import FRAME, SOON, at_rest, key_moves, look

CUT_OFF = """root => {
  const { left, right } = root.getBoundingClientRect();
  return [...root.querySelectorAll("input, select, label, output, canvas, figcaption, dd, .note")].filter(part => {
    const box = part.getBoundingClientRect();
    return box.width && (box.left < left || box.right > right + 1);
  }).map(part => part.outerHTML.slice(0, 80));
}"""
GLIDING = """root => [...root.querySelectorAll(".glides")]
  .filter(part => getComputedStyle(part).animationName !== "none").map(part => part.textContent)"""

SLIDING = """root => {
  const note = (one) => { if (one.className === "sliding") window.slid.push(getComputedStyle(one).animationName); };
  window.slid = [];
  new MutationObserver((all) => all.forEach(({ addedNodes }) => addedNodes.forEach(note)))
    .observe(root, { subtree: true, childList: true });
}"""


@pytest.fixture
def page(gallery):
    return gallery.page


@pytest.mark.browser
def test_the_maximum_that_moves_comes_back_by_index(page, gallery):
    explorer = gallery.fresh("unpooling")
    explorer.locator("[data-sets*='[2, 1]']").click()
    page.evaluate(FRAME)
    assert "(2, 1), home" in explorer.locator("dl").inner_text()
    explorer.locator(".pulled").focus()
    page.keyboard.press("ArrowRight")
    page.evaluate(FRAME)
    assert "(2, 2), home" in explorer.locator("dl").inner_text()
    assert explorer.locator(".reading").inner_text().startswith("Row 2, column 2. Back by index: 9;")


@pytest.mark.browser
def test_the_maximum_is_dragged_from_cell_to_cell_and_nothing_glides_under_the_hand(page, gallery):
    explorer = gallery.fresh("unpooling")
    for number, place in enumerate(("[1, 1]", "[1, 2]", "[3, 3]")):
        box = at_rest(page, explorer.locator(f"[data-sets*='{place}']"))
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
        if number == 0:
            page.mouse.down()
    page.mouse.up()
    page.evaluate(FRAME)
    assert "(3, 3), home" in explorer.locator("dl").inner_text()
    assert explorer.evaluate(GLIDING) == []


@pytest.mark.browser
def test_the_maximum_falls_and_climbs_home_stage_by_stage_where_motion_is_wanted(page, gallery):
    explorer = gallery.fresh("unpooling")
    stage = explorer.locator("[name=stage]")
    stage.focus()
    page.keyboard.press("Home")
    seen = [explorer.evaluate(GLIDING)]
    for _ in range(3):
        page.keyboard.press("ArrowRight")
        page.evaluate(FRAME)
        seen.append(explorer.evaluate(GLIDING))
    assert seen == [[], ["9", "4", "7", "8"], ["(1, 1)", "(1, 3)", "(3, 1)", "(3, 3)"], ["9", "4", "7", "8"]]
    page.emulate_media(reduced_motion="reduce")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowRight")
    assert explorer.evaluate(GLIDING) == []
    page.emulate_media(reduced_motion="no-preference")


@pytest.mark.browser
def test_a_map_slides_to_its_next_place_and_its_copy_with_it_where_motion_is_wanted(page, gallery):
    explorer = gallery.fresh("skips")
    explorer.get_by_role("button", name="follow the map").click()
    stage, seen = explorer.locator("[name=stage]"), []
    explorer.evaluate(SLIDING)
    for name in ("down to stride 2", "up to stride 16", "labels"):
        stage.select_option(label=name)
        page.wait_for_function(
            "([root, name]) => root.querySelector('.main figcaption').textContent.startsWith(`Along the U: ${name}`)",
            arg=[explorer.element_handle(), name],
        )
        seen.append(page.evaluate("window.slid.splice(0)"))
    assert seen == [["slides"], ["slides", "slides"], ["slides"]]
    page.wait_for_function("root => !root.querySelector('.sliding')", arg=explorer.element_handle())
    page.emulate_media(reduced_motion="reduce")
    stage.select_option(label="up to stride 8")
    page.wait_for_function("root => root.querySelector('.sliding')", arg=explorer.element_handle())
    assert explorer.locator(".sliding").first.is_hidden()
    page.emulate_media(reduced_motion="no-preference")


@pytest.mark.browser
def test_a_typed_number_asks_python_and_comes_back(page, gallery):
    explorer = gallery.fresh("unpooling")
    before = look(explorer)
    explorer.locator("[name=cells]").nth(2).fill("7")  # the largest of its window now
    page.wait_for_function(
        "root => root.dataset.painted.includes('[1,0,7,')", arg=explorer.element_handle(), polling=SOON
    )
    assert look(explorer) != before


@pytest.mark.browser
@pytest.mark.parametrize("typed, counts", [("12", "8"), ("-3", "0"), ("2.6", "3"), ("", "0")])
def test_a_cell_that_is_left_shows_the_number_that_counts(page, gallery, typed, counts):
    cell = gallery.fresh("unpooling").locator("[name=cells]").nth(5)
    cell.fill(typed)
    assert cell.input_value() == typed  # nothing changes under the fingers
    page.keyboard.press("Tab")
    assert cell.input_value() == counts


@pytest.mark.browser
def test_a_control_that_does_not_count_is_out_of_the_way(gallery):
    explorer = gallery.fresh("upsampling")
    assert explorer.locator("[name=kernel]").is_disabled()
    explorer.locator("[name=method]").select_option(index=1)
    assert explorer.locator("[name=kernel]").is_enabled()
    assert explorer.locator("[name=scale]").is_disabled()
    assert explorer.locator("[name=scale]").is_hidden()


@pytest.mark.browser
def test_an_impossible_setting_says_why_and_the_last_picture_stays(gallery):
    explorer = gallery.fresh("upsampling")
    explorer.locator("[name=method]").select_option(index=1)
    before = look(explorer)
    explorer.locator("[name=stride]").evaluate("input => { input.value = 0; input.oninput(); }")
    explorer.locator("[name=padding]").evaluate("input => { input.value = 3; input.oninput(); }")
    explorer.locator("[name=kernel]").evaluate("input => { input.value = 0; input.oninput(); }")
    assert explorer.locator(".problem").inner_text().startswith("Padding 3 cuts off everything")
    assert len(look(explorer)) == len(before)


@pytest.mark.browser
def test_time_is_measured_when_asked_for(gallery):
    explorer = gallery.fresh("convolution_cost")
    explorer.locator("[name=timed]").check()
    explorer.get_by_text("Time here, plain", exact=True).wait_for()


@pytest.mark.browser
def test_a_screen_reader_hears_the_read_out_once_a_move_has_ended(page, gallery):
    explorer = gallery.fresh("output_stride")
    spoken = explorer.locator(".spoken")
    spoken.evaluate("spoken => { spoken.textContent = ''; }")
    key_moves(page, explorer, "stride", "ArrowLeft")
    page.wait_for_function("spoken => spoken.textContent", arg=spoken.element_handle())
    assert spoken.get_attribute("aria-live") == "polite"
    assert "Encoder output:" in spoken.inner_text()
    assert explorer.locator("[name=stride]").get_attribute("aria-valuetext") in ("8", "16", "32")


@pytest.mark.browser
def test_each_in_light_and_dark_and_on_a_narrow_page(page, gallery, lab):
    page.set_viewport_size({"width": 1280, "height": 2600})  # the lab's own bars cover what is taller than the page
    shoot(gallery, lab, "")
    gallery.dress("Dark")
    shoot(gallery, lab, "_dark")
    ink, paper = gallery.find("metrics").evaluate(
        "root => [getComputedStyle(root).color, getComputedStyle(root).backgroundColor]"
    )
    assert ink != paper
    for side, ending in ((320, "_narrow"), (216, "_narrowest")):  # JupyterLab leaves 216 of a window of 320
        page.evaluate(
            f"document.querySelectorAll('.lm-explorer').forEach(root => {{ root.style.width = '{side}px'; }})"
        )
        shoot(gallery, lab, ending)
        for name in NAMES:
            root = gallery.find(name)
            assert root.evaluate(f"root => root.scrollWidth <= {side + 1}"), f"{name} is wider than its page"
            assert root.evaluate(CUT_OFF) == [], name


def shoot(gallery, lab, ending: str) -> None:
    for name in NAMES:
        gallery.find(name).screenshot(path=str(lab.artefacts / f"{name}{ending}.png"))
