"""What an explorer says to whoever meets it first: a prompt, a tour, and settings worth a name.

The explorers' words stand together in `explorers/guides.py`; `widget.js` shows them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Settings = Mapping[str, object]


@dataclass(frozen=True)
class Step:
    """One step of a tour: what to predict, the settings that show the answer, and why it is so."""

    ask: str
    settings: Settings
    explain: str


@dataclass(frozen=True)
class Guide:
    """The sentence under the title, three to six steps, and presets by name."""

    prompt: str = ""
    tour: Sequence[Step] = ()
    presets: Mapping[str, Settings] = field(default_factory=dict)

    def every_setting(self) -> list[Settings]:
        """The settings of all presets and of all steps of the tour."""
        return [*self.presets.values(), *(step.settings for step in self.tour)]
