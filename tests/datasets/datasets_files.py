"""Small copies of the real data sets' folders, painted on the spot."""

import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = (6, 8)
CLASSES = ("background", "animal")  # of the pictures below


def write_image(path: Path, size: tuple[int, int] = SIZE, seed: int = 0, **options) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)


def write_mask(path: Path, label: np.ndarray) -> None:
    """A palette PNG, as VOC and SegNet store their masks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(label.astype(np.uint8), mode=None).convert("L")
    picture.putpalette([value for index in range(256) for value in (index, 255 - index, index // 2)])
    picture.save(path)


def labels(*values: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    """A label map that holds the values in turn."""
    return np.resize(np.array(values, np.uint8), size)


def own_pictures(folder: Path) -> Path:
    """What a student may bring: two pictures, each with a mask of the same name."""
    for name in ("cat", "dog"):
        write_image(folder / "images" / f"{name}.png")
        write_mask(folder / "masks" / f"{name}.png", labels(0, 1, 255))
    return folder


def write_list(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines))


def matlab_structure(name: str, **fields: np.ndarray) -> bytes:
    """A MATLAB 5 file with one compressed structure, after the format's description."""

    def element(kind: int, payload: bytes) -> bytes:
        return struct.pack("<II", kind, len(payload)) + payload + b"\0" * (-len(payload) % 8)

    def matrix(array: np.ndarray) -> bytes:
        flags = element(6, struct.pack("<II", 9, 0))  # class 9: uint8
        shape = element(5, struct.pack("<ii", *array.shape))
        return element(14, flags + shape + element(1, b"") + element(2, array.tobytes(order="F")))

    head = element(6, struct.pack("<II", 2, 0)) + element(5, struct.pack("<ii", 1, 1)) + element(1, name.encode())
    small = struct.pack("<HHI", 5, 4, 32)  # the small form of an element: length of a field's name
    names = element(1, b"".join(key.encode().ljust(32, b"\0") for key in fields))
    packed = zlib.compress(element(14, head + small + names + b"".join(matrix(value) for value in fields.values())))
    header = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H2s", 0x0100, b"IM")
    return header + struct.pack("<II", 15, len(packed)) + packed
