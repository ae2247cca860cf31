"""A picture that somebody brings: from a telephone, a scanner, the web, or an array.

`read` takes a path, the bytes of a file or an array, and returns a uint8 tensor 3 x H x W, upright. A picture is turned
as its EXIF note says, grey becomes three equal channels, and what is transparent becomes white. Whatever is refused is
answered with what was found, what is expected, and what to do next.
"""

import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from course_lib.datasets.pictures import OWN, Refused, colours_of, opened

SMALLEST, LONGEST = 33, 8  # pixels of a side; how many times as long as wide
HEIF = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")


def read(picture: str | os.PathLike | bytes | np.ndarray | Tensor, name: str = "the picture") -> Tensor:
    """Any picture as uint8, 3 x H x W. `name` is what the errors call bytes and arrays."""
    if isinstance(picture, str | os.PathLike):
        path = Path(picture)
        check_file(path)
        values, name = opened(path, lambda image: colours(image, path), OWN), str(path)
    elif isinstance(picture, bytes):
        check_head(picture[:64], name)
        values = opened(Path(name), lambda image: colours(image, Path(name)), OWN, content=picture)
    else:
        values = from_array(picture, name)
    image = torch.from_numpy(np.array(values)).permute(2, 0, 1)
    check_shape(image, name)
    return image


def check_file(path: Path) -> None:
    """Refuse a folder, a missing file and a file that is no picture, each in its own words."""
    if path.is_dir():
        raise Refused(f"{path} is a folder; expected one picture: give the path of a file in it")
    if not path.exists():
        others = [p.name for p in sorted(path.parent.glob("*")) if p.suffix.lower() in (".jpg", ".jpeg", ".png")][:5]
        near = (
            f"its folder holds {', '.join(others)}"
            if others
            else f"look for it from {Path.cwd().name}/, where Python is"
        )
        raise FileNotFoundError(f"there is no file {path}; {near}")
    with open(path, "rb") as file:
        check_head(file.read(64), str(path))


def check_head(head: bytes, name: str) -> None:
    """What the first bytes of a file already tell."""
    if not head:
        raise Refused(f"{name} is empty (0 bytes); expected a picture: copy or download it again")
    if head[4:8] == b"ftyp" and head[8:12] in HEIF:
        raise Refused(
            f"{name} is a HEIC picture, the format of many telephones, which is not read here; expected JPEG or PNG: "
            "share or export it as JPEG (iPhone: Settings, Camera, Formats, Most Compatible)"
        )
    if is_text(head):
        raise Refused(
            f"{name} holds text, beginning with {head[:24].decode()!r}; expected a picture: its ending says nothing "
            "about its inside, so download the picture itself and not the page it is shown on"
        )


def is_text(head: bytes) -> bool:
    """Words and line ends only; every format of pictures has other bytes at its beginning."""
    try:
        return all(character.isprintable() or character.isspace() for character in head[:48].decode("utf-8"))
    except UnicodeDecodeError:
        return False


def colours(image, path: Path) -> np.ndarray:
    """H x W x 3 of one opened picture."""
    from PIL import Image, ImageOps

    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":  # telephones keep a second view in a JPEG; the first is the photograph
        raise Refused(
            f"{path} is a {image.format} of {frames} pictures; expected one: open it in a viewer and save one of them "
            "as PNG"
        )
    if image.mode == "CMYK":
        raise Refused(
            f"{path} is in CMYK, the colours of a printing press; expected RGB, grey or RGBA: save it anew in RGB, or "
            'Image.open(path).convert("RGB").save("new.png"), if slightly other colours do not matter'
        )
    if "A" in image.getbands() or "transparency" in image.info:
        see_through = ImageOps.exif_transpose(image).convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", see_through.size, "white"), see_through)
        return np.array(image.convert("RGB"))
    return colours_of(image, path, own=True)


def from_array(picture, name: str) -> np.ndarray:
    """H x W, H x W x 3 or 4, or 3 x H x W; uint8 from 0 to 255 or floating point from 0 to 1."""
    values = picture.detach().cpu().numpy() if isinstance(picture, Tensor) else np.asarray(picture)
    if values.ndim == 3 and values.shape[0] == 3 and values.shape[2] not in (3, 4):
        values = values.transpose(1, 2, 0)
    if values.ndim == 2:
        values = np.stack([values] * 3, axis=2)
    if values.ndim != 3 or values.shape[2] not in (3, 4):
        raise Refused(
            f"{name} is an array of shape {values.shape}; expected H x W x 3 (or x 4, or H x W, or 3 x H x W): "
            "one picture, without a batch dimension"
        )
    if values.dtype != np.uint8:
        low, high = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
        if not np.issubdtype(values.dtype, np.floating) or not (low >= 0 and high <= 1):
            raise Refused(
                f"{name} is {values.dtype} from {low:g} to {high:g}; expected uint8 from 0 to 255, or floating point "
                "from 0 to 1: divide by the largest value it can take"
            )
        values = (values * 255).round().astype(np.uint8)
    if values.shape[2] == 4:
        share = values[..., 3:].astype(np.float32) / 255
        values = (values[..., :3] * share + 255 * (1 - share)).round().astype(np.uint8)
    return values


def check_shape(image: Tensor, name: str) -> None:
    """Refuse a picture that is too small, or too long for its width."""
    height, width = image.shape[1:]
    if min(height, width) < SMALLEST:
        raise Refused(
            f"{name} is {width} x {height} pixels; expected at least {SMALLEST} on each side: nothing can be told "
            "apart on fewer, take a larger picture"
        )
    if max(height, width) > LONGEST * min(height, width):
        raise Refused(
            f"{name} is {width} x {height} pixels; expected at most {LONGEST} times as long as wide: cut out a part"
        )
