"""An explorer: a pure `render(**settings) -> panels`, the controls that move it, and two ways to look at it.

In a notebook it shows itself as a widget; `figure(**settings)` draws the same panels as a matplotlib figure; tests
call `render`. The modules of explorers/ make them; widget.py sends them to the browser.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from course_lib import threads
from course_lib.explorers.machinery import cells
from course_lib.explorers.machinery.controls import Control, complete, every_setting, how_many
from course_lib.explorers.machinery.guide import Guide
from course_lib.explorers.machinery.panels import Panel
from course_lib.explorers.machinery.table import Table, key_of
from course_lib.explorers.machinery.waiting import line

if TYPE_CHECKING:
    from course_lib.explorers.machinery.widget import ExplorerWidget
    from course_lib.figures.style import Figure

MOST = 6000  # settings in a table; beyond, the table is computed too slowly and grows too large
NO_GUIDE = Guide()


class Explorer:
    """Pictures that a student can move.

    render    the settings as keywords -> panels, the same number and kinds each time
    controls  what can be moved
    guide     the sentence under the title, the tour, and settings worth a name
    main      the panel that is drawn large
    table     True: all settings are computed once and sent to the browser, which then needs no Python.
              False: the browser asks Python for every setting but the first.
    ahead     settings that are answered once where the explorer is shown, and not sent: what they load, build and run
              first then stands ready when a hand moves
    """

    def __init__(
        self,
        render: Callable[..., Sequence[Panel]],
        controls: Sequence[Control],
        *,
        name: str,
        title: str,
        guide: Guide = NO_GUIDE,
        main: int = 0,
        table: bool = True,
        ahead: Sequence[Mapping[str, object]] = (),
    ):
        if table and (number := how_many(controls, MOST)) > MOST:
            raise ValueError(f"{name} has {number} settings, a table holds at most {MOST}: pass table=False")
        self._render, self.controls, self.name, self.title, self._tabulated = render, controls, name, title, table
        self.guide, self.main, self._ahead = guide, main, ahead
        for settings in (*guide.every_setting(), *ahead):
            self.settings(**settings)  # raises in words
        self._widget: ExplorerWidget | None = None
        self._stood: dict = {}  # the settings of a widget that was closed
        self.lent = False  # whether its widget may be seen where no cell tells: `cells` leaves it open

    def __repr__(self) -> str:
        return f"explorers.{self.name}(), moved by {', '.join(control.name for control in self.controls)}"

    def settings(self, **settings: object) -> dict:
        """All settings: those given, checked, and the defaults of the others."""
        return complete(self.controls, settings)

    def at(self, **settings: object) -> "Explorer":
        """This explorer, moved to these settings: the line that `Keep this state` writes."""
        self._shown().settings = self.settings(**settings)
        return self

    def render(self, **settings: object) -> Sequence[Panel]:
        """The panels at these settings; what is not given has its default."""
        return self._render(**self.settings(**settings))

    def figure(self, **settings: object) -> "Figure":
        """The panels as a matplotlib figure, with alt text."""
        from course_lib.explorers.machinery.static import draw

        return draw(self.title, self.render(**settings))

    def table(self, *, whole: bool | None = None) -> Table:
        """The pictures that are sent at once: of every setting, or of the first alone.

        `whole` asks for every setting where no Python can be asked later, whatever the explorer does in a notebook.
        """
        table = Table()
        every = self._tabulated if whole is None else whole
        chosen = every_setting(self.controls) if every else [self.settings()]
        desc, few = f"pictures of {self.name}", len(chosen) == 1
        bar = tqdm(chosen, desc=desc, delay=2, leave=False, file=line(), disable=few)
        with threads.one_thread():  # hundreds of tiny pictures: a second thread costs more than it brings
            for settings in bar:
                table.add(key_of(self.controls, settings), self._render, settings)
        return table

    def answer(self, settings: Mapping[str, object]) -> bytes:
        """The picture of one setting, for a browser that asks."""
        table, complete = Table(), self.settings(**settings)
        table.add(key_of(self.controls, complete), self._render, complete)
        return table.pack()

    def widget(self) -> "ExplorerWidget":
        """The widget that shows this explorer, made when first asked for; it stays until you close the explorer."""
        self.lent = True
        return self._shown()

    def _shown(self) -> "ExplorerWidget":
        from course_lib.explorers.machinery.widget import ExplorerWidget

        if self._widget is None:
            self._widget = ExplorerWidget(self, self._stood)
            for settings in self._ahead:
                self.answer(settings)
        return self._widget

    def close(self) -> None:
        """Takes the widget out of the page and frees its memory; showing the explorer again makes a new one, as moved.

        It is called for you when the cell that showed the explorer runs again, where the notebook tells cells apart.
        """
        if self._widget is not None:
            self._stood = self._widget.settings
            self._widget.close()
            self._widget, self.lent = None, False

    def _repr_mimebundle_(self, **options: Any) -> Any:
        cells.note(self)
        return self._shown()._repr_mimebundle_(**options)
