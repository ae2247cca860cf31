"""How explorers look: what belongs together on one screen, letters that can be read, and a hand that is followed."""

from itertools import groupby

import pytest
from gallery_page import NAMES
from test_widgets_tour import settled
from widget_page import FRAME, WATCH, at_rest

pytestmark = pytest.mark.browser
every_explorer = pytest.mark.parametrize("name", NAMES)
SCREEN = {"width": 900, "height": 700}
LOWEST = """root => Math.max(...[".main :is(canvas, svg)", ".controls > :not(.play)"].map(part => {
  const one = [...root.querySelectorAll(part)].find(found => found.getBoundingClientRect().height);
  return one.getBoundingClientRect().bottom - root.getBoundingClientRect().top;
}))"""
LETTERS = """(root, kind) => [...root.querySelectorAll(`.${kind} > div > svg`)].map(svg => {
  const unit = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return parseFloat(getComputedStyle(svg.querySelector("text")).fontSize) * unit;
})"""
OVERLAPPING = """root => [...root.querySelectorAll(".chart > div > svg")].flatMap(svg => {
  const words = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
  return words.flatMap(([one, a], i) => words.slice(i + 1)
    .filter(([, b]) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
      && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > a.height / 4)
    .map(([other]) => `${one} | ${other}`));
})"""
BELOW = """root => {
  const top = part => root.querySelector(part).getBoundingClientRect().top;
  const others = [...root.querySelectorAll(".panels > figure:not(.main, .prose, .diagram:not(.narrow))")];
  return top(".main") < top(".readout") && others.every(one => top(".readout") < one.getBoundingClientRect().top);
}"""
FIRST = """root => {
  const pictures = [...root.querySelectorAll(".panels > figure:not(.diagram), .panels > .main")];
  const tops = pictures.map(one => one.getBoundingClientRect().top);
  return Math.min(...tops) === root.querySelector(".main").getBoundingClientRect().top;
}"""
PULLED = {  # where a hand takes hold, as shares of the main picture, and where it lets go
    "break_the_network": ((0.5, 0.5), (0.2, 0.5)),
    "dilation": ((0.6, 0.5), (0.95, 0.5)),
    "ledger": ((0.1, 0.3), (0.9, 0.6)),
    "metrics": ((0.4, 0.5), (0.52, 0.55)),
    "pyramids": ((0.2, 0.2), (0.8, 0.6)),
    "receptive_field": ((0.2, 0.2), (0.8, 0.6)),
    "separable_layer": ((0.5, 0.3), (0.3, 0.7)),
    "sliding_classifier": ((0.2, 0.2), (0.8, 0.6)),
    "training_loop": ((0.2, 0.2), (0.8, 0.6)),
    "unpooling": ((0.07, 0.22), (0.31, 0.5)),
}


@pytest.fixture
def sized(gallery):
    """Sets the size of the window, and puts it back."""
    page, before = gallery.page, gallery.page.viewport_size

    def resize(size: dict) -> None:
        page.set_viewport_size(size)
        page.evaluate(FRAME)  # JupyterLab gives its panels their new size a frame later

    yield resize
    resize(before)


@every_explorer
def test_picture_and_control_stand_on_one_screen_also_while_the_tour_asks(gallery, sized, name):
    root = gallery.fresh(name)
    sized(SCREEN)
    assert root.evaluate(LOWEST) <= SCREEN["height"]
    tour = root.locator(".guide > button").first
    tour.click()
    told = root.evaluate(LOWEST)
    tour.click()
    assert told <= SCREEN["height"]


@pytest.mark.parametrize("side", [216, 271, 632, 732, 1232])  # what JupyterLab leaves of 320, 375, 800, 900 and 1400
def test_letters_of_charts_and_drawings_can_be_read_and_lie_beside_each_other_at_every_width(gallery, side):
    for name in NAMES:
        root = gallery.find(name)
        root.evaluate("(root, side) => { root.style.width = `${side}px`; }", side)
        gallery.page.evaluate(FRAME)
        charts, drawings = (root.evaluate(LETTERS, kind) for kind in ("chart", "diagram"))
        assert all(9.5 <= high <= 16 for high in charts), (name, charts)
        assert all(10.9 <= high <= 16 for high in drawings), (name, drawings)
        assert root.evaluate(OVERLAPPING) == [], name
        root.evaluate("root => { root.style.width = ''; }")


@pytest.mark.parametrize("order", [FIRST, BELOW], ids=["first the main picture", "below it its numbers"])
def test_a_narrow_page_has_its_order(gallery, order):
    for name in NAMES:
        root = gallery.find(name)
        root.evaluate("root => { root.style.width = '320px'; }")
        assert root.evaluate(order), name
        root.evaluate("root => { root.style.width = ''; }")


def test_forced_colours_keep_the_colours_that_mean_something(gallery):
    gallery.page.emulate_media(forced_colors="active")
    swatches = gallery.find("metrics").locator(".legend i")
    colours = set(swatches.evaluate_all("all => all.map(one => getComputedStyle(one).backgroundColor)"))
    gallery.page.emulate_media(forced_colors="none")
    assert len(colours) > 5


@pytest.mark.parametrize("name", PULLED)
def test_a_fast_pull_at_the_picture_skips_forward_and_ends_under_the_hand(gallery, name):
    ends = []
    for steps in (1, 30):
        root, page = gallery.fresh(name), gallery.page
        box = at_rest(page, root.locator(".main .pulled, .main [role=application]").first)
        start, end = ((box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in PULLED[name])
        root.evaluate(WATCH)
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*end, steps=steps)
        page.mouse.up()
        settled(gallery, root)
        came = [key for key, _ in groupby(page.evaluate("window.painted"))]
        assert came, "nothing moved"
        assert len(came) == len(set(came)), "an old picture came back"
        ends.append(root.get_attribute("data-painted"))
    assert ends[0] == ends[1] == came[-1]
