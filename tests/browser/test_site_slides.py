"""The slides of one lecture: sections as columns, explorers that move, the instructor's notes."""

import html

import pytest
from site_visit import AWAKE
from widget_page import look

from notebooks import build, convert

NAME = "04_receptive_field_dilation"
TITLES = "() => Reveal.getHorizontalSlides().map(column => column.querySelector('h1, h2').textContent)"
NOTES = "() => Reveal.getSlides().map(slide => Reveal.getSlideNotes(slide)).join(' ')"


def front_of(path):
    return convert.parse(path.stem, path.read_text()).front


def dilation_on_a_slide(visit):
    """The page on the slide of that explorer, and the explorer, awake."""
    page = visit.to(f"slides_{NAME[:2]}.html")
    page.wait_for_function("() => Reveal.isReady()")
    place = page.locator('[data-explorer="dilation"]')
    page.evaluate("place => Reveal.slide(...Object.values(Reveal.getIndices(place.closest('section'))))",
                  place.element_handle())  # fmt: skip
    explorer = place.locator(AWAKE)
    explorer.wait_for()
    return page, explorer


@pytest.mark.browser
def test_the_sections_of_a_lecture_are_columns_that_keys_turn(desktop):
    page = desktop.to(f"slides_{NAME[:2]}.html")
    page.wait_for_function("() => Reveal.isReady()")
    front = front_of(next(path for path in build.sources() if path.stem == NAME))
    assert page.evaluate(TITLES)[:2] == [front["title"], front["teach"]["sections"][0]["section"]]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("() => Reveal.getIndices()") | {"f": None} == {"h": 1, "v": 1, "f": None}
    assert page.locator(".slides > section.present > section.present img").evaluate("image => image.naturalWidth") > 0
    assert desktop.wrong == []


@pytest.mark.browser
def test_what_moves_an_explorer_on_a_slide_is_in_reach_of_a_hand(desktop):
    page, explorer = dilation_on_a_slide(desktop)
    before = look(explorer)
    explorer.locator("[name=rate]").click(position={"x": 60, "y": 5})
    page.wait_for_timeout(100)
    assert look(explorer) != before
    controls, picture = (explorer.locator(one).bounding_box() for one in (".controls", "figure.main"))
    assert controls["x"] + controls["width"] <= picture["x"]


@pytest.mark.browser
def test_what_code_prints_stands_in_columns_on_a_slide(desktop):
    page = desktop.to("slides_02.html")
    page.wait_for_function("() => Reveal.isReady()")
    assert "mono" in page.locator(".slides pre").first.evaluate("text => getComputedStyle(text).fontFamily")


@pytest.mark.browser
def test_an_explorer_on_a_slide_wakes_and_keeps_the_keys_while_it_is_moved(desktop):
    page, explorer = dilation_on_a_slide(desktop)
    here, before = page.evaluate("() => Reveal.getIndices()"), look(explorer)
    explorer.locator("[name=rate]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(100)
    assert look(explorer) != before
    assert page.evaluate("() => Reveal.getIndices()") == here
    assert desktop.wrong == []


@pytest.mark.browser
@pytest.mark.parametrize("path", build.sources(), ids=lambda path: path.stem)
def test_every_lecture_has_slides_with_all_notes_of_the_instructor(path, desktop):
    page = desktop.to(f"slides_{path.stem[:2]}.html")
    page.wait_for_function("() => Reveal.isReady()")
    told = page.evaluate(NOTES)
    for one in front_of(path)["teach"]["sections"]:
        assert html.escape(one["show"], quote=False) in told.replace("&quot;", '"').replace("&#x27;", "'")
    assert desktop.wrong == []
