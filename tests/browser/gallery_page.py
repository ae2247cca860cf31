"""One notebook in which every explorer stands twice, and what is known of each: run once, for all tests of widgets."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page
from widget_page import IDLE, SOON, at_rest, in_kernel, titled, until_kernel_says
from widget_page import explorers as wait_for_explorers

import course_lib
from course_lib import explorers

NAMES = tuple(explorers.__all__)
SIZE = {"width": 1280, "height": 1200}
THEME = "name => { window.jupyterapp.commands.execute('apputils:change-theme', {theme: `JupyterLab ${name}`}); }"
ONCE = """
from course_lib import explorers
from course_lib.explorers.machinery import Explorer
first, second, made, table = {}, {}, {}, Explorer.table
def once(explorer):
    if explorer.name not in made:
        made[explorer.name] = table(explorer)
    return made[explorer.name]
Explorer.table = once"""  # the second copy is sent the pictures of the first
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
    return [ONCE, *shown]


@dataclass
class Gallery:
    """The page, the outputs of its cells, and the facts and the saved state of its widgets."""

    page: Page
    outputs: list[list[dict]]
    facts: dict[str, dict]
    state: dict

    def find(self, name: str, copy: int = 0) -> Locator:
        """The first (0) or second (1) copy of an explorer."""
        return titled(self.page, self.facts[name]["title"]).nth(copy)

    def fresh(self, name: str) -> Locator:
        """The first copy, put back to its defaults."""
        self.put_back([name])
        root = self.find(name)
        at_rest(self.page, root)
        return root

    def as_opened(self) -> None:
        """The page as it was opened: its size and theme, and all first copies at their defaults."""
        self.page.set_viewport_size(SIZE)
        self.page.evaluate("document.querySelectorAll('.lm-explorer').forEach(root => { root.style.width = ''; })")
        self.dress("Light")
        self.put_back(NAMES)

    def dress(self, theme: str) -> None:
        """The whole page in the theme "Light" or "Dark"."""
        self.page.evaluate(THEME, theme)
        light = str(theme == "Light").lower()
        self.page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=light)

    def put_back(self, names: Iterable[str]) -> None:
        """First copies to their defaults."""
        roots = [self.find(name).element_handle() for name in names]
        self.page.wait_for_function(f"roots => roots.every({IDLE})", arg=roots, polling=SOON)
        # what was moved before is saved a moment later, and would undo this
        painted = "\n".join(self.page.evaluate("roots => roots.map(root => root.dataset.painted)", roots))
        until_kernel_says(self.page, f"for name in {[*names]}: print(stands_at(first[name]))", painted)
        in_kernel(self.page, f"for name in {[*names]}: first[name].widget().settings = first[name].settings()")
        self.page.wait_for_function(
            f"([roots, keys]) => roots.every((root, i) => root.dataset.painted === keys[i] && ({IDLE})(root))",
            arg=[roots, [self.facts[name]["start"] for name in names]],
            polling=SOON,
        )


def open_gallery(lab) -> Gallery:
    page = lab.open(lab.notebook("gallery", cells()), **SIZE, has_touch=True)
    outputs = lab.run_all(page, seconds=240)
    wait_for_explorers(page, 2 * len(NAMES))
    library = in_kernel(page, "import course_lib; print(course_lib.__file__)")
    assert library == course_lib.__file__, "the kernel draws with the library of another checkout"
    said = in_kernel(page, FACTS)
    assert said == ""
    facts, state = (json.loads((Path(lab.folder) / f"{name}.json").read_text()) for name in ("facts", "state"))
    return Gallery(page, outputs, facts, state)
