"""A network as a U: its drawing, with bridges to cut, and the maps of one that labels a photograph, each at its place.

skips.py runs the network and keeps its maps; here they become one picture that grows stage by stage. While it plays, a
map glides to its next place, and the copy that crosses glides to the same place.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from course_lib import palette
from course_lib.explorers.machinery.panels import Block, Collage, Diagram, Mark, Piece, Word
from course_lib.explorers.machinery.table import heat

DOWN = {2: "backbone.blocks.0", 4: "backbone.blocks.1", 8: "backbone.blocks.2", 16: "backbone.blocks.4",
        32: "backbone.blocks.6"}  # stride -> layer  # fmt: skip
UP = {16: "up4", 8: "up3", 4: "up2", 2: "up1"}
LAYERS = (*DOWN.values(), *UP.values())
STAGES = ("the picture", *(f"down to stride {n}" for n in DOWN), *(f"up to stride {n}" for n in UP), "labels")
BOTTOM, LAST = len(DOWN), len(STAGES) - 1
WIDTHS = (138, 120, 102, 84, 66, 54)  # of what is drawn, from the picture down to stride 32
SIDE, LETTERS, GAP = 480, 20, 28  # width of the drawing; height of its words, and of the room above each map for them
NOTE = "Bright: where a map's channels are strong, on average, by its own maximum. Play it, or move stage by stage."

ACROSS = 404  # of the drawing of the network
SWITCHES = ("first", "second", "third", "fourth")  # from the deepest skip to the one at the image's size
ENDS, BRIDGE = palette.hex_of(palette.LIGHT), palette.hex_of(palette.SKY)


def drawing(network: str, strides: Sequence[int], on: Sequence[bool]) -> Diagram:
    """The network as a U, the finest maps above; a click on a bridge cuts it or mends it."""
    deepest, wide, high, row, step = 2 * strides[0], 70, 24, 34, 18
    bottom = row * len(on)
    blocks, arrows = [], []
    for number, (name, kept, stride) in enumerate(zip(SWITCHES, on, strides)):
        y, inwards = bottom - row * (number + 1) + 4, step * (len(on) - 1 - number)
        left, right = 4 + inwards, ACROSS - 4 - inwards - wide
        gap = right - left - wide
        down, up = len(on) - 1 - number, len(on) + 1 + number  # when a map comes by on either side
        for x, turn in ((left, down), (right, up)):
            blocks.append(Block(x=x, y=y, width=wide, height=high, text=f"stride {stride}", colour=ENDS, turn=turn))
        text = f"skip {number + 1}" if kept else f"skip {number + 1}: cut"
        bridge = {"x": left + wide + 3, "y": y + 3, "width": gap - 6, "height": high - 6}
        blocks.append(Block(text=text, colour=BRIDGE if kept else "", strong=not kept, sets={name: not kept},
                            turn=up - 1 if kept else None, **bridge))  # fmt: skip
        if number:
            arrows += [
                (left + 20, y + high, left + 26, y + row),
                (right + wide - 26, y + row, right + wide - 20, y + high),
            ]
    middle = (ACROSS - wide) / 2
    deep = 4 + step * (len(on) - 1) + wide / 2  # the middle of the deepest pair, which the lowest box joins
    arrows += [(deep, bottom - 2, middle, bottom + 12), (middle + wide, bottom + 12, ACROSS - deep, bottom - 2)]
    blocks.append(Block(x=middle, y=bottom + 4, width=wide, height=high, text=f"stride {deepest}", colour=ENDS,
                        turn=len(on)))  # fmt: skip
    title = f"{network}: click a bridge to cut it"
    return Diagram(title=title, width=ACROSS, height=bottom + high + 8, blocks=blocks, arrows=arrows)


def collage(pixels: np.ndarray, maps: Mapping[str, Tensor], labels: np.ndarray, on: Sequence[bool], at: int) -> Collage:
    """The U up to stage number `at`; `on` tells of each skip, the deepest first, whether its copy crosses."""
    pictures = [pixels, *(magnitudes(maps[layer]) for layer in LAYERS[:at]), *([labels] if at == LAST else [])]
    places = [place(number, pixels.shape) for number in range(LAST + 1)]
    joined = range(BOTTOM + 1, min(at + 1, LAST))  # the stages on the way up where a skip arrives
    comes = [(at - 1, at)] if at else []
    comes += [(LAST - at, at)] if at in joined and on[at - BOTTOM - 1] else []
    words = [_word(_name(number), places[number][0], places[number][1]) for number in range(at + 1)]
    for number in joined:
        top, _, height, _ = places[number]
        words.append(_word("copied" if on[number - BOTTOM - 1] else "cut", top + (height + GAP) / 2, SIDE / 2 - 28))
    top, left, height, width = places[at]
    shape = (
        f", {len(maps[LAYERS[at - 1]])} maps of {pictures[at].shape[0]} x {pictures[at].shape[1]}"
        if 0 < at < LAST
        else ""
    )
    return Collage(
        title=f"Along the U: {STAGES[at]}{shape}",
        size=(places[BOTTOM][0] + places[BOTTOM][2] + 4, SIDE),
        pieces=[_piece(picture, where) for picture, where in zip(pictures, places)],
        moving=[_piece(pictures[source], places[target], comes=places[source]) for source, target in comes],
        words=words,
        marks=[Mark(top=top, left=left, height=height, width=width, label=STAGES[at])],
        note=NOTE,
    )


def magnitudes(maps: Tensor) -> np.ndarray:
    """The mean size of all channels (C x H x W) at each place, in the colours of heat by its own maximum."""
    strong = maps.abs().mean(0)
    return heat()[(255 * strong / strong.max()).round().byte().numpy()]


def place(number: int, shape: Sequence[int]) -> tuple[int, int, int, int]:
    """Where the picture of a stage is drawn: top, left, height, width."""
    depth = min(number, LAST - number)
    heights = [round(width * shape[0] / shape[1]) for width in WIDTHS]
    top = sum(heights[:depth]) + GAP * (depth + 1)
    middle = SIDE // 2 if depth == BOTTOM else 75 + 18 * depth
    left = (middle if number <= BOTTOM else SIDE - middle) - WIDTHS[depth] // 2
    return top, left, heights[depth], WIDTHS[depth]


def _name(number: int) -> str:
    """What stands above a map: the last words of its stage."""
    return STAGES[number].removeprefix("down to ").removeprefix("up to ")


def _piece(pixels: np.ndarray, where: tuple[int, int, int, int], **comes: tuple[int, int, int, int]) -> Piece:
    return Piece(pixels=pixels, part=(0, 0, *pixels.shape[:2]), place=where, **comes)


def _word(text: str, top: float, left: float) -> Word:
    """Words in the room above `top`."""
    return Word(top=top - GAP / 2, left=left, size=LETTERS, text=text)
