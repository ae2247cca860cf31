"""Closing an explorer frees its memory in the browser: the part of the page, its pictures, and the table's bytes.

A WeakRef tells whether the browser still holds something once it has collected garbage (asked for over the DevTools).
"""

import time

import pytest
from widget_page import explorers, in_kernel

CELLS = [
    "from course_lib import explorers\nfirst = explorers.dilation(); first",
    "second = explorers.receptive_field(); second",
    "third = explorers.metrics(); third",
]
KEEP_TABLES = """() => {
  window.gone = {};
  const read = (window.read = Response.prototype.arrayBuffer);
  Response.prototype.arrayBuffer = async function () { // widget.js unzips its tables this way
    const bytes = await read.call(this);
    window.gone[`table ${Object.keys(window.gone).length}`] = new WeakRef(bytes);
    return bytes;
  };
}"""
KEEP_ROOTS = """() => document.querySelectorAll(".lm-explorer").forEach((root, i) => {
  window.gone[`root ${i}`] = new WeakRef(root);
  window.gone[`canvas ${i}`] = new WeakRef(root.querySelector("canvas"));
})"""
HELD = "() => Object.keys(window.gone).filter(name => window.gone[name].deref())"


def held(page, most: int, seconds: float = 60) -> list[str]:
    """What the browser still holds after several collections; more of them while it is more than the most."""
    devtools, until, collections = page.context.new_cdp_session(page), time.monotonic() + seconds, 0
    while collections < 3 or (len(page.evaluate(HELD)) > most and time.monotonic() < until):
        page.wait_for_timeout(200)
        devtools.send("HeapProfiler.collectGarbage")
        collections += 1
    devtools.detach()
    return sorted(page.evaluate(HELD))


@pytest.mark.browser
def test_closing_frees_the_browsers_memory(lab):
    page = lab.open(lab.notebook("memory", CELLS), height=1600, fresh=True)
    page.evaluate(KEEP_TABLES)
    lab.run_all(page)
    explorers(page, 3)
    page.evaluate(KEEP_ROOTS)
    everything = sorted(f"{what} {i}" for what in ("canvas", "root", "table") for i in range(3))
    assert held(page, most=9) == everything
    in_kernel(page, "first.close(); second.close()")
    page.wait_for_function("() => document.querySelectorAll('.lm-explorer').length === 1")
    assert held(page, most=3) == ["canvas 2", "root 2", "table 2"]
    page.evaluate("() => { Response.prototype.arrayBuffer = window.read; }")  # the page serves the next test
    lab.close(page)
