"""Where each stage of an architecture figure stands: the flow runs downwards, and each stride has its own band.

The image's stride lies at the left and the coarsest at the right, so that an encoder steps to the right and a decoder
comes back. A skip between maps of one stride is a vertical line. architecture.py draws the sheet that comes out.
"""

from course_lib.figures.architecture_layout import ROUND, Box, Path, Row, Sheet
from course_lib.figures.architecture_words import look, text_of
from course_lib.models.structure import JOINS, Link, Stage, Structure

BROADEST = 870  # pixels: a notebook's column
LINE, GAP, BESIDE, LANE, HEAD = 15, 20, 7, 8, 26


def upright(net: Structure) -> Sheet:
    """The layout with short boxes, or with narrow ones where short boxes are too broad for a notebook."""
    sheet = Upright(net, short=True).sheet
    return sheet if sheet.width <= BROADEST else Upright(net, short=False).sheet


class Upright:
    """Levels first, then bands, then boxes from top to bottom, then lines."""

    def __init__(self, net: Structure, *, short: bool):
        self.net, self.short, self.sheet = net, short, Sheet()
        self.feeds = {n: [link for link in net.read_by(n) if link.kind == "map"] for n in range(len(net.stages))}
        self.skips = {(link.source, link.target) for link in net.skips()}
        self.levels = self.in_levels()
        self.cells: dict[tuple[int, int], list[int]] = {}
        for n, level in self.levels.items():
            self.cells.setdefault((level, net.stages[n].stride), []).append(n)
        for cell in self.cells.values():
            cell.sort(key=self.side)
        self.middles = self.in_bands()
        self.boxes = self.placed()
        self.sheet.boxes = [self.boxes[n] for n in sorted(self.boxes)]
        self.sheet.height = max(box.top + box.height for box in self.sheet.boxes) + 8
        self.sheet.paths = [self.path(link) for link in net.links]
        for row in self.sheet.rows:
            row.height = self.sheet.height

    def in_levels(self) -> dict[int, int]:
        """The length of the longest way from the image; what only prepares a skip stands just above its join."""
        levels: dict[int, int] = {}
        for n, feeds in self.feeds.items():
            levels[n] = max((levels[feed.source] + 1 for feed in feeds), default=0)
        for n in reversed(self.feeds):
            after = self.net.read_from(n)
            if len(after) == 1 and any(feed.source for feed in self.feeds[n]):
                levels[n] = max(levels[n], levels[after[0].target] - 1)
        return levels

    def side(self, n: int) -> int:
        """Left (-1) where a skip arrives from the left, right (1) where it arrives from a coarser band."""
        sources = [link.source for link in self.feeds[n] if self.is_skip(link)]
        return 0 if not sources else 1 if self.net.stages[sources[0]].stride > self.net.stages[n].stride else -1

    def in_bands(self) -> dict[int, float]:
        """The middle of each stride's band, wide enough for the stages that stand side by side."""
        middles, left = {}, 0.0
        for stride in sorted({stage.stride for stage in self.net.stages}):
            cells = [cell for (_, own), cell in self.cells.items() if own == stride]
            inside = max(sum(self.width(n) + BESIDE for n in cell) - BESIDE for cell in cells)
            width = max(inside, 56) + 2 * LANE
            self.sheet.rows.append(Row(stride, 0, 0, left, width))
            middles[stride] = left + width / 2
            left += width
        self.sheet.width = left
        return middles

    def placed(self) -> dict[int, Box]:
        """The boxes, level by level: below what they read, or a step lower in the band beside it."""
        boxes: dict[int, Box] = {}
        floors = dict.fromkeys(self.middles, float(HEAD))
        for (_, stride), cell in sorted(self.cells.items()):
            top = floors[stride]
            for source in (boxes[feed.source] for n in cell for feed in self.feeds[n] if feed.source in boxes):
                beside = abs(source.middle[0] - self.middles[stride]) > source.width / 2 and len(cell) == 1
                top = max(top, source.middle[1] + GAP if beside else source.top + source.height + GAP)
            left = self.middles[stride] - (sum(self.width(n) + BESIDE for n in cell) - BESIDE) / 2
            for n in cell:
                stage = self.net.stages[n]
                boxes[n] = Box(left, top, self.width(n), self.height(n), self.text(n), look(stage))
                left += self.width(n) + BESIDE
            floors[stride] = top + max(self.height(n) for n in cell) + GAP
        return boxes

    def text(self, n: int) -> str:
        """What stands in the box of stage `n`; in a short box maps and size share a line, and so does the rest."""
        stage = self.net.stages[n]
        name, *rest = text_of(stage).split("\n")
        if self.short and len(rest) > 1:
            rest = [", ".join(rest[:2]), " ".join(rest[2:])]
        elif len(name) > 13:
            name = "\n".join(name.rsplit(" ", 1))
        return "\n".join(line for line in (name, *rest) if line)

    def width(self, n: int) -> float:
        """Wide enough for its words."""
        if self.net.stages[n].kind in JOINS:
            return ROUND
        first, *rest = self.text(n).split("\n")
        return max(7.9 * len(first) + 8 if rest else 6.9 * len(first) + 8, *(6.9 * len(line) + 8 for line in rest), 52)

    def height(self, n: int) -> float:
        """The height that the words of stage `n` need."""
        return ROUND if self.net.stages[n].kind in JOINS else LINE * (self.text(n).count("\n") + 1) + 6

    def path(self, link: Link) -> Path:
        """The points of the line that a connection takes."""
        a, b = self.boxes[link.source], self.boxes[link.target]
        kind = "places" if link.kind == "places" else "skip" if self.is_skip(link) else "flow"
        (ax, ay), (bx, by) = a.middle, b.middle
        below = a.top + a.height
        straight = ((ax, below), (bx, b.top))
        if kind == "places" or (kind == "skip" and not (ax == bx and self.free(ax, below, b.top))):
            lane = self.lane(self.net.stages[link.source])
            enters = b.left if lane < b.left else b.left + b.width
            return Path(((a.left, ay), (lane, ay), (lane, by), (enters, by)), kind)
        if ax == bx:
            return Path(straight, kind)
        if b.top < below + 4:  # a step into the band beside
            leaves = a.left + a.width if bx > ax else a.left
            return Path(((leaves, ay), (bx, ay), (bx, b.top)), kind)
        bend = b.top - GAP / 2
        return Path(((ax, below), (ax, bend), (bx, bend), (bx, b.top)), kind)

    def is_skip(self, link: Link) -> bool:
        """Whether the link passes over other stages."""
        return (link.source, link.target) in self.skips

    def lane(self, stage: Stage) -> float:
        """Where a line may run past all boxes of a band, at its left."""
        return next(row.left for row in self.sheet.rows if row.stride == stage.stride) + LANE / 2

    def free(self, x: float, top: float, bottom: float) -> bool:
        """Whether no box stands on the vertical line."""
        return not any(
            box.left <= x <= box.left + box.width and top < box.top + box.height and box.top < bottom
            for box in self.boxes.values()
        )
