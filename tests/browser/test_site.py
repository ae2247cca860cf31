"""The course as a site, opened as from a USB stick: from file://, with every request that leaves the folder refused."""

import html
import http.server
import json
import re
import threading
from functools import partial
from urllib.parse import unquote

import nbformat
import pytest
import torch
from PIL import Image
from site_visit import AWAKE, Visit
from widget_page import key_moves, look, picture

from course_lib import explorers, segment, zoo
from notebooks import build
from notebooks.site import language, networks
from notebooks.site.build import OTHERS, ROOM, SITE
from notebooks.site.lecture import MADE, identity

LECTURES = [path.stem for path in build.sources()]
TRANSLATED = [f"{name}.{tongue}" for name in LECTURES for tongue in language.languages(name)]
PAGES = ["index", *LECTURES, *TRANSLATED, *OTHERS, "search"]
SHOWN = {  # the lecture in which each explorer is shown
    identity(made): path.stem for path in build.sources() for made in MADE.finditer(path.read_text())
}
COMPUTED = ("break_the_network", "crf", "receptive_field")  # test_site_engines.py moves these
KEYS = {"slider": ("ArrowLeft", "ArrowRight"), "choice": ("ArrowDown", "ArrowUp"), "switch": ("Space",)}
MEGABYTES, WHOLE = 1.5, 60
FOUND = """() => {
  const { image, scores, labels, step } = document.querySelector(".photograph").found;
  const all = { pixels: [...image.data], scores: [...scores], labels: [...labels] };
  return JSON.stringify({ ...all, width: image.width, height: image.height, step });
}"""  # as one text: Playwright would carry each number by itself
SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
WIDTHS = """() => [...document.querySelectorAll(".cell_output .picture img")]
  .filter(image => !image.closest(".explorer"))
  .map(image => [image.offsetWidth, Number(image.getAttribute("width"))])"""
WEIGHT = "() => [...document.images].map(image => image.getAttribute('src'))"
JUDGED = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"], preload: false });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.length} times, first at ${nodes[0].target}`);
}"""


@pytest.mark.browser
def test_a_missing_picture_counts_as_wrong_and_one_that_was_left_does_not(browser, tmp_path):
    (tmp_path / "page.html").write_text('<img src="missing.png"><img src="slow.png">')
    visit = Visit(browser, tmp_path.as_uri())
    visit.context.route("**/slow.png", lambda route: None)  # never answered: still asked for when the page is left
    visit.page.goto(f"{visit.base}/page.html", wait_until="commit")
    visit.page.wait_for_function("document.images[0].complete")
    visit.page.goto("about:blank")
    assert [said for said in visit.wrong if said.startswith("failed")] == [
        f"failed: {visit.base}/missing.png (net::ERR_FILE_NOT_FOUND)"
    ]
    visit.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_from_a_disk_asks_nobody_fits_both_screens_and_axe_finds_nothing(name, site, desktop, phone):
    for visit in (phone, desktop):
        page = visit.to(f"{name}.html")
        if visit is desktop:  # once, before anything further down wakes
            page.evaluate((ROOM / "npm/node_modules/axe-core/axe.min.js").read_text())
            for scheme in ("dark", "light"):
                page.emulate_media(color_scheme=scheme)
                assert page.evaluate(JUDGED) == [], scheme
        page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
        assert page.evaluate(SIDEWAYS) == 0
        assert visit.wrong == []
    files = [site / f"{name}.html", *{site / source for source in page.evaluate(WEIGHT)}]
    assert sum(file.stat().st_size for file in files) < MEGABYTES * 1e6
    assert all(alt for alt in page.evaluate("() => [...document.images].map(image => image.alt)"))
    assert all(page.evaluate("() => [...document.images].map(image => image.hasAttribute('width'))")), "the text jumps"


@pytest.mark.browser
def test_the_whole_site_fits_on_a_small_stick(site):
    assert sum(file.stat().st_size for file in site.rglob("*") if file.is_file()) < WHOLE * 1e6


@pytest.mark.browser
@pytest.mark.parametrize("name", [name for name in SHOWN if not name.startswith(COMPUTED)])
def test_an_explorer_wakes_when_it_comes_into_sight_and_moves(name, desktop):
    page = desktop.to(f"{SHOWN[name]}.html")
    assert page.locator(f'[data-explorer="{name}"] .lm-explorer').count() == 0, "loaded before anybody could see it"
    explorer = desktop.awake(name)
    main = explorer.locator("figure.main").first
    assert main.evaluate("figure => getComputedStyle(figure).display") == "block", "the theme lays it out as a row"
    shown = picture(explorer)
    moved = [moves(page, explorer, one) for one in getattr(explorers, name)().controls if one.kind in KEYS]
    assert any(moved)
    assert picture(explorer) != shown
    assert desktop.wrong == []


def moves(page, explorer, control) -> bool:
    """Whether a key moves it; where it stands at an end, the other one."""
    tried = (key_moves(page, explorer, control.name, key) for key in KEYS[control.kind])
    return any(before != after for before, after in tried)


@pytest.mark.browser
def test_an_explorer_starts_where_the_figure_of_its_lecture_stands(desktop):
    desktop.to("06_pspnet.html")
    explorer = desktop.awake("break_the_network")
    chosen = {
        name: explorer.locator(f"[name={name}]").evaluate("select => select.selectedOptions[0].textContent")
        for name in ("world", "surface")
    }
    assert chosen == {"world": "harbour", "surface": "road"}
    assert desktop.wrong == []


@pytest.mark.browser
def test_a_finger_moves_an_explorer_on_a_phone(phone):
    page = phone.to("04_receptive_field_dilation.html")
    explorer = phone.awake("dilation")
    before, slider = look(explorer), explorer.locator("[name=rate]")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    key = explorer.get_attribute("data-painted")
    page.touchscreen.tap(box["x"] + 0.9 * box["width"], box["y"] + box["height"] / 2)
    page.wait_for_function("([root, key]) => root.dataset.painted !== key", arg=[explorer.element_handle(), key])
    assert look(explorer) != before
    assert page.evaluate(SIDEWAYS) == 0
    assert phone.wrong == []


@pytest.mark.browser
def test_letters_in_figures_are_as_large_on_a_phone(phone):
    widths = phone.to("01_fcn_limits.html").evaluate(WIDTHS)
    assert widths
    assert all(shown >= min(704, own) for shown, own in widths), widths


@pytest.mark.browser
def test_on_paper_a_lecture_is_unfolded_and_without_what_one_clicks(desktop):
    page = desktop.to("01_fcn_limits.html")
    page.emulate_media(media="print", color_scheme="dark")
    shown = """one => [...document.querySelectorAll(one)].every(element => element.checkVisibility())"""
    assert not any(page.evaluate(shown, one) for one in (".skip-to-content", ".sidebar-drawer", ".toc-drawer", ".ways"))
    assert page.evaluate(shown, "article details p:not(.expanded)")  # what stands above code when it is unfolded
    assert page.evaluate(shown, "article h2")
    assert page.evaluate("() => getComputedStyle(document.querySelector('article p')).color") == "rgb(0, 0, 0)"
    page.emulate_media(media="screen", color_scheme="light")


@pytest.mark.browser
@pytest.mark.parametrize("name", [*LECTURES, *TRANSLATED])
def test_a_lecture_can_be_downloaded_as_a_notebook(name, site):
    (link,) = re.findall(r'<p class="ways"><a href="([^"]+)" download>', (site / f"{name}.html").read_text())
    assert nbformat.read(site / link, 4).cells[1].source.startswith("# Run this cell first.")


@pytest.mark.browser
def test_a_term_says_its_meaning_under_the_pointer_and_to_the_keyboard(desktop):
    page = desktop.to("01_fcn_limits.html")
    for one in (page.locator(".term").first, page.locator(".paper").first):
        for reach in (one.focus, one.hover):
            reach()
            said = one.evaluate("link => getComputedStyle(link, '::after').content")
            assert said.strip('"') == one.get_attribute("data-says")


@pytest.mark.browser
def test_every_link_inside_the_site_leads_somewhere(site):
    """To a file that is there, and to a place on it."""
    texts = {path.name: path.read_text() for path in site.glob("*.html")}
    places = {name: set(re.findall(r'\b(?:id|name)="([^"]+)"', text)) for name, text in texts.items()}
    lost = []
    for name, text in texts.items():
        for link in re.findall(r'<a\b[^>]*? href="([^"]+)"', text):
            where, _, place = html.unescape(link).partition("#")
            if re.match(r"\w+:", where):
                continue
            there = where or name
            if not (site / there).is_file() or (place and there in places and unquote(place) not in places[there]):
                lost.append(f"{name}: {link}")
    assert not lost


@pytest.mark.browser
@pytest.mark.parametrize("name", networks.NAMES)
def test_a_network_labels_a_photograph_in_the_page_as_it_does_in_python(name, desktop, root, tmp_path):
    photo = tmp_path / "photo.png"  # and not as JPEG, which each reader rounds in its own way
    Image.open(root / "data" / "photos" / f"{zoo.PHOTO.get(name, 'cat')}.jpg").save(photo)
    page = desktop.to("photograph.html")
    page.locator("[name=network]").select_option(name)
    page.locator("[name=photo]").set_input_files(photo)
    page.wait_for_function("() => document.querySelector('.photograph').found")
    found = json.loads(page.evaluate(FOUND))
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
def test_every_row_of_the_ledger_leads_to_its_evidence(desktop):
    page = desktop.to("ledger.html")
    links = page.evaluate("() => [...document.querySelectorAll('.row a')].map(a => a.getAttribute('href'))")
    assert len(links) == page.locator(".row").count() > 0
    for link in links:
        name, _, place = link.partition("#")
        assert f'id="{place}"' in (SITE / name).read_text(), link


@pytest.mark.browser
def test_each_verdict_of_the_ledger_shows_its_rows_alone(desktop):
    page = desktop.to("ledger.html")
    for label in page.locator(".verdicts label").all():
        label.click()
        assert page.locator(".row:visible").count() == int(re.search(r"\d+", label.inner_text())[0]), label.inner_text()
    assert desktop.wrong == []


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
