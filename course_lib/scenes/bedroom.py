"""bedroom: a bump under the sheet's own cloth is a pillow in a bedroom and a mere fold in a laundry.

For PSPNet's inconspicuous classes: the bump has the sheet's own stripes, a thin outline and a little more light, the
same in both rooms. What it is depends on the room, and one sign on the far wall shows the room: three pictures of the
moon, or the doors of three washing machines. The sign lies farther from every bump than `gap`, and all bumps of a
picture have one answer: this is global context, not a somewhat larger neighbourhood. `room` exchanges the sign and
leaves every other pixel as it was.
Maps: object_size (of a bump); distance (on a bump: how far the nearest pixel of the sign is; -1 elsewhere).
"""

import torch

from course_lib.scenes.canvas import Canvas, Parts
from course_lib.scenes.dice import Dice
from course_lib.scenes.family import GRAIN, Family, Knob
from course_lib.scenes.props import shade

CLASSES = ("wall", "floor", "bed", "pillow")
WALL, FLOOR, BED, PILLOW = range(4)
BUMPS = 2
CLOTHS = torch.tensor([(150, 186, 214), (214, 180, 190), (186, 206, 170), (222, 204, 164), (196, 184, 214)])
PAPERS = torch.tensor([(226, 216, 198), (208, 216, 214), (222, 208, 206), (212, 214, 196)])

PARTS = Parts()
PAPER = [PARTS.add(WALL, (0, 0, 0), rough=2) for _ in range(2)]
SKIRTING = PARTS.add(WALL, (242, 238, 230), rough=1)
PLANKS = PARTS.ramp(FLOOR, (166, 122, 84), (142, 100, 68), 2, rough=6)
FRAME = PARTS.add(WALL, (0, 0, 0), rough=1)
INSIDE = PARTS.add(WALL, (0, 0, 0), rough=1)
ROUND = PARTS.add(WALL, (0, 0, 0), rough=1)
WOOD = PARTS.ramp(BED, (134, 88, 54), (104, 66, 40), 2, rough=5)
SHEET = [PARTS.add(BED, (0, 0, 0), rough=2) for _ in range(2)]
HEM = PARTS.add(BED, (0, 0, 0), rough=2)
OUTLINES = [PARTS.add(PILLOW, (0, 0, 0), rough=2, instance=number) for number in range(1, BUMPS + 1)]
CLOTH = [[PARTS.add(PILLOW, (0, 0, 0), rough=2, instance=number) for _ in range(2)] for number in range(1, BUMPS + 1)]
SIGNS = {  # frame, inside, disc
    "laundry": torch.tensor([(244, 244, 242), (214, 218, 222), (64, 92, 118)]),
    "bedroom": torch.tensor([(150, 108, 58), (38, 52, 110), (250, 226, 122)]),
}


def paint(canvas: Canvas, dice: Dice, *, gap: int, outline: int, room: str, grain: int) -> None:
    """Paints the family's scenes on the canvas, one for each picture; the knobs are those of `FAMILY`."""
    canvas.grain = grain
    size = canvas.size
    one = torch.ones(canvas.pictures, dtype=torch.long)
    backdrop(canvas, dice)
    side = size * 14 // 64
    y, x = dice.integer(one, max(1, size * 3 // 64)), dice.integer(one, size - 3 * side - 1)
    paint_sign(canvas, dice, y, x, side, room)
    bedroom = (canvas.colours[:, FRAME] == SIGNS["bedroom"][0]).all(1)

    stripe = max(2, size * 3 // 64)
    cloth = ((canvas.line + dice.integer(0 * one, 4 * stripe)[:, None]) % (2 * stripe) >= stripe).long()
    left, right = dice.integer(size * 2 // 64, size * 8 // 64), size - dice.integer(size * 2 // 64, size * 8 // 64)
    head = dice.integer(size * 18 // 64, size * 22 // 64)
    fabric = paint_bed(canvas, dice, cloth, head, left, right)

    reach = y + side - 1 + gap + 2  # the first row that is farther from the sign than the gap and the lens
    distance = torch.full((canvas.pictures, size, size), -1, dtype=torch.int32)
    sideways = torch.maximum(x[:, None] - canvas.line, canvas.line - (x + 3 * side - 1)[:, None])
    below = canvas.line - (y + side - 1)[:, None]
    far = torch.maximum(sideways.int()[:, None, :], below.int()[:, :, None])
    middle = (left + right) // 2
    for number in range(BUMPS):
        # Left and right half of the bed, so that bumps never touch.
        start, end = (left + 1, middle - 1) if number == 0 else (middle + 1, right - 1)
        width, height = dice.integer(size * 16 // 64, size * 22 // 64), dice.integer(size * 10 // 64, size * 12 // 64)
        width = torch.minimum(width, end - start)
        bx, by = dice.integer(start, end - width), dice.integer(reach, size - height - max(1, size * 3 // 64))
        seen = dice.chance(0.8)
        rim = max(1, size // 64)
        canvas.box(canvas.span(by, height, OUTLINES[number]), canvas.span(bx, width), seen=seen)
        inner = torch.tensor(CLOTH[number], dtype=torch.uint8)[cloth]
        canvas.box(
            canvas.span(by + rim, height - 2 * rim), inner * canvas.span(bx + rim, width - 2 * rim, 1), seen=seen
        )
        canvas.say(OUTLINES[number], colour=shade(fabric, 15) - outline)
        for part, light in zip(CLOTH[number], (16, 14)):
            canvas.say(part, colour=shade(fabric, light) + outline // 4)  # what is raised catches more light
        parts = [OUTLINES[number], *CLOTH[number]]
        canvas.say(parts, kind=torch.where(bedroom, PILLOW, BED), size=torch.maximum(width, height))
    canvas.factors["distance"] = torch.where(canvas.look(canvas.instances) > 0, far, distance)


def backdrop(canvas: Canvas, dice: Dice) -> None:
    """Striped wallpaper, a skirting board and planks."""
    size = canvas.size
    whole = torch.full((canvas.pictures, size), 255, dtype=torch.uint8)
    foot = torch.full((canvas.pictures,), size * 26 // 64)
    stripe = max(2, size * 4 // 64)
    stripes = torch.tensor(PAPER, dtype=torch.uint8)[(canvas.line // stripe % 2).expand(canvas.pictures, -1)]
    canvas.box(canvas.span(0 * foot, foot), stripes)
    canvas.box(canvas.span(foot, torch.full_like(foot, max(1, size * 2 // 64)), SKIRTING), whole)
    plank = torch.tensor(PLANKS, dtype=torch.uint8)[(canvas.line // max(2, size * 6 // 64) % 2).expand_as(whole)]
    canvas.box(canvas.span(foot + max(1, size * 2 // 64), 0 * foot + size), plank)
    paper = dice.choice(PAPERS)
    for part, light in zip(PAPER, (16, 15)):
        canvas.say(part, colour=shade(paper, light))


def paint_sign(canvas: Canvas, dice: Dice, y, x, side: int, room: str) -> None:
    """The only thing that tells the rooms apart: three frames, a disc in each; of one form in both."""
    bedroom = dice.chance(0.5) if room == "any" else (dice.throw() >= 0) & (room == "bedroom")
    rim, across = max(1, side // 9), side * 5 // 9
    length, middle = torch.full_like(y, side), (side - across) // 2
    for left in (x, x + side, x + 2 * side):
        canvas.box(canvas.span(y, length, FRAME), canvas.span(left, length))
        canvas.box(canvas.span(y + rim, length - 2 * rim, INSIDE), canvas.span(left + rim, length - 2 * rim))
        canvas.disc(y + middle, left + middle, torch.full_like(y, across), ROUND)
    for part, bed, laundry in zip((FRAME, INSIDE, ROUND), SIGNS["bedroom"], SIGNS["laundry"]):
        canvas.say(part, colour=torch.where(bedroom[:, None], bed, laundry))


def paint_bed(canvas: Canvas, dice: Dice, cloth, head, left, right) -> torch.Tensor:
    """Headboard, sheet with its stripes, hem; returns the colour of the cloth."""
    size, fabric = canvas.size, dice.choice(CLOTHS)
    board = max(2, size * 6 // 64)
    rim = max(1, size // 64)
    canvas.box(canvas.bands((head, WOOD[0]), (head + 2 * rim, WOOD[1]), end=head + board + 0 * head),
               canvas.span(left - 1, right - left + 2))  # fmt: skip
    sheet = torch.tensor(SHEET, dtype=torch.uint8)[cloth] * canvas.span(left, right - left, 1)
    canvas.box(canvas.span(head + board, size - head - board), sheet)
    canvas.box(canvas.span(head + board, 0 * head + 2 * rim, HEM), canvas.span(left, right - left))
    for part, light in zip((*SHEET, HEM), (16, 14, 18)):
        canvas.say(part, colour=shade(fabric, light))
    return fabric


FAMILY = Family(
    name="bedroom",
    about="a bump in the sheet is a pillow or a fold, depending on the sign on the far wall",
    classes=CLASSES,
    parts=PARTS,
    paint=paint,
    knobs={
        "gap": Knob(24, 0, 30, length=True, about="least distance from a bump to the sign on the wall"),
        "outline": Knob(
            48,
            0,
            96,
            about="how much darker a bump's outline is, in grey levels; inside it is a quarter as much lighter",
        ),
        "room": Knob("any", choices=("any", "bedroom", "laundry"), about="only one room, or either"),
        "grain": GRAIN,
    },
)
