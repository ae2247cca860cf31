"""Paints masks/*.png from the outlines in masks/*.json: `python data/photos/draw_masks.py`.

Later shapes lie over earlier ones. Coordinates are pixels, x before y; an ellipse is centre x and y, half axes, and a
turn in degrees. Class 0 is the ground on which the shapes are painted; "void" (255) marks what nobody should be asked.
"""

import json
import math
from pathlib import Path

from PIL import Image, ImageDraw

HERE = Path(__file__).parent
COLOURS = [(214, 214, 214), (0, 114, 178), (213, 94, 0), (0, 158, 115), (230, 159, 0), (204, 121, 167)]


def draw(outlines: dict, size: tuple[int, int]) -> Image.Image:
    """The outlines as a palette image."""
    mask = Image.new("P", size, 0)
    mask.putpalette([value for colour in COLOURS for value in colour] + [0] * 3 * (255 - len(COLOURS)) + [255] * 3)
    pen = ImageDraw.Draw(mask)
    for shape in outlines["shapes"]:
        fill = 255 if shape["name"] == "void" else outlines["classes"].index(shape["name"])
        if "line" in shape:
            pen.line([tuple(point) for point in shape["line"]], fill=fill, width=shape["width"], joint="curve")
        else:
            points = shape["polygon"] if "polygon" in shape else ellipse(*shape["ellipse"])
            pen.polygon([tuple(point) for point in points], fill=fill)
    return mask


def ellipse(x: float, y: float, a: float, b: float, degrees: float) -> list[tuple[float, float]]:
    """Corners of an ellipse, 180 of them."""
    turn, corners = math.radians(degrees), []
    for step in range(180):
        angle = math.radians(2 * step)
        along, across = a * math.cos(angle), b * math.sin(angle)
        corner = (
            x + along * math.cos(turn) - across * math.sin(turn),
            y + along * math.sin(turn) + across * math.cos(turn),
        )
        corners.append(corner)
    return corners


if __name__ == "__main__":
    for path in sorted((HERE / "masks").glob("*.json")):
        size = Image.open(HERE / f"{path.stem}.jpg").size
        draw(json.loads(path.read_text()), size).save(path.with_suffix(".png"), optimize=True)
