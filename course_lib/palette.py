"""One palette for scenes, figures and widgets: Okabe and Ito's eight colours, which survive colour blindness.

Every class of every scene has its colour here, so that a bus is the same blue in each lecture.
"""

import torch
from torch import Tensor

BLACK = (0, 0, 0)
ORANGE = (230, 159, 0)
SKY = (86, 180, 233)
GREEN = (0, 158, 115)
YELLOW = (240, 228, 66)
BLUE = (0, 114, 178)
VERMILION = (213, 94, 0)
PURPLE = (204, 121, 167)
GREY = (140, 140, 140)
LIGHT = (214, 214, 214)
VOID_COLOUR = (255, 255, 255)
PAPER = (242, 242, 242)

ORDER = (LIGHT, BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, YELLOW, GREY, BLACK)


def hex_of(colour: tuple[int, int, int]) -> str:
    """The colour as matplotlib and the browser write it."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def on_paper(colour: tuple[int, int, int], tone: float) -> tuple[int, int, int]:
    """The colour as so much ink on paper: 1 is the colour itself, 0 the paper."""
    red, green, blue = (round(tone * ink + (1 - tone) * white) for ink, white in zip(colour, PAPER))
    return red, green, blue


def paint(label: Tensor, colours: tuple[tuple[int, int, int], ...] = ORDER, void: int = 255) -> Tensor:
    """A label map (... x H x W, integers) as a picture (... x H x W x 3, uint8); void is white."""
    table = torch.full((256, 3), 255, dtype=torch.uint8)
    for index in range(255):
        table[index] = torch.tensor(colours[index % len(colours)], dtype=torch.uint8)
    table[void] = torch.tensor(VOID_COLOUR, dtype=torch.uint8)
    return table[label.long()]
