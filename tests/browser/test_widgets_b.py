"""The time line and the explorers of trained networks, as a student uses them."""

import pytest
from widget_page import FRAME, key_moves, look


@pytest.fixture
def page(gallery):
    return gallery.page


def repainted(page, explorer, before) -> None:
    page.wait_for_function(
        "([root, before]) => root.dataset.painted !== before", arg=[explorer.element_handle(), before], timeout=20_000
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
    assert all(svg.evaluate(high) >= 12 for svg in lineage.locator(".diagram > div > svg").all())


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
