"""Reads a packed table as the browser does, with nothing shared but the layout: what the pictures' tests compare."""

import base64
import gzip
import json
import struct

import numpy as np


class Read:
    def __init__(self, packed: bytes):
        (length,) = struct.unpack("<I", packed[:4])
        header = json.loads(packed[4 : 4 + length])
        self.states, self.panels = header["states"], header["panels"]
        self.blob = packed[4 + length :]

    @classmethod
    def compressed(cls, text: str) -> "Read":
        return cls(gzip.decompress(base64.b64decode(text)))

    def numbers(self, kind: str, offset: int, count: int) -> np.ndarray:
        return np.frombuffer(self.blob, kind, count, offset)

    def values(self, panel: dict) -> np.ndarray:
        """What the cursor reads on a map."""
        values = self.numbers("<f8", *panel["values"])
        index = self.numbers("<u2" if panel["wide"] else "u1", panel["index"], int(np.prod(panel["size"])))
        return values[index].reshape(panel["size"])

    def picture(self, panel: dict) -> np.ndarray:
        """The painted pixels of a map or an image."""
        height, width = panel["size"]
        if "pieces" in panel:
            return self.pasted(panel)
        if panel["kind"] == "image":
            return self.numbers("u1", panel["rgb"], 3 * height * width).reshape(height, width, 3)
        levels = self.numbers("u1", panel["levels"], panel["values"][1])
        table = self.numbers("u1", panel["colours"], 768).reshape(256, 3)
        index = self.numbers("<u2" if panel["wide"] else "u1", panel["index"], height * width)
        return table[levels[index]].reshape(height, width, 3)

    def pasted(self, panel: dict) -> np.ndarray:
        """The pieces of a collage, pixel by pixel."""
        drawn = np.tile(np.array(panel["paper"], np.uint8), (*panel["size"], 1))
        for offset, height, width, top, left, high, wide, *place in panel["pieces"]:
            source = self.numbers("u1", offset, 3 * height * width).reshape(height, width, 3)
            for y, x in np.ndindex(*place[2:]):
                drawn[place[0] + y, place[1] + x] = source[top + y * high // place[2], left + x * wide // place[3]]
        return drawn
