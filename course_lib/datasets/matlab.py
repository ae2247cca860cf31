"""Reading SBD's masks: the array Segmentation inside the structure GTcls of a MATLAB 5 file.

The format is small: a header of 128 bytes, then elements (type, length, bytes), of which one is zlib-compressed and
holds a structure with named fields. Reference: "MAT-File Format", The MathWorks, sections on Level 5.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np

COMPRESSED, MATRIX = 15, 14
STRUCTURE = 2
NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}


def segmentation(path: Path) -> np.ndarray:
    """The field Segmentation of GTcls, height x width."""
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing")
    raw = path.read_bytes()
    try:
        for kind, payload in elements(raw[128:]):
            if kind == COMPRESSED:
                kind, payload = next(elements(zlib.decompress(payload)))
            if kind == MATRIX:
                found = field(payload, "Segmentation")
                if found is not None:
                    return found
    except (struct.error, zlib.error, KeyError, StopIteration, ValueError) as error:
        raise ValueError(f"{path} cannot be read as a MATLAB 5 file ({error}): fetch SBD again") from error
    raise ValueError(f"{path} has no field Segmentation; expected a mask of SBD (dataset/cls)")


def elements(raw: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, bytes) of each element; four bytes or less are packed into the tag itself."""
    place = 0
    while place + 8 <= len(raw):
        kind, length = struct.unpack_from("<II", raw, place)
        if kind >> 16:
            yield kind & 0xFFFF, raw[place + 4 : place + 4 + (kind >> 16)]
            place += 8
        else:
            yield kind, raw[place + 8 : place + 8 + length]
            place += 8 + length + (0 if kind == COMPRESSED else -length % 8)


def field(matrix: bytes, name: str) -> np.ndarray | None:
    """The array called `name` inside a structure; None if the matrix is no structure or has no such field."""
    parts = elements(matrix)
    flags, _, _ = next(parts)[1], next(parts), next(parts)  # class of the array, its dimensions, its name
    if flags[0] != STRUCTURE:
        return None
    length = struct.unpack("<I", next(parts)[1])[0]
    text = next(parts)[1]
    names = [text[i : i + length].split(b"\0")[0].decode() for i in range(0, len(text), length)]
    for key, (_, payload) in zip(names, parts):
        if key == name:
            return array(payload)
    return None


def array(matrix: bytes) -> np.ndarray:
    """A numeric matrix; MATLAB stores its columns one after the other."""
    parts = elements(matrix)
    next(parts)
    shape = np.frombuffer(next(parts)[1], "<i4")
    next(parts)
    kind, payload = next(parts)
    values = np.frombuffer(payload, "<" + NUMBERS[kind])
    return values.reshape(shape, order="F").astype(np.uint8)
