"""The one widget of the course: it carries an explorer's table to the browser and answers when asked for more.

explorer.py makes it; widget.js and widget.css are its other half. `settings` is the state that both halves share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Protocol

import anywidget
import traitlets

from course_lib.explorers.machinery.controls import Control
from course_lib.explorers.machinery.guide import Guide
from course_lib.explorers.machinery.table import Table

HERE = Path(__file__).parent


class Movable(Protocol):
    """What the widget needs of an explorer."""

    name: str
    title: str
    main: int
    guide: Guide
    controls: Sequence[Control]

    def settings(self, **settings: object) -> dict:
        """All settings, checked and completed with defaults."""

    def table(self) -> Table:
        """The panels of every tabulated setting."""

    def answer(self, settings: dict) -> bytes:
        """The panels of one setting, as bytes for the browser."""


def spec_of(explorer: Movable) -> dict:
    """What the browser needs to know of an explorer before any picture: its words and its controls."""
    controls = []
    for control in explorer.controls:
        when = {other: list(values) for other, values in control.when.items()}
        shared = {"name": control.name, "label": control.label, "kind": control.kind, "when": when}
        controls.append({**shared, "default": control.default, **control.wire()})
    told = {name: getattr(explorer, name) for name in ("name", "title", "main")}
    return told | asdict(explorer.guide) | {"controls": controls}


class ExplorerWidget(anywidget.AnyWidget):
    """`settings` may be set from Python too: the picture follows."""

    _esm = (HERE / "widget.js").read_text("utf-8")  # as text: a path would be watched, and hold every widget for ever
    _css = (HERE / "widget.css").read_text("utf-8")
    spec = traitlets.Dict().tag(sync=True)
    table = traitlets.Unicode().tag(sync=True)
    settings = traitlets.Dict().tag(sync=True, echo_update=False)  # an echo would undo what was moved meanwhile

    def __init__(self, explorer: Movable, moved: Mapping[str, object]):
        self._explorer = explorer
        super().__init__(
            spec=spec_of(explorer),
            table=explorer.table().compressed(),
            settings={**explorer.settings(), **moved},
        )
        self.on_msg(self._answer)

    def __repr__(self) -> str:
        return repr(self._explorer)

    @traitlets.validate("settings")
    def _checked(self, proposal: dict) -> dict:
        given = proposal["value"]
        self._explorer.settings(**given)  # raises in words; the value is kept as given, also where it does not count
        return {control.name: given.get(control.name, control.default) for control in self._explorer.controls}

    def _answer(self, _widget: object, content: dict, _buffers: object) -> None:
        """The browser asks for one setting at a time, always the newest; the answer carries its number."""
        try:
            packed = self._explorer.answer(content["settings"])
        except ValueError as error:
            self.send({"number": content["number"], "problem": str(error)})
        else:
            self.send({"number": content["number"]}, [packed])

    def close(self) -> None:
        """Free what the widget holds, here and in the browser."""
        self.table = ""  # frees the copies in both halves
        self.layout.close()  # a widget of its own, which otherwise holds this one's view, and with it the page's part
        super().close()
