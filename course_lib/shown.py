"""Pictures side by side over a legend, and how a picture reaches a notebook: as a picture, with its alt text."""

import base64
import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

INK = "#222222"
HEARD = "position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0 0 0 0)"


def show(picture: bytes, kind: str, alt: str, width: int | None = None) -> None:
    """Hands a notebook a PNG or JPEG with its alt text, `width` in CSS pixels.

    The alt text belongs into the metadata. JupyterLab does not look there, so the words follow once more, in a line
    that is heard and not seen; where a viewer removes styles, they stand below the picture.
    """
    from IPython.display import display

    mime = f"image/{kind}"
    about = {"alt": alt} if width is None else {"alt": alt, "width": width}
    data = {mime: base64.b64encode(picture).decode(), "text/plain": alt}
    display(data, metadata={mime: about}, raw=True)
    display({"text/html": f'<div style="{HEARD}">{html.escape(alt)}</div>', "text/plain": alt}, raw=True)


def side_by_side(
    pictures: dict[str, np.ndarray], legend: Sequence[tuple[str, tuple[int, int, int] | None]], *, side: int = 480
) -> "Image.Image":
    """Pictures of one size (uint8, H x W x 3) under their titles, `side` pixels wide or less where they are upright.

    The legend is of words and colours; None leaves the patch empty. Pillow draws it, because importing matplotlib takes
    a second.
    """
    from PIL import Image, ImageDraw, ImageFont

    font, margin, line = ImageFont.load_default(14), 12, 24
    height, width = next(iter(pictures.values())).shape[:2]
    scale = min(side / width, 1.5 * side / height)
    width, height = max(round(scale * width), 1), max(round(scale * height), 1)
    column = max(width, side // 2) + margin  # room for the title of a narrow picture
    places, right = [], margin + column * len(pictures)
    x, y = margin, line + height + margin
    for words, _ in legend:
        wide = round(font.getlength(words)) + 3 * line
        if x > margin and x + wide > right:
            x, y = margin, y + line
        places.append((x, y))
        x += wide
    sheet = Image.new("RGB", (right, y + line + margin // 2), "white")
    pen = ImageDraw.Draw(sheet)
    for number, (title, values) in enumerate(pictures.items()):
        x = margin + column * number
        pen.text((x, 3), title, INK, font)
        way = Image.Resampling.NEAREST if scale > 1 else Image.Resampling.LANCZOS
        sheet.paste(Image.fromarray(np.ascontiguousarray(values)).resize((width, height), way), (x, line))
    for (words, colour), (x, y) in zip(legend, places):
        pen.rectangle((x, y + 3, x + line, y + 15), fill=colour, outline=INK)
        pen.text((x + line + 6, y), words, INK, font)
    return sheet
