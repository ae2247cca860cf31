"""After the kernel was restarted, an explorer that needs it says so and shows no old picture as a new one."""

import pytest
from jupyterlab_page import CURRENT
from widget_page import SOON, explorers

KERNEL = f"{CURRENT}.sessionContext.session.kernel"
RESTART = f"() => {{ window.again = false; {KERNEL}.restart().then(() => window.again = true); }}"


@pytest.mark.browser
def test_a_restarted_kernel_is_told_and_the_cell_run_again_helps(lab):
    page = lab.open(lab.notebook("restarted", ["from course_lib import explorers\nexplorers.crf()"]), height=1200)
    lab.run_all(page)
    crf = explorers(page, 1)[0]
    page.evaluate(RESTART)
    page.wait_for_function("() => window.again", polling=SOON)
    crf.locator("[name=iterations]").focus()
    page.keyboard.press("ArrowRight")
    problem = crf.locator(".problem")
    problem.wait_for()
    assert "run this cell again" in problem.inner_text()
    assert "stale" in crf.locator(".panels").get_attribute("class")
    assert crf.get_attribute("aria-busy") == "false"
    crf.screenshot(path=str(lab.artefacts / "restarted.png"))
    lab.run_all(page)
    fresh = explorers(page, 1)[0]
    fresh.locator("[name=iterations]").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("root => root.dataset.painted?.startsWith('[')", arg=fresh.element_handle())
    assert fresh.locator(".problem").is_hidden()
    lab.close(page)
