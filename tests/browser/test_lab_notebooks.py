"""Every student notebook, opened in JupyterLab, run to its end, its explorers moved by keys, its exercises solved.

Where this is played, `make test` does not play the solution notebooks as well: they differ in nothing else
(`tests/house/test_solved.py`), and here their answers are also judged.
"""

import re
import urllib.error
import urllib.request

import pytest
from jupyterlab_page import errors
from playwright.sync_api import Error, Locator, Page
from solved import solved
from widget_page import IDLE, SOON, explorers, picture

from course_lib import exercises
from notebooks.build import sources

OURS = "explorers."  # how the repr of an explorer begins
SAID = re.compile(r"^\S (Exercise \d\.\d+): (.*)$", re.M)  # what a check answers


@pytest.mark.browser
@pytest.mark.parametrize("name", [path.stem for path in sources()])
def test_all_cells_run_all_explorers_move_and_all_solutions_are_right_in_a_real_browser(lab, name):
    page = lab.open(f"notebooks/{name}.ipynb", height=1400)
    outputs = lab.run_all(page, seconds=900)
    assert errors(outputs) == []
    assert any(outputs)
    asked = [one.name for one in exercises.all_exercises() if one.number.startswith(f"{int(name[:2])}.")]
    assert answers(outputs) == dict.fromkeys(asked, "not attempted")
    shown = [output for cell in outputs for output in cell if is_explorer(output)]
    for number, explorer in enumerate(explorers(page, len(shown)) if shown else ()):
        assert moved_by_keys(page, explorer), f"explorer {number}, {shown[number]['data']['text/plain']}, does not move"
        assert explorer.locator(".problem").is_hidden()
        explorer.screenshot(path=str(lab.artefacts / f"{name}_{number}.png"))
    lab.screenshot(page, name)
    outputs = [lab.run_cell(page, number, code) for number, code in solved(name).items()]
    assert errors(outputs) == []
    assert answers(outputs) == dict.fromkeys(asked, "correct")
    lab.close(page)


@pytest.mark.browser
def test_the_alt_text_of_a_picture_is_in_jupyterlab_to_be_heard(lab):
    draw = "from course_lib.explorers import dilation\nfigure = dilation().figure()\ndisplay(figure)\nprint(figure.alt)"
    page = lab.open(lab.notebook("a_picture", [draw]))
    (outputs,) = lab.run_all(page)
    words = next(output["text"] for output in outputs if output["output_type"] == "stream").strip()
    assert page.locator(".jp-OutputArea img").count() == 1
    heard = page.locator(".jp-RenderedHTMLCommon div", has_text=words[:60])
    assert heard.text_content() == words
    assert heard.bounding_box()["height"] <= 1
    lab.close(page)


@pytest.mark.browser
def test_without_the_token_nobody_runs_code_in_the_lab(lab):
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(f"{lab.address}/api/kernels", timeout=60)


def answers(outputs: list[list[dict]]) -> dict[str, str]:
    """What each exercise that was checked says of its answer."""
    said = ("".join(output.get("data", {}).get("text/plain", "")) for cell in outputs for output in cell)
    return dict(found for text in said for found in SAID.findall(text))


def is_explorer(output: dict) -> bool:
    text = "".join(output.get("data", {}).get("text/plain", ""))
    return "application/vnd.jupyter.widget-view+json" in output.get("data", {}) and text.startswith(OURS)


def moved_by_keys(page: Page, explorer: Locator) -> bool:
    """Whether a key on one of the controls changes what is shown; sliders first, where the change is largest."""
    for kind, keys in (("input[type=range]", ("ArrowRight", "ArrowLeft")), ("select", ("ArrowDown", "ArrowUp")),
                       ("input[type=checkbox]", ("Space",)), ("[role=application]", ("ArrowRight",))):  # fmt: skip
        for control in explorer.locator(f"{kind}:not(:disabled)").all():
            for key in keys:
                before = picture(explorer)
                control.focus()
                page.keyboard.press(key)
                if changes(page, explorer, before):
                    return True
    return False


def changes(page: Page, explorer: Locator, before: str) -> bool:
    """Waits until the picture of the new setting is there, and says whether it is another one."""
    root = explorer.element_handle()
    page.wait_for_timeout(50)
    try:
        page.wait_for_function(IDLE, arg=root, polling=SOON)
    except Error:
        return False
    return picture(explorer) != before
