"""Records notebooks/explorers.gif, the README's moving picture: real drags in a real browser, in JupyterLab.

`python -m tests.browser.record_animation` from the repository's root takes about a minute. A rate is dragged from 1 to
24, then a unit's field over a scene; every frame is a screenshot, the pointer is drawn where the mouse is.
"""

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, sync_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from chromium import FLAGS, find  # noqa: E402
from jupyterlab_page import running_lab  # noqa: E402
from widget_page import FRAME, IDLE, at_rest, explorers  # noqa: E402

TARGET = HERE.parents[1] / "notebooks" / "explorers.gif"
CELLS = [
    "from course_lib import explorers\nexplorers.dilation()",
    "explorers.receptive_field('segnet', layers=['conv2', 'conv3', 'conv4', 'conv5'])",
]
WIDTH, HEIGHT = 1040, 480
STEP, HOLD = 170, 1400  # milliseconds of a frame, and of the last one of each scene
COLOURS = 256
POINTER = """() => {
  const arrow = Object.assign(document.createElement("div"), { innerHTML:
    '<svg width="20" height="24"><path d="M2 1v18l5-4 3 7 3-1-3-7h6z" stroke="#fff" stroke-width="1.5"/></svg>' });
  arrow.style.cssText = "position:fixed;z-index:9999;pointer-events:none;left:0;top:0";
  document.body.append(arrow);
  const follow = (event) => { arrow.style.transform = `translate(${event.clientX}px, ${event.clientY}px)`; };
  document.addEventListener("pointermove", follow, true);
}"""
Frames = list[tuple[Image.Image, int]]


def main() -> None:
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=str(find()), args=FLAGS)
        with running_lab(browser, Path(folder), artefacts=Path(folder)) as lab:
            page = lab.open(lab.notebook("recorded", CELLS), width=1400, height=1500, hurry=1)
            lab.run_all(page)
            dilation, field = explorers(page, 2)
            page.evaluate("width => document.querySelectorAll('.lm-explorer').forEach("
                          "root => { root.style.width = `${width}px`; })", WIDTH)  # fmt: skip
            page.evaluate(POINTER)
            frames = rates(page, dilation) + places(page, field)
        browser.close()
    write(frames)


def rates(page: Page, root: Locator) -> Frames:
    """The rate dragged from 1 to 24."""
    slider = root.locator("[name=rate]")
    box, frames = at_rest(page, slider), []
    for i in range(24):
        page.mouse.move(box["x"] + 8 + (box["width"] - 16) * i / 23, box["y"] + box["height"] / 2)
        if i == 0:
            page.mouse.down()
        page.evaluate(FRAME)
        frames.append((snapshot(page, root), STEP if i < 23 else HOLD))
    page.mouse.up()
    return frames


def places(page: Page, root: Locator) -> Frames:
    """The unit dragged across the scene; then what it really looks at."""
    root.locator("[name=layer]").select_option(label="conv4")
    picture, frames = root.locator("[role=application]").first, []
    box = at_rest(page, picture)
    for i in range(20):
        page.mouse.move(box["x"] + box["width"] * (0.86 - 0.024 * i), box["y"] + box["height"] * (0.76 - 0.017 * i))
        if i == 0:
            page.mouse.down()
        settle(page, root)
        frames.append((snapshot(page, root), STEP))
    page.mouse.up()
    switch = at_rest(page, root.locator("[name=gradient]"))
    page.mouse.click(switch["x"] + switch["width"] / 2, switch["y"] + switch["height"] / 2)
    settle(page, root)
    return [*frames, (snapshot(page, root), 2 * HOLD)]


def settle(page: Page, root: Locator) -> None:
    page.evaluate(FRAME)
    page.wait_for_function(IDLE, arg=root.element_handle())
    page.evaluate(FRAME)


def snapshot(page: Page, root: Locator) -> Image.Image:
    box = root.bounding_box()
    picture = page.screenshot(clip={"x": box["x"], "y": box["y"], "width": WIDTH, "height": HEIGHT})
    return Image.open(io.BytesIO(picture)).convert("RGB")


def write(frames: Frames) -> None:
    """One palette for all frames, taken from a sheet of some of them, so that nothing flickers."""
    some = [picture for picture, _ in frames[::4]]
    sheet = Image.new("RGB", (WIDTH, HEIGHT * len(some)))
    for i, picture in enumerate(some):
        sheet.paste(picture, (0, HEIGHT * i))
    palette = sheet.quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
    pictures = [picture.quantize(palette=palette, dither=Image.Dither.NONE) for picture, _ in frames]
    times = [time for _, time in frames]
    pictures[0].save(TARGET, save_all=True, append_images=pictures[1:], duration=times, loop=0, optimize=True)
    seconds, size = sum(times) / 1000, TARGET.stat().st_size
    print(f"{TARGET}: {len(frames)} frames, {seconds:.1f} s, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
