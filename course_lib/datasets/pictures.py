"""Reading one picture or one mask from its file, and what to say when that goes wrong.

Whatever is refused is named with its file and with what to try next; a picture is never changed in silence.
"""

import io
import re
import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

FETCHED = "delete it and fetch it again"
OWN = "open it in a viewer and save it anew as PNG"
DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N", "F")  # Pillow's names for more than 8 bits in one channel


class Refused(ValueError):
    """A picture that can be read and still will not do."""


def opened(path: Path, read: Callable, advice: str = FETCHED, content: bytes | None = None) -> np.ndarray:
    """What `read` makes of a picture file, or of its content; a damaged file is named, with how to mend it."""
    from PIL import Image

    if content is None and not path.is_file():
        raise FileNotFoundError(f"{path} is missing")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(path if content is None else io.BytesIO(content))
        with picture:
            return read(picture)
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        pixels = re.search(r"\d+", str(error))  # "Image size (400000000 pixels) exceeds limit of ..."
        size = f"{int(pixels[0]) / 1e6:.0f} million pixels" if pixels else str(error)
        raise ValueError(
            f"{path} has {size}; expected at most {(Image.MAX_IMAGE_PIXELS or 0) / 1e6:.0f} million, and a tenth of "
            "that trains faster: shrink it and its partner alike, a mask without smoothing (nearest neighbour)"
        ) from error
    except Refused:
        raise
    except (OSError, SyntaxError, EOFError, struct.error, ValueError) as error:
        raise ValueError(f"{path} cannot be read as a picture ({error}): {advice}") from error


def colours_of(picture, path: Path, *, own: bool = False) -> np.ndarray:
    """H x W x 3, uint8. Pillow itself cuts what is deeper than 8 bits off at 255, so that nearly all of it is white.

    own: a student's picture, which may be turned by a note beside it or hide colours behind transparency.
    """
    from PIL import ImageOps

    sixteen = picture.mode.startswith("I;16") or (picture.mode, picture.format) == ("I", "PNG")  # older Pillow: "I"
    if own:  # a telephone writes its pictures lying down and notes the turn beside them
        check_opaque(picture, path)
        picture = ImageOps.exif_transpose(picture)
    if picture.mode not in DEEP:
        plain = picture.convert("RGBA") if picture.mode == "P" else picture  # else Pillow warns of a table of alphas
        return np.array(plain.convert("RGB"))
    values = np.array(picture)
    if not sixteen:
        raise Refused(
            f"{path} has values from {values.min()} to {values.max()} (mode {picture.mode}); expected 8 or 16 bits a "
            "channel: save it anew as PNG with 8 bits"
        )
    grey = ((values.astype(np.int64) + 128) // 257).astype(np.uint8)  # 65535 becomes 255
    return np.stack([grey] * 3, axis=2)


def check_opaque(picture, path: Path) -> None:
    """Behind a transparent pixel lies a colour that no viewer shows: a network would learn from it."""
    if picture.mode in DEEP or not ("A" in picture.getbands() or "transparency" in picture.info):
        return
    lowest = picture.convert("RGBA").getextrema()[3][0]
    if lowest < 255:
        raise Refused(
            f"{path} has transparent pixels (alpha down to {lowest}); expected a picture without transparency. To put "
            "it on white: from PIL import Image; cut = Image.open(path).convert('RGBA'); "
            "Image.alpha_composite(Image.new('RGBA', cut.size, 'white'), cut).convert('RGB').save(path)"
        )


def turn_of(picture) -> int:
    """The note in a picture's file of how viewers turn it (EXIF orientation): 1 as it lies, 2 to 8 turned."""
    note = picture.getexif().get(0x0112, 1)
    return note if note in range(2, 9) else 1


def read_labels(path: Path, advice: str = FETCHED, *, own: bool = False) -> np.ndarray:
    """A mask whose pixel values are labels: a palette or grey PNG, never interpolated, never JPEG."""
    from PIL import ImageOps

    def read(picture) -> np.ndarray:
        if picture.format == "JPEG":
            raise Refused(f"{path} is a JPEG: its compression changes labels; save masks as PNG")
        if picture.mode in DEEP:
            raise Refused(
                f"{path} has more than 8 bits a pixel (mode {picture.mode}); expected 8 bits, labels 0 to 255. To "
                "convert one: from PIL import Image; import numpy; "
                "Image.fromarray(numpy.array(Image.open(mask)).astype('uint8')).save(new_mask)"
            )
        if picture.mode not in ("P", "L", "1"):
            raise Refused(
                f"{path} has mode {picture.mode}; expected a mask of one channel (palette or grey) whose values are "
                "labels. For a mask painted in colours use --colours R,G,B=LABEL ..., or in Python "
                "Folder(..., colours={(r, g, b): label})"
            )
        if own:
            picture = ImageOps.exif_transpose(picture)
        return np.array(picture).astype(np.uint8)

    return opened(path, read, advice)
