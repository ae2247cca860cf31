"""What holds for every explorer, on one page where each stands twice; one that is added is covered by itself."""

import re
from itertools import groupby, pairwise

import pytest
from gallery_page import NAMES
from widget_page import FRAME, IDLE, SOON, WATCH, at_rest, in_kernel, picture

pytestmark = pytest.mark.browser
BLANK = """canvas => {
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  const bytes = ink.getImageData(0, 0, canvas.width, canvas.height).data;
  return new Uint32Array(bytes.buffer).every((pixel, _, all) => pixel === all[0]);
}"""
OTHERS_CHANGED = """root => { window.changed = [];
  window.watches = [...document.querySelectorAll(".lm-explorer")].filter(other => other !== root).map(other => {
    const watch = new MutationObserver(records => {
      const heard = ({ target }) => (target.parentElement ?? target).closest(".spoken") ?? target.matches?.(".spoken");
      if (!records.every(heard)) window.changed.push(other.ariaLabel);
    });
    watch.observe(other, { subtree: true, childList: true, attributes: true, characterData: true });
    return watch;
  }); }"""
MOVING = """root => [...root.querySelectorAll("*")].filter(part => {
  const { transitionDuration, animationName } = getComputedStyle(part);
  return transitionDuration !== "0s" || animationName !== "none";
}).map(part => part.classList[0])"""
BACK = {"ArrowRight": "ArrowLeft", "ArrowLeft": "ArrowRight", "ArrowDown": "ArrowUp", "ArrowUp": "ArrowDown"}
every_explorer = pytest.mark.parametrize("name", NAMES)


def arrived(gallery, name: str, copy: int = 0) -> None:
    """Waits for the picture of the present setting; an explorer with a table has it at once."""
    root = gallery.find(name, copy)
    gallery.page.evaluate(FRAME)
    if gallery.facts[name]["table"] and root.get_attribute("aria-busy") == "true":
        gallery.page.wait_for_timeout(100)
    gallery.page.wait_for_function(IDLE, arg=root.element_handle(), polling=SOON)


def step(gallery, name: str, control: dict, copy: int = 0) -> str:
    """Moves a control by one arrow key, away from the end of its range; returns the key that moves it back."""
    root, page = gallery.find(name, copy), gallery.page
    element = root.locator(f"[name={control['name']}]").first
    key = {"slider": "ArrowRight", "choice": "ArrowDown", "grid": "ArrowUp", "pixel": "ArrowRight"}[control["kind"]]
    if control["kind"] == "pixel":
        element = moved_on(root, control)
    elif control["kind"] == "slider":
        key = "ArrowLeft" if element.input_value() == element.get_attribute("max") else key
    elif control["kind"] == "choice":
        last = len(control["values"]) - 1
        key = "ArrowUp" if element.evaluate("select => select.selectedIndex") == last else key
    elif int(element.input_value()) == control["high"]:
        key = "ArrowDown"
    element.focus()
    page.keyboard.press(key)
    arrived(gallery, name, copy)
    return BACK[key]


def moved_on(root, pixel: dict):
    """The picture, or the drawing, on which a place is chosen."""
    return root.locator(".panels > figure").nth(pixel["panel"]).locator("[tabindex]")


def movers(gallery, name: str) -> list[dict]:
    """The controls that arrow keys move at present."""
    root = gallery.find(name)
    controls = [one for one in gallery.facts[name]["controls"] if one["kind"] != "switch"]
    return [c for c in controls if c["kind"] == "pixel" or root.locator(f"[name={c['name']}]").first.is_enabled()]


@every_explorer
def test_it_opens_and_draws(gallery, name):
    for copy in (0, 1):
        root = gallery.find(name, copy)
        assert root.get_attribute("data-painted")
        assert root.locator(".problem").is_hidden()
        drawn = [not canvas.evaluate(BLANK) for canvas in root.locator("canvas").all()]
        assert any(drawn) or root.locator(".panels > figure:is(.chart, .diagram) svg *").count() > 10
        assert root.locator("dl dd, .note, .reading").count() > 0


@every_explorer
def test_only_the_explorer_that_is_moved_repaints(gallery, name):
    page, root = gallery.page, gallery.find(name)
    control, second = movers(gallery, name)[0], picture(gallery.find(name, 1))
    root.evaluate(OTHERS_CHANGED)
    back = step(gallery, name, control)
    page.wait_for_timeout(100)
    assert page.evaluate("window.watches.forEach(watch => watch.disconnect()), window.changed") == []
    assert picture(gallery.find(name, 1)) == second
    page.keyboard.press(back)
    arrived(gallery, name)


@every_explorer
def test_closing_one_takes_it_off_the_page_and_leaves_the_other_working(gallery, name):
    page, title = gallery.page, gallery.facts[name]["title"]
    canvases = gallery.find(name, 1).locator("canvas").count()
    before = page.locator("canvas").count()
    in_kernel(page, f"second['{name}'].close()")
    page.wait_for_function(
        "title => document.querySelectorAll(`.lm-explorer[aria-label=${JSON.stringify(title)}]`).length === 1",
        arg=title,
    )
    assert page.locator("canvas").count() == before - canvases
    painted = gallery.find(name).get_attribute("data-painted")
    back = step(gallery, name, movers(gallery, name)[0])
    assert gallery.find(name).get_attribute("data-painted") != painted
    page.keyboard.press(back)
    arrived(gallery, name)


@every_explorer
def test_each_control_answers_to_arrow_keys(gallery, name):
    root, moved = gallery.find(name), 0
    for control in movers(gallery, name):
        label = root.locator(f"label:has([name={control['name']}]) output")
        said, key, shown = label.all_inner_texts(), root.get_attribute("data-painted"), picture(root)
        titles = root.locator("figcaption").all_text_contents()
        back = step(gallery, name, control)
        assert root.get_attribute("data-painted") != key, f"{control['name']} does not answer"
        if control["kind"] == "slider":
            assert label.all_inner_texts() != said
            assert root.locator(f"[name={control['name']}]").get_attribute("aria-valuetext") == label.inner_text()
        moved += picture(root) != shown
        gallery.page.keyboard.press(back)
        arrived(gallery, name)
        assert root.get_attribute("data-painted") == key, f"{control['name']} does not come back"
        assert root.locator("figcaption").all_text_contents() == titles
    assert moved > 0


@every_explorer
def test_a_fast_drag_paints_each_step_or_ends_at_the_newest(gallery, name):
    page, root = gallery.page, gallery.find(name)
    control, places = drag_along(gallery, name)
    table, seen = gallery.facts[name]["table"], []
    places[0]()
    arrived(gallery, name)
    root.evaluate(WATCH)
    for place in places:
        place()
        if table:
            page.evaluate(FRAME)
            seen.append((root.get_attribute("data-painted"), picture(root)))
    page.mouse.up()
    arrived(gallery, name)
    if table:
        assert all(before != after for before, after in pairwise(seen))
        assert len({key for key, _ in seen}) == len(places)
        return
    page.wait_for_timeout(300)
    came = [key for key, _ in groupby(page.evaluate("window.painted"))]
    index = [one["name"] for one in gallery.facts[name]["controls"]].index(control["name"])
    assert root.get_attribute("data-painted") == (came or [root.get_attribute("data-painted")])[-1]
    assert len(came) <= len(places), "old pictures were painted in a queue"
    if control["kind"] == "slider":
        at = int(root.locator(f"input[name={control['name']}]").input_value())
        assert at == len(control["values"]) - 1
        assert root.evaluate("(root, index) => JSON.parse(root.dataset.painted)[index]", index) == at


def drag_along(gallery, name: str) -> tuple[dict, list]:
    """The control with the most steps, and the mouse's (or a choice's key's) moves along them all."""
    page, root = gallery.page, gallery.find(name)
    able = movers(gallery, name)
    sliders = [one for one in able if one["kind"] == "slider"]
    if sliders:
        control = max(sliders, key=lambda one: len(one["values"]))
        slider, last = root.locator(f"input[name={control['name']}]"), len(control["values"]) - 1
        box, thumb = at_rest(page, slider), 16
        middle = box["y"] + box["height"] / 2
        across = [box["x"] + thumb / 2 + (box["width"] - thumb) * i / last for i in range(last + 1)]
    elif pixels := [one for one in able if one["kind"] == "pixel"]:
        control = pixels[0]
        box = at_rest(page, moved_on(root, control))
        _, columns = control["size"]
        middle = box["y"] + box["height"] * 0.4
        across = [box["x"] + box["width"] * (i + 0.5) / columns for i in range(min(columns, 12))]
    else:
        control = able[0]
        select = root.locator(f"select[name={control['name']}]")
        return control, [lambda i=i: select.select_option(index=i) for i in range(len(control["values"]))]
    page.mouse.move(across[0], middle)
    page.mouse.down()
    return control, [lambda x=x: page.mouse.move(x, middle) for x in across]


@every_explorer
def test_a_click_on_each_picture_and_a_touch_move_the_pixel(gallery, name):
    page, root = gallery.page, gallery.find(name)
    pixels = {one["panel"]: one["size"] for one in gallery.facts[name]["controls"] if one["kind"] == "pixel"}
    bodies = root.locator("[role=application]").all()
    presses = [(body, page.mouse.click, 0.3, 0.6) for body in bodies]
    presses += [(body, page.touchscreen.tap, 0.7, 0.2) for body in bodies[:1]]
    for body, press, down, right in presses:
        at = body.evaluate("body => [...body.closest('.panels').children].indexOf(body.closest('figure'))")
        height, width = pixels.get(at) or body.locator("canvas").evaluate("canvas => [canvas.height, canvas.width]")
        box = at_rest(page, body)
        press(box["x"] + right * box["width"], box["y"] + down * box["height"])
        page.evaluate(FRAME)
        reading = root.locator(".reading").inner_text()
        row, column = map(int, re.findall(r"\d+", reading)[:2])
        assert abs(row + 0.5 - down * height) <= 1, f"picture {at}: {reading!r}"
        assert abs(column + 0.5 - right * width) <= 1, f"picture {at}: {reading!r}"


@every_explorer
def test_reduced_motion_is_honoured(gallery, name):
    root = gallery.find(name)
    gallery.page.emulate_media(reduced_motion="reduce")
    assert root.evaluate(MOVING) == []
    gallery.page.emulate_media(reduced_motion="no-preference")
    assert set(root.evaluate(MOVING)) - {"fresh", "flows", "glides"} == {"panels"}  # and what has just changed
