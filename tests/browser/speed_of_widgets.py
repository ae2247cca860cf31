"""Milliseconds from a key press to the changed page. Run by tests/bench alone, which reads the figures."""

import json

import pytest
from widget_page import explorers, pull

SAME_WITH_MATPLOTLIB = """
import matplotlib.pyplot as plt, ipywidgets
def show(rate=2):
    plt.close("all")
    panels = explorers.dilation().render(rate=rate)
    figure, axes = plt.subplots(1, 3, figsize=(12, 4))
    axes[0].imshow(panels[0].values)
    axes[1].imshow(panels[1].values)
    for line in panels[2].lines:
        axes[2].plot(line.x, line.y)
    plt.show()
ipywidgets.interact(show, rate=ipywidgets.IntSlider(min=1, max=24, value=2, continuous_update=True));
"""
# From the key to the moment the page has changed, and to the frame that shows it. `sign` reads the picture, as a text
# that changes with it.
TIMED = """([root, sign]) => new Promise(done => {
  const read = new Function("root", "return " + sign), before = read(root);
  let began = null;
  document.addEventListener("keydown", () => { began = performance.now(); }, { once: true, capture: true });
  const stop = took => { watch.disconnect(); done(took); };
  const since = () => performance.now() - began;
  const watch = new MutationObserver(() => {
    if (read(root) === before) return;
    const changed = since();
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => stop([changed, since()])));
  });
  watch.observe(root, { subtree: true, childList: true, attributes: true });
  setTimeout(() => stop(null), 20000);
})"""


def press(page, slider, sign: str, key: str, root) -> list[float]:
    """One key on a slider, timed in the page: to the change, and to the next frame."""
    slider.focus()
    page.evaluate(f"args => {{ window.timed = ({TIMED})(args); }}", [root.element_handle(), sign])
    page.keyboard.press(key)
    took = page.evaluate("() => window.timed")
    assert took is not None, "the picture never changed"
    page.wait_for_timeout(200)
    return took


def ten_in_one_notebook(lab) -> list[list[float]]:
    """Key presses on one of ten explorers."""
    cells = ["from course_lib import explorers", *["explorers.dilation()"] * 10]
    page = lab.open(lab.notebook("ten", cells), height=1600, hurry=1)
    lab.run_all(page)
    one = explorers(page, 10)[4]
    times = [press(page, one.locator("[name=rate]"), "root.dataset.painted", "ArrowRight", one) for _ in range(10)]
    page.close()
    return times


MEASURED = {  # explorer: the control, its key, and how often it is pressed
    "dilation (table)": ("dilation()", "[name=rate]", "ArrowRight", 10),
    "lineage (table)": ("lineage()", "[name=family]", "ArrowDown", 10),
    "receptive field (asked)": ("receptive_field()", "[role=application] >> nth=0", "ArrowRight", 10),
    "skips (asked)": ("skips()", "[name=scene]", "ArrowRight", 7),
    "street (asked)": ("break_the_network()", "[name=scene]", "ArrowRight", 11),
    "long vehicles (asked)": ("break_the_network()", "[name=slid]", "ArrowRight", 11),
    "harbour (asked)": ("break_the_network()", "[role=application] >> nth=0", "ArrowRight", 11),
}


DRAGGED = {  # explorer: how it is set before, where a hand takes hold of its main picture, and where it lets go
    "field, theoretical": ("receptive_field()", {}, (0.2, 0.1), (0.8, 0.9)),
    "field, effective": ("receptive_field()", {"gradient": True}, (0.2, 0.1), (0.8, 0.9)),
    "street": ("break_the_network()", {}, (0.5, 0.2), (0.5, 0.8)),
    "long vehicles": ("break_the_network()", {"world": "long vehicles"}, (0.5, 0.2), (0.5, 0.8)),
    "harbour": ("break_the_network()", {"world": "harbour"}, (0.5, 0.1), (0.5, 0.9)),
}


@pytest.mark.browser
def test_fast_drags(lab):
    """30 moves in 300 ms: what was asked, what was painted, and when the last place stood there."""
    cells = [
        f"from course_lib import explorers\nexplorers.{made}.at(**{set_to})" for made, set_to, *_ in DRAGGED.values()
    ]
    page = lab.open(lab.notebook("drags", cells), height=1600)
    lab.run_all(page)
    told = {}
    for (name, (*_, start, end)), root in zip(DRAGGED.items(), explorers(page, len(DRAGGED))):
        drag = pull(page, root, start, end)
        moves, painted = drag["moves"], [at for at, _ in drag["painted"]]
        late = max(0, painted[-1] - moves[-1]) if painted else None
        told[name] = [len(moves), len(drag["asked"]), len(painted), late]
    page.close()
    (lab.artefacts / "fast_drags.json").write_text(json.dumps(told))
    assert all(painted for _, _, painted, _ in told.values())


@pytest.mark.browser
def test_key_to_picture(lab):
    cells = [f"from course_lib import explorers\nexplorers.{made}" for made, *_ in MEASURED.values()]
    page = lab.open(lab.notebook("speed", [*cells, SAME_WITH_MATPLOTLIB]), height=1600, hurry=1)
    lab.run_all(page)
    times, roots = {}, explorers(page, len(MEASURED))
    for (name, (_, control, key, presses)), root in zip(MEASURED.items(), roots):
        world = name.removesuffix(" (asked)")
        if world in ("long vehicles", "harbour"):
            root.locator("[name=world]").select_option(label=world)
            page.wait_for_function("root => root.dataset.painted[1] !== '0'", arg=root.element_handle())
        control = root.locator(control)
        times[name] = [press(page, control, "root.dataset.painted", key, root) for _ in range(presses)]
    cell = page.locator(".jp-CodeCell").last
    cell.scroll_into_view_if_needed()
    cell.locator("img").first.wait_for(timeout=30_000)
    handle = cell.locator(".noUi-handle")
    shown = "(() => { const s = root.querySelector('img')?.src; return s ?? window.shown; })()"
    page.evaluate("root => { window.shown = root.querySelector('img').src; }", cell.element_handle())
    times["interact + matplotlib"] = []
    for _ in range(5):
        times["interact + matplotlib"].append(press(page, handle, shown, "ArrowRight", cell))
        page.evaluate("root => { window.shown = root.querySelector('img')?.src; }", cell.element_handle())
        page.wait_for_timeout(800)
    page.close()
    times["one of ten dilations (table)"] = ten_in_one_notebook(lab)
    (lab.artefacts / "key_to_picture.json").write_text(json.dumps(times))
    assert all(times.values())
