"""The time line and the explorers of trained networks, as a student uses them."""

import pytest
from widget_page import FRAME, SOON, click, key_moves, look


@pytest.fixture
def page(gallery):
    return gallery.page


def repainted(page, explorer, before) -> None:
    page.wait_for_function(
        "([root, before]) => root.dataset.painted !== before", arg=[explorer.element_handle(), before], polling=SOON
    )


@pytest.mark.browser
def test_the_time_line_tells_another_family_for_each_key(page, gallery, lab):
    lineage = gallery.fresh("lineage")
    before, after = key_moves(page, lineage, "family", "ArrowDown")
    assert before != after
    assert "20,505,429" in lineage.locator("dl").inner_text()  # DeepLab v1
    lineage.locator("[name=family]").select_option(label="SegNet")
    assert "29,455,125" in lineage.locator("dl").inner_text()
    lineage.screenshot(path=str(lab.artefacts / "lineage.png"))


@pytest.mark.browser
def test_a_click_on_the_time_line_chooses_a_family_and_its_letters_can_be_read(page, gallery):
    lineage = gallery.fresh("lineage")
    lineage.locator("[data-sets*='U-Net']").click()
    page.evaluate(FRAME)
    assert lineage.locator("select").evaluate("select => select.selectedOptions[0].textContent") == "U-Net"
    assert "31,033,045" in lineage.locator("dl").inner_text()
    high = "svg => 11 * svg.getBoundingClientRect().width / svg.viewBox.baseVal.width"  # letters are 11 units
    assert all(svg.evaluate(high) >= 11 for svg in lineage.locator(".diagram > div > svg").all())


@pytest.mark.browser
def test_on_a_narrow_page_the_time_line_brings_the_chosen_family_into_sight(page, gallery):
    lineage = gallery.fresh("lineage")
    lineage.evaluate("root => { root.style.width = '320px'; }")
    for family in ("DeepLab v3+", "FCN", "PSPNet"):
        lineage.locator("[name=family]").select_option(label=family)
        page.evaluate(FRAME)
        line, box = (lineage.locator(part).first.bounding_box() for part in (".diagram > div", "[data-sets] .strong"))
        assert line["x"] <= box["x"] <= line["x"] + line["width"] - box["width"], family
    lineage.evaluate("root => { root.style.width = ''; }")


@pytest.mark.browser
@pytest.mark.parametrize(
    "name, control, key", [("skips", "first", "Space"), ("break_the_network", "bus", "ArrowRight")]
)
def test_trained_networks_answer_to_keys(page, gallery, lab, name, control, key):
    explorer = gallery.fresh(name)
    explorer.screenshot(path=str(lab.artefacts / f"{name}.png"))
    before, seen = explorer.get_attribute("data-painted"), look(explorer)
    key_moves(page, explorer, control, key)
    repainted(page, explorer, before)
    assert look(explorer) != seen
    assert explorer.locator(".problem").is_hidden()


@pytest.mark.browser
def test_the_boat_moves_on_the_picture_from_water_to_road(page, gallery, lab):
    explorer = gallery.fresh("break_the_network")
    explorer.locator("[name=world]").select_option(label="harbour")
    explorer.locator("dt >> text=IoU of boat").wait_for()
    truth, scene = explorer.locator("[role=application]").nth(1), explorer.locator("[role=application]").first
    assert "boat" in truth.get_attribute("aria-label")
    before = explorer.get_attribute("data-painted")
    click(explorer, 0, row=32, column=56)
    repainted(page, explorer, before)
    assert "car" in truth.get_attribute("aria-label")
    before = explorer.get_attribute("data-painted")
    scene.focus()
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    repainted(page, explorer, before)
    explorer.locator("dt >> text=IoU of boat").wait_for()
    assert scene.get_attribute("aria-description") == "Place of the hull"
    explorer.screenshot(path=str(lab.artefacts / "break_the_network_harbour.png"))
    explorer.locator("[name=world]").select_option(label="street")
    explorer.locator("dt >> text=IoU of sky").wait_for()
    assert scene.get_attribute("aria-description") is None
    before = explorer.get_attribute("data-painted")
    assert click(explorer, 0, row=32, column=56).startswith("Row 32, column 56")
    assert explorer.get_attribute("data-painted") == before  # in a street a click reads, it moves nothing


@pytest.mark.browser
def test_the_cab_slides_away_and_the_near_network_loses_its_vehicle(page, gallery, lab):
    explorer = gallery.fresh("break_the_network")
    explorer.locator("[name=world]").select_option(label="long vehicles")
    explorer.locator("dt >> text=IoU of tram").wait_for()
    before, seen = explorer.get_attribute("data-painted"), look(explorer)
    key_moves(page, explorer, "slid")
    repainted(page, explorer, before)
    after = look(explorer)
    assert [a != b for a, b in zip(seen, after)] == [True, False, True, True]  # the truth stays
    explorer.screenshot(path=str(lab.artefacts / "break_the_network_vehicles.png"))
