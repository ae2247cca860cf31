"""The course as a site, opened as from a USB stick: from file://, with every request that leaves the folder refused."""

import http.server
import importlib.util
import re
import subprocess
import sys
import threading
from functools import partial

import pytest
import torch
from jupyterlab_page import PATIENCE
from PIL import Image
from widget_page import key_moves, look, picture

from course_lib import segment, zoo
from notebooks import build
from notebooks.site import networks
from notebooks.site.build import OTHERS, SITE
from notebooks.site.tables import without_python

LECTURES = [path.stem for path in build.sources()]
PAGES = ["index", *LECTURES, *OTHERS, "search"]
SHOWN = {  # where each explorer is shown, and what it is given
    name: (path.stem, given)
    for path in build.sources()
    for name, given in re.findall(r"= explorers\.(\w+)\((.*)\)$", path.read_text(), re.MULTILINE)
}
KEYS = {"slider": "ArrowLeft", "choice": "ArrowDown", "switch": "Space"}
AWAKE = '.lm-explorer[data-painted]:not([data-painted=""])'
MEGABYTES = 1.5
FOUND = """() => {
  const { image, scores, labels, step } = document.querySelector(".photograph").found;
  const all = { pixels: [...image.data], scores: [...scores], labels: [...labels] };
  return { ...all, width: image.width, height: image.height, step };
}"""
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
WEIGHT = "() => [...document.images].map(image => image.getAttribute('src'))"


@pytest.fixture(scope="module")
def site(root):
    """The site, built again where something that it is made from is younger."""
    if importlib.util.find_spec("furo") is None:
        pytest.skip("needs the packages of the site: make site")
    made = SITE / "index.html"
    inputs = [root / "notebooks", root / "notebooks/site", root / "notebooks/site/static", root / "data/claims.json"]
    inputs += [root / "course_lib/explorers/machinery/widget.js", root / "course_lib/explorers/machinery/widget.css"]
    files = [file for one in inputs for file in ([one] if one.is_file() else one.iterdir()) if file.is_file()]
    if not (SITE / "explorers").is_dir() or any(file.stat().st_mtime > made.stat().st_mtime for file in files):
        done = subprocess.run([sys.executable, "-m", "notebooks.site"], cwd=root, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    return SITE


class Visit:
    """A page of the site, and all that went wrong on it."""

    def __init__(self, browser, base: str, **device):
        self.wrong: list[str] = []
        self.base, self.context = base, browser.new_context(**device)
        self.context.route(lambda url: not url.startswith((base, "blob:", "data:")), self.refuse)
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.on("console", lambda said: said.type == "error" and self.wrong.append(said.text))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("requestfailed", lambda request: self.wrong.append(f"failed: {request.url}"))

    def refuse(self, route) -> None:
        self.wrong.append(f"left the site: {route.request.url}")
        route.abort()

    def to(self, name: str):
        self.page.goto(f"{self.base}/{name}")
        return self.page


@pytest.fixture(scope="module")
def desktop(browser, site):
    visit = Visit(browser, site.as_uri(), viewport={"width": 1400, "height": 900})
    yield visit
    visit.context.close()


@pytest.fixture(scope="module")
def phone(browser, site):
    visit = Visit(browser, site.as_uri(), viewport={"width": 375, "height": 740}, has_touch=True, is_mobile=True)
    yield visit
    visit.context.close()


@pytest.fixture(autouse=True)
def nothing_wrong_yet(request):
    for name in {"desktop", "phone"} & set(request.fixturenames):
        request.getfixturevalue(name).wrong.clear()


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_from_a_disk_asks_nobody_and_fits_both_screens(name, site, desktop, phone):
    for visit in (desktop, phone):
        page = visit.to(f"{name}.html")
        page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
        assert page.evaluate(SIDEWAYS) == 0
        assert visit.wrong == []
    files = [site / f"{name}.html", *{site / source for source in page.evaluate(WEIGHT)}]
    assert sum(file.stat().st_size for file in files) < MEGABYTES * 1e6
    assert all(alt for alt in page.evaluate("() => [...document.images].map(image => image.alt)"))


@pytest.mark.browser
@pytest.mark.parametrize("name", SHOWN)
def test_an_explorer_wakes_when_it_comes_into_sight_and_moves(name, desktop):
    lecture, given = SHOWN[name]
    page, stored = desktop.to(f"{lecture}.html"), without_python()
    if name not in stored or given:
        assert "it moves in the notebook only" in page.locator(".not-here").first.inner_text()
        assert (SITE / page.locator(".not-here a").first.get_attribute("href")).is_file()
        return
    place = page.locator(f'[data-explorer="{name}"]')
    assert place.locator(".lm-explorer").count() == 0, "it was loaded before anybody could see it"
    place.scroll_into_view_if_needed()
    explorer = place.locator(AWAKE)
    explorer.wait_for()
    shown = picture(explorer)
    moved = [key_moves(page, explorer, one.name, KEYS[one.kind]) for one in stored[name].controls if one.kind in KEYS]
    assert any(before != after for before, after in moved)
    assert picture(explorer) != shown
    assert desktop.wrong == []


@pytest.mark.browser
def test_a_finger_moves_an_explorer_on_a_phone(phone):
    page = phone.to("04_receptive_field_dilation.html")
    place = page.locator('[data-explorer="dilation"]')
    place.scroll_into_view_if_needed()
    explorer = place.locator(AWAKE)
    explorer.wait_for()
    before, slider = look(explorer), explorer.locator("[name=rate]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    assert look(explorer) != before
    assert page.evaluate(SIDEWAYS) == 0
    assert phone.wrong == []


@pytest.mark.browser
@pytest.mark.parametrize("name", networks.NAMES)
def test_a_network_labels_a_photograph_in_the_page_as_it_does_in_python(name, desktop, root, tmp_path):
    photo = tmp_path / "photo.png"  # and not as JPEG, which each reader rounds in its own way
    Image.open(root / "data" / "photos" / f"{zoo.PHOTO.get(name, 'cat')}.jpg").save(photo)
    page = desktop.to("photograph.html")
    page.locator("[name=network]").select_option(name)
    page.locator("[name=photo]").set_input_files(photo)
    page.wait_for_function("() => document.querySelector('.photograph').found")
    found = page.evaluate(FOUND)
    image = torch.tensor(found["pixels"], dtype=torch.uint8).view(found["height"], found["width"], 4)[..., :3]
    answer = segment.segment(image.permute(2, 0, 1), name)
    asked, told = segment.loaded(name)
    with torch.inference_mode():
        scores = asked.net(asked.resized((image.permute(2, 0, 1)[None].float() / 255 - told["mean"]) / told["std"]))
    assert (torch.tensor(found["scores"]).view_as(scores) - scores).abs().max() < 1e-4
    step = found["step"]
    assert torch.equal(torch.tensor(found["labels"]), answer.labels[::step, ::step].flatten())
    said = page.locator(".photograph output").inner_text()
    assert all(f"{label} {share:.0%}" in said for label, share in answer.shares().items())
    assert desktop.wrong == []


@pytest.mark.browser
def test_an_example_and_a_file_that_is_no_picture(phone, tmp_path):
    page = phone.to("photograph.html")
    page.locator("[name=example]").tap()
    page.wait_for_function("() => document.querySelector('.photograph').found")
    assert "cat" in page.locator(".photograph output").inner_text()
    (tmp_path / "words.jpg").write_text("no picture")
    page.locator("[name=photo]").set_input_files(tmp_path / "words.jpg")
    page.get_by_text("words.jpg is no picture that this browser reads").wait_for()
    assert phone.wrong == []


@pytest.mark.browser
def test_the_search_finds_words_without_a_server(desktop):
    page = desktop.to("search.html?q=gridding")
    page.locator("#search-results li a").first.wait_for()
    assert any("04_receptive" in link.get_attribute("href") for link in page.locator("#search-results li a").all())
    assert desktop.wrong == []


@pytest.mark.browser
def test_the_quiz_counts_first_answers(desktop):
    page = desktop.to("04_receptive_field_dilation.html")
    questions = page.locator(".question")
    for i in range(questions.count()):
        kind = "wrong" if i == 0 else "right"
        questions.nth(i).locator(f"details.{kind} summary").first.click()
    questions.nth(0).locator("details.right summary").click()
    count = questions.count()
    assert (
        page.locator(".score").inner_text() == f"{count - 1} of {count} right at the first try. That was all of them."
    )


@pytest.mark.browser
def test_every_row_of_the_ledger_leads_to_its_evidence(desktop):
    page = desktop.to("ledger.html")
    links = page.evaluate("() => [...document.querySelectorAll('.row a')].map(a => a.getAttribute('href'))")
    assert len(links) == page.locator(".row").count() > 0
    for link in links:
        name, _, place = link.partition("#")
        assert f'id="{place}"' in (SITE / name).read_text(), link


@pytest.mark.browser
def test_it_works_the_same_from_a_web_server(browser, site):
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(site))
    handler.log_message = lambda *words: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        visit = Visit(browser, f"http://127.0.0.1:{server.server_port}", viewport={"width": 900, "height": 900})
        page = visit.to("index.html")
        page.locator(f"[data-explorer] {AWAKE}").wait_for()
        assert visit.wrong == []
        visit.context.close()
        server.shutdown()
