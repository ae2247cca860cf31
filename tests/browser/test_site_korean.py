"""Lecture 04 in Korean: the switch leads there and back, and its explorers speak Korean while they are moved."""

import re

import pytest
from widget_page import FRAME, key_moves, picture

LECTURE = "04_receptive_field_dilation"
NO_WORDS = {"DeepLab", "SegNet", "pool", "conv", "ReLU", "unpool", "score", "enc", "dec"}  # names
SAID = """root => {
  const said = [], walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const hidden = () => walk.currentNode.parentElement.closest("style, script, .spoken, [hidden]");
  while (walk.nextNode()) if (!hidden()) said.push(walk.currentNode.data.trim());
  return said;
}"""


def english(explorer) -> set[str]:
    """What an explorer shows with words of three letters and more that are no names."""
    return {said for said in explorer.evaluate(SAID) if set(re.findall(r"[A-Za-z]{3,}", said)) - NO_WORDS}


@pytest.mark.browser
def test_the_switch_leads_to_the_page_and_back(desktop):
    page = desktop.to(f"{LECTURE}.html")
    assert page.evaluate("() => document.documentElement.lang") == "en"
    page.get_by_role("link", name="한국어").click()
    page.wait_for_url(f"**/{LECTURE}.ko.html")
    assert page.evaluate("() => document.documentElement.lang") == "ko"
    assert "수용 영역과 팽창" in page.locator("h1").inner_text()
    page.get_by_role("link", name="English", exact=True).click()
    page.wait_for_url(f"**/{LECTURE}.html")
    assert desktop.wrong == []


@pytest.mark.browser
def test_an_explorer_of_a_table_speaks_korean_through_its_tour(desktop):
    page = desktop.to(f"{LECTURE}.ko.html")
    explorer = desktop.awake("dilation")
    before, shown = english(explorer), picture(explorer)
    explorer.get_by_role("button", name="안내를 따라 해 보기").click()
    seen = set(before)
    for _ in range(8):
        seen |= english(explorer)
        explorer.get_by_role("button", name=re.compile("보여 주기|다음|끝")).click()
        page.evaluate(FRAME)
    assert seen == set()
    assert picture(explorer) != shown
    assert desktop.wrong == []


@pytest.mark.browser
def test_an_explorer_that_computes_speaks_korean(desktop):
    page = desktop.to(f"{LECTURE}.ko.html")
    explorer = desktop.awake("receptive_field_segnet_street")
    seen = english(explorer)
    before, _ = key_moves(page, explorer, "gradient", "Space")
    page.wait_for_function(
        "([root, before]) => root.dataset.painted !== before", arg=[explorer.element_handle(), before]
    )
    assert seen | english(explorer) == set()
    assert desktop.wrong == []


@pytest.mark.browser
def test_the_quiz_answers_in_korean(desktop):
    page = desktop.to(f"{LECTURE}.ko.html")
    page.locator(".question details").first.locator("summary").click()
    page.locator(".score", has_text="처음에 맞혔습니다").wait_for()
    assert desktop.wrong == []


@pytest.mark.browser
def test_every_picture_is_a_drawing_that_the_browser_reads(desktop):
    page = desktop.to(f"{LECTURE}.ko.html")
    sources = page.evaluate("() => [...document.querySelectorAll('article img')].map((one) => one.getAttribute('src'))")
    assert len(sources) > 20
    assert {source.rpartition(".")[2] for source in sources} == {"svg"}
    read = "(all) => Promise.all(all.map((src) => Object.assign(new Image(), { src }).decode().then(() => true)))"
    assert all(page.evaluate(read, sources))
    assert desktop.wrong == []
