"""Panels as bytes: every setting's pictures in one table, each different picture once.

explorer.py hands in renders; widget.js reads the result. The layout, little-endian:

    4 bytes   length of the header
    header    JSON: panels [...], states {key: {"panels": [...]} or {"problem": ...}}
    blob      values, indices and colour tables; every piece starts at a multiple of eight
"""

import base64
import gzip
import json
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import cache
from html import escape
from weakref import WeakKeyDictionary

import numpy as np

from course_lib import palette
from course_lib.explorers.machinery import svg
from course_lib.explorers.machinery.controls import Control, in_words
from course_lib.explorers.machinery.panels import (
    CLASSES,
    Chart,
    Collage,
    Diagram,
    Image,
    Impossible,
    Map,
    Panel,
    Piece,
    Prose,
    Readout,
)
from course_lib.figures import style

NARROW = 400  # a drawing that is no wider stands beside the others


class Table:
    """Collects states and writes them out."""

    def __init__(self) -> None:
        self.panels: list[dict] = []
        self.states: dict[str, dict] = {}
        self.blob = bytearray()
        self._known: dict[object, int] = {}
        self._pictures: dict[int, tuple[np.ndarray, int]] = {}
        self._written: WeakKeyDictionary[Panel, int] = WeakKeyDictionary()

    def add(self, key: str, render: Callable[..., Sequence[Panel]], settings: dict) -> None:
        """Renders one setting; a render that fails leaves its words instead of pictures."""
        try:
            self.states[key] = {"panels": [self._panel(panel) for panel in render(**settings)]}
        except Exception as error:
            impossible = isinstance(error, Impossible)
            what = str(error) if impossible else f"{type(error).__name__}: {error}"
            self.states[key] = {"problem": what, "settings": in_words(settings), "impossible": impossible}

    def pack(self) -> bytes:
        """One string of bytes: the header's length, the header as JSON, the pixels."""
        header = {"panels": self.panels, "states": self.states}
        text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
        text += b" " * (-(len(text) + 4) % 8)
        return struct.pack("<I", len(text)) + text + bytes(self.blob)

    def compressed(self) -> str:
        """As text, because binary traits are unproven in Colab."""
        return base64.b64encode(gzip.compress(self.pack(), 6, mtime=0)).decode()

    def _panel(self, panel: Panel) -> int:
        if panel not in self._written:  # a render that hands out the same panel again costs nothing
            entry = _WIRES[type(panel)](self, panel)
            self._written[panel] = self._once(json.dumps(entry), lambda: self._append(entry))
        return self._written[panel]

    def _append(self, entry: dict) -> int:
        self.panels.append(entry)
        return len(self.panels) - 1

    def _bytes(self, array: np.ndarray) -> int:
        raw = np.ascontiguousarray(array).tobytes()
        return self._once(raw, lambda: self._store(raw))

    def _store(self, raw: bytes) -> int:
        offset = len(self.blob)
        self.blob += raw + bytes(-len(raw) % 8)
        return offset

    def _rgb(self, pixels: np.ndarray) -> int:
        """Hundreds of settings may show one photograph: it is turned into bytes once."""
        if id(pixels) not in self._pictures:
            if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
                raise ValueError(f"an image is H x W x 3 uint8, got {pixels.shape} {pixels.dtype}")
            self._pictures[id(pixels)] = pixels, self._bytes(pixels)  # held, so that nothing else gets its id
        return self._pictures[id(pixels)][1]

    def _once(self, key: object, make: Callable[[], int]) -> int:
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def _map(self, panel: Map) -> dict:
        values, index = _distinct(panel)
        index, colours, levels = index.reshape(panel.values.shape), colour_table(panel), panel.levels(values)
        wide = len(values) > 256
        written = (values[index], colours[levels[index]]) if panel.numbers else ()
        return {
            **_shared("map", panel),
            "drags": [asdict(drag) for drag in panel.drags],
            "size": list(panel.values.shape),
            "colours": self._bytes(colours),
            "values": [self._bytes(values), len(values)],
            "levels": self._bytes(levels),
            "wide": wide,
            "index": self._bytes(index.astype("<u2" if wide else "u1")),
            "says": panel.says,
            "names": {str(value): name for value, name in panel.names.items()},
            "legend": svg.legend(panel, values, colours),
            "over": svg.over(panel, *written),
        }

    def _image(self, panel: Image) -> dict:
        return {
            **_shared("image", panel),
            "drags": [asdict(drag) for drag in panel.drags],
            "size": list(panel.pixels.shape[:2]),
            "rgb": self._rgb(panel.pixels),
            "legend": svg.names(panel.names),
            "over": svg.over(panel),
        }

    def _collage(self, panel: Collage) -> dict:
        pieces, moving = ([self._piece(one) for one in those] for those in (panel.pieces, panel.moving))
        return {
            **_shared("image", panel),
            "size": list(panel.size),
            "paper": palette.PAPER,
            "pieces": pieces,
            "moving": [[piece, one.comes] for piece, one in zip(moving, panel.moving)],
            "legend": svg.names(panel.names),
            "over": svg.over(panel),
        }

    def _piece(self, piece: Piece) -> list[int]:
        return [self._rgb(piece.pixels), *piece.pixels.shape[:2], *piece.part, *piece.place]

    def _chart(self, panel: Chart) -> dict:
        shared = _shared("chart", panel)
        return {**shared, "svg": svg.chart(panel, shared["alt"]), "legend": svg.lines_legend(panel)}

    def _diagram(self, panel: Diagram) -> dict:
        shared, narrow = _shared("diagram", panel), panel.width < NARROW
        return {**shared, "svg": svg.diagram(panel, shared["alt"]), "legend": "", "narrow": narrow}

    def _readout(self, panel: Readout) -> dict:
        parts = (f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in panel.rows)
        return {**_shared("readout", panel), "svg": f"<dl>{''.join(parts)}</dl>", "legend": ""}

    def _prose(self, panel: Prose) -> dict:
        parts = (f"<p><b>{escape(head)}</b> {escape(text)}</p>" for head, text in panel.parts)
        return {**_shared("prose", panel), "svg": "".join(parts), "legend": ""}


_WIRES = {
    Map: Table._map,
    Image: Table._image,
    Collage: Table._collage,
    Chart: Table._chart,
    Diagram: Table._diagram,
    Readout: Table._readout,
    Prose: Table._prose,
}


def key_of(controls: Iterable[Control], settings: dict) -> str:
    """The name of a state: the position of every control. widget.js writes the same."""
    return json.dumps([control.position(settings[control.name]) for control in controls], separators=(",", ":"))


def _distinct(panel: Map) -> tuple[np.ndarray, np.ndarray]:
    """The values of a map, each once and in order, and which of them stands at each pixel."""
    if panel.colours == CLASSES:  # small whole numbers: counting is faster than sorting
        flat = np.asarray(panel.values).ravel()
        found = np.flatnonzero(np.bincount(flat))
        return found.astype("<f8"), np.searchsorted(found, flat)
    return np.unique(np.asarray(panel.values, dtype="<f8"), return_inverse=True)


def colour_table(panel: Map) -> np.ndarray:
    """The 256 colours of a map, 256 x 3 uint8."""
    if panel.colours == CLASSES:
        return np.resize(np.array(panel.palette, dtype=np.uint8), (256, 3))
    return heat()


@cache
def heat() -> np.ndarray:
    """The 256 colours from nothing to much."""
    from matplotlib import colormaps

    return np.rint(255 * colormaps[style.HEAT](np.arange(256))[:, :3]).astype(np.uint8)


def _shared(kind: str, panel: Panel) -> dict:
    return {"kind": kind, "title": panel.title, "note": panel.note, "alt": panel.describe()}
