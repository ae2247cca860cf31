"""What a student does with an explorer on a page: find it, move it, look at it. Tests of widgets call these."""

import time

from playwright.sync_api import Locator, Page

# What every canvas shows, as one number each: two pictures are the same when their numbers are.
LOOK = """root => [...root.querySelectorAll("canvas")].map(canvas => {
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  const bytes = ink.getImageData(0, 0, canvas.width, canvas.height).data;
  let sum = 7;
  for (let i = 0; i < bytes.length; i++) sum = (sum * 31 + bytes[i]) >>> 0;
  return sum;
})"""
# And what stands beside them, as one number: long texts would travel to the test at each step of a drag.
WORDS = """root => {
  const text = [...root.querySelectorAll(".panels, .readout")].map(part => part.innerHTML).join("|");
  let sum = 7;
  for (let i = 0; i < text.length; i++) sum = (sum * 31 + text.charCodeAt(i)) >>> 0;
  return sum;
}"""
FRAME = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
SOON = 50  # milliseconds until what Python answers is looked for again: each frame of a long page costs the processor
EXPLORER = "css:light=.lm-explorer"  # "light": no look into each of the 20,000 nodes of JupyterLab for a shadow tree
IDLE = "root => root.getAttribute('aria-busy') === 'false'"
WATCH = """root => {
  window.watch?.disconnect(); window.painted = [];
  window.watch = new MutationObserver(() => window.painted.push(root.dataset.painted));
  window.watch.observe(root, { attributes: true, attributeFilter: ["data-painted"] });
}"""
# What a drag asks of Python and what comes of it: the times of the hand's moves, of questions and answers, and of the
# states painted, with their names.
DRAGGED = """root => {
  const log = (window.drag = { moves: [], asked: [], answered: [], painted: [] }), now = () => performance.now();
  const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
  root.addEventListener("pointermove", event => { if (event.buttons) log.moves.push(now()); }, true);
  kernel.anyMessage.connect((_, { direction, msg }) => {
    if (msg.content.data?.method === "custom") log[direction === "send" ? "asked" : "answered"].push(now());
  });
  new MutationObserver(() => {
    const last = log.painted.at(-1);
    if (last?.[1] !== root.dataset.painted) log.painted.push([now(), root.dataset.painted]);
  }).observe(root, { attributes: true, attributeFilter: ["data-painted"] });
}"""


def explorers(page: Page, number: int = 1) -> list[Locator]:
    """The explorers on the page, once each has drawn its first picture."""
    found = page.locator(EXPLORER)
    found.nth(number - 1).wait_for()
    page.wait_for_function(
        "number => document.querySelectorAll('.lm-explorer:not([data-painted=\"\"])').length >= number",
        arg=number,
        polling=SOON,
    )
    return [found.nth(i) for i in range(number)]


def titled(page: Page, title: str) -> Locator:
    """The explorers of this title, one for each time that it stands on the page."""
    return page.locator(f'{EXPLORER}[aria-label="{title}"]')


def picture(explorer: Locator) -> str:
    """All that an explorer shows, its pictures, their labels, its numbers, as a text that changes with it."""
    return explorer.evaluate(f"root => JSON.stringify([({LOOK})(root), ({WORDS})(root)])")


def look(explorer: Locator) -> list[int]:
    """A number for the content of each picture."""
    return explorer.evaluate(LOOK)


def key_moves(page: Page, explorer: Locator, control: str, key: str = "ArrowRight") -> tuple[str, str]:
    """Presses a key on a control with the keyboard; returns what was painted before and after."""
    before = explorer.get_attribute("data-painted")
    explorer.locator(f"[name={control}]").first.focus()
    page.keyboard.press(key)
    page.evaluate(FRAME)
    return before, explorer.get_attribute("data-painted")


def drag(page: Page, explorer: Locator, control: str, steps: int) -> list[list[int]]:
    """Drags a slider from its left end, one position a frame; returns what the pictures showed at each."""
    slider = explorer.locator(f"input[name={control}]")
    box, last = at_rest(page, slider), int(slider.get_attribute("max"))
    thumb = 16  # Chromium's thumb: its centre cannot reach the very ends

    def place(i: int) -> tuple[float, float]:
        return box["x"] + thumb / 2 + (box["width"] - thumb) * i / last, box["y"] + box["height"] / 2

    page.mouse.move(*place(0))
    page.mouse.down()
    seen = []
    try:
        for i in range(steps + 1):
            page.mouse.move(*place(i))
            page.evaluate(FRAME)
            assert int(slider.input_value()) == i
            seen.append(look(explorer))
    finally:
        page.mouse.up()
    return seen


def pull(page: Page, explorer: Locator, start: tuple, end: tuple, *, moves: int = 30, apart: float = 0.01) -> dict:
    """Pulls across the main picture, in shares of it, with so many seconds from move to move; tells what came of it.

    Half a second after the last picture it looks whether more comes.
    """
    box = at_rest(page, explorer.locator(".main .pulled, .main [role=application]").first)
    (y0, x0), (y1, x1) = start, end
    page.wait_for_function(IDLE, arg=explorer.element_handle())
    explorer.evaluate(DRAGGED)
    page.mouse.move(box["x"] + x0 * box["width"], box["y"] + y0 * box["height"])
    page.mouse.down()
    began = time.monotonic()
    for number in range(1, moves + 1):
        y, x = (first + (last - first) * number / moves for first, last in ((y0, y1), (x0, x1)))
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        time.sleep(max(0.0, began + apart * number - time.monotonic()))
    page.mouse.up()
    page.wait_for_function(IDLE, arg=explorer.element_handle())
    page.wait_for_timeout(500)
    return page.evaluate("window.drag")


def at_rest(page: Page, element: Locator) -> dict:
    """Scrolls to an element and returns where it is once the page has stopped moving: notebooks lay out lazily."""
    before = None
    for _ in range(50):
        element.scroll_into_view_if_needed()
        page.evaluate(FRAME)
        box = element.bounding_box()
        if box == before:
            return box
        before = box
    raise AssertionError("the page never came to rest")


def click(explorer: Locator, panel: int, *, row: int, column: int) -> str:
    """Clicks on a pixel of a picture and returns the reading below."""
    picture = explorer.locator("[role=application]").nth(panel)
    box = at_rest(explorer.page, picture)
    height, width = picture.locator("canvas").evaluate("canvas => [canvas.height, canvas.width]")
    at = {"x": (column + 0.5) / width * box["width"], "y": (row + 0.5) / height * box["height"]}
    picture.click(position=at)
    return explorer.locator(".reading").inner_text()


def in_kernel(page: Page, code: str) -> str:
    """Runs a line in the notebook's kernel; returns what it printed."""
    return page.evaluate(
        """async code => {
          const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
          const asked = kernel.requestExecute({ code });
          let said = "";
          asked.onIOPub = message => { said += message.content.text ?? message.content.evalue ?? ""; };
          await asked.done;
          return said.trim();
        }""",
        code,
    )


def until_kernel_says(page: Page, code: str, expected: str, seconds: float = 60) -> None:
    """Asks the kernel until it gives this answer: what is moved on the page is saved a moment later."""
    until = time.monotonic() + seconds
    while (said := in_kernel(page, code)) != expected:
        assert time.monotonic() < until, f"{code} gives {said}, not {expected}"
        page.wait_for_timeout(50)
