"""One notebook in which every explorer stands twice, and what is known of each: run once, for all tests of widgets."""

import json
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page
from widget_page import at_rest, in_kernel, until_kernel_says
from widget_page import explorers as wait_for_explorers

from course_lib import explorers

NAMES = tuple(explorers.__all__)
FACTS = """
import json
from ipywidgets import Widget
from course_lib.explorers.machinery.table import key_of
def stands_at(explorer):
    return key_of(explorer.controls, explorer.settings(**explorer.widget().settings))
def facts(explorer):
    start = explorer.settings()
    controls = [{"name": c.name, "kind": c.kind, "default": c.default, **c.wire(),
                 "counts": c.kind != "pixel" or all(start[other] in those for other, those in c.when.items())}
                for c in explorer.controls]
    return {"title": explorer.title, "table": explorer._tabulated, "start": key_of(explorer.controls, start),
            "controls": [c for c in controls if c["counts"]]}
json.dump({name: facts(explorer) for name, explorer in first.items()}, open("facts.json", "w"))
json.dump(Widget.get_manager_state(), open("state.json", "w"))
"""


def cells() -> list[str]:
    shown = [
        f"{copy}['{name}'] = explorers.{name}(); {copy}['{name}']" for name in NAMES for copy in ("first", "second")
    ]
    return ["from course_lib import explorers\nfirst, second = {}, {}", *shown]


@dataclass
class Gallery:
    """The page, the outputs of its cells, and the facts and the saved state of its widgets."""

    page: Page
    outputs: list[list[dict]]
    facts: dict[str, dict]
    state: dict

    def find(self, name: str, copy: int = 0) -> Locator:
        """The first (0) or second (1) copy of an explorer."""
        return self.page.locator(f'.lm-explorer[aria-label="{self.facts[name]["title"]}"]').nth(copy)

    def fresh(self, name: str) -> Locator:
        """The first copy, put back to its defaults."""
        root = self.find(name)
        handle = root.element_handle()
        self.page.wait_for_function("root => root.getAttribute('aria-busy') === 'false'", arg=handle)
        # what was moved before is saved a moment later, and would undo this
        until_kernel_says(self.page, f"print(stands_at(first['{name}']))", root.get_attribute("data-painted"))
        in_kernel(self.page, f"first['{name}'].widget().settings = first['{name}'].settings()")
        self.page.wait_for_function(
            "([root, key]) => root.dataset.painted === key && root.getAttribute('aria-busy') === 'false'",
            arg=[handle, self.facts[name]["start"]],
        )
        at_rest(self.page, root)
        return root


def open_gallery(lab) -> Gallery:
    page = lab.open(lab.notebook("gallery", cells()), height=1200, has_touch=True)
    outputs = lab.run_all(page, seconds=240)
    wait_for_explorers(page, 2 * len(NAMES))
    said = in_kernel(page, FACTS)
    assert said == ""
    facts, state = (json.loads((Path(lab.folder) / f"{name}.json").read_text()) for name in ("facts", "state"))
    return Gallery(page, outputs, facts, state)
