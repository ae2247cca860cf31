"""Where each stage of a lying architecture drawing stands, in units of about one pixel.

The lineage explorer draws the boxes and lines that come out; figures stand upright (architecture_upright.py). One
language for all networks: the row of a box is the stride of its map, so that a way down and up is a valley and a
dilated network a plain. What changes the stride lies as a slab between the rows; a skip crosses from side to side.
"""

from dataclasses import dataclass, field

from course_lib.figures.architecture_words import look, text_of
from course_lib.models.structure import JOINS, UPWARDS, Link, Structure

LINE, GAP, ROUND, SLAB, LANE = 13, 17, 22, 17, 9
KINDS = {
    "image": "image and scores",
    "down": "convolutions",
    "up": "convolutions after upsampling",
    "dilated": "dilated convolutions",
    "pool": "pooling",
    "enlarge": "upsampling",
    "join": "concatenation (c), sum (+)",
}


@dataclass(frozen=True)
class Box:
    """A stage on the sheet; `look` is one of KINDS."""

    left: float
    top: float
    width: float
    height: float
    text: str
    look: str

    @property
    def middle(self) -> tuple[float, float]:
        """The centre of the box."""
        return self.left + self.width / 2, self.top + self.height / 2


@dataclass(frozen=True)
class Path:
    """A line through points; `kind` is flow, skip or places."""

    points: tuple[tuple[float, float], ...]
    kind: str


@dataclass
class Row:
    """All maps of one stride: a row, or a band in an upright layout, which also has a left edge and a width."""

    stride: int
    top: float
    height: float
    left: float = 0.0
    width: float = 0.0


@dataclass
class Sheet:
    """The finished layout."""

    width: float = 0.0
    height: float = 0.0
    boxes: list[Box] = field(default_factory=list)
    paths: list[Path] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def laid_out(net: Structure) -> Sheet:
    """The layout of a network's stages and connections."""
    return Layout(net).sheet


class Layout:
    """Columns first, then rows, then boxes, then lines."""

    def __init__(self, net: Structure):
        self.net, self.sheet = net, Sheet()
        self.feeds = {n: [link for link in net.read_by(n) if link.kind == "map"] for n in range(len(net.stages))}
        self.slabs = {n for n in self.feeds if self.is_slab(n)}
        self.skips = {(link.source, link.target) for link in net.skips()}
        self.columns = self.in_columns()
        self.cells: dict[tuple[int, int], list[int]] = {}
        for n, column in self.columns.items():
            if n not in self.slabs:
                self.cells.setdefault((column, net.stages[n].stride), []).append(n)
        self.place_rows()
        self.boxes = self.placed()
        self.sheet.boxes = [self.boxes[n] for n in sorted(self.boxes)]
        self.sheet.paths = [self.path(link) for link in net.links]

    def is_slab(self, n: int) -> bool:
        """Pools and enlargements, and a 1x1 that only prepares a pool, lie between the rows."""
        stage, after = self.net.stages[n], self.net.read_from(n)
        prepares = (
            stage.kernels == (("1x1", 1),) and len(after) == 1 and self.net.stages[after[0].target].kind == "pool"
        )
        return stage.kind in ("pool", "average", *UPWARDS) or prepares

    def in_columns(self) -> dict[int, int]:
        """As far left as the stages before allow; what only prepares a skip goes right, beside its join."""
        columns: dict[int, int] = {}
        for n, feeds in self.feeds.items():
            lifted = self.net.stages[n].kind in JOINS and any(self.rises(feed.source) for feed in feeds)
            columns[n] = max((columns[feed.source] for feed in feeds), default=-1) + (
                n not in self.slabs and not lifted
            )
        for n in reversed(self.feeds):
            after = self.net.read_from(n)
            if len(after) == 1 and n not in self.slabs and any(feed.source for feed in self.feeds[n]):
                columns[n] = max(columns[n], columns[after[0].target] - 1)
        return columns

    def rises(self, n: int) -> bool:
        """True for a slab above its box."""
        return n in self.slabs and self.net.stages[n].kind in UPWARDS and not self.falls(self.feeds[n][0].source)

    def falls(self, n: int) -> bool:
        """True for a slab below its box; what enlarges straight after a pool follows it downwards."""
        return n in self.slabs and (self.net.stages[n].kind not in UPWARDS or self.falls(self.feeds[n][0].source))

    def place_rows(self) -> None:
        """Give each stride a row, with room for the skips that pass above it."""
        stages, top = self.net.stages, 26.0
        above, below = self.stacks()
        strides = sorted({stage.stride for n, stage in enumerate(stages) if n not in self.slabs})
        lanes = {stages[link.target].stride for link in self.net.skips() if self.needs_lane(link)}
        self.tops: dict[int, float] = {}
        for stride in strides:
            top += SLAB * above.get(stride, 0) + LANE * (stride in lanes)
            heights = [sum(self.height(n) + 8 for n in cell) - 8 for (_, s), cell in self.cells.items() if s == stride]
            self.sheet.rows.append(Row(stride, top, max(heights)))
            self.tops[stride] = top + max(heights) / 2
            top += max(heights) + SLAB * below.get(stride, 0) + 16
        self.sheet.height = top

    def stacks(self) -> tuple[dict[int, int], dict[int, int]]:
        """How many slabs lie above and below the boxes of each row."""
        above: dict[int, int] = {}
        below: dict[int, int] = {}
        for n in self.slabs:
            root, depth = self.root(n)
            side = above if self.rises(n) else below
            stride = self.net.stages[root].stride
            side[stride] = max(side.get(stride, 0), depth)
        return above, below

    def root(self, n: int) -> tuple[int, int]:
        """The box that a slab lies at, and how many slabs there are on the way to it."""
        depth = 0
        while n in self.slabs:
            n, depth = self.feeds[n][0].source, depth + 1
        return n, depth

    def placed(self) -> dict[int, Box]:
        """The boxes of all stages, column by column."""
        stages, boxes, left = self.net.stages, {}, 74.0
        self.lefts: list[float] = []
        for column in range(max(self.columns.values()) + 1):
            members = [n for n, own in self.columns.items() if own == column]
            width = max(self.width(n) for n in members)
            self.lefts.append(left)
            for (own, stride), cell in self.cells.items():
                if own != column:
                    continue
                top = self.tops[stride] - (sum(self.height(n) + 8 for n in cell) - 8) / 2
                for n in cell:
                    wide = ROUND if stages[n].kind in JOINS else width
                    start = left + (width - wide) / 2
                    boxes[n] = Box(start, top, wide, self.height(n), self.text(n), look(stages[n]))
                    top += self.height(n) + 8
            for n in sorted(self.slabs.intersection(members)):
                at = boxes[self.feeds[n][0].source]
                row = at.top - SLAB if self.rises(n) else at.top + at.height + 3
                boxes[n] = Box(left, row, width, SLAB - 3, self.text(n), look(stages[n]))
            left += width + GAP
        self.sheet.width = left - GAP + 8
        return boxes

    def width(self, n: int) -> float:
        """Wide enough for its words."""
        if self.net.stages[n].kind in JOINS:
            return ROUND
        first, *rest = self.text(n).split("\n")
        return max(62, 6.9 * len(first) + 8, *(6.5 * len(line) + 8 for line in rest)) if rest else 5.4 * len(first) + 8

    def text(self, n: int) -> str:
        """What stands in the box of stage `n`."""
        stage = self.net.stages[n]
        if n in self.slabs and stage.kind == "convolutions":
            return f"1x1 to {stage.channels}"
        return text_of(stage)

    def height(self, n: int) -> float:
        """The height that the words of stage `n` need."""
        stage = self.net.stages[n]
        return ROUND if stage.kind in JOINS else LINE * (text_of(stage).count("\n") + 1) + 7

    def needs_lane(self, link: Link) -> bool:
        """A skip whose row is not free between its ends runs above the row."""
        stride, first, last = self.net.stages[link.target].stride, self.columns[link.source], self.columns[link.target]
        if link.source in self.slabs or self.net.stages[link.source].stride != stride:
            return True
        return any(s == stride and first < column < last for column, s in self.cells)

    def path(self, link: Link) -> Path:
        """The points of the line that a connection takes."""
        a, b = self.boxes[link.source], self.boxes[link.target]
        (ax, ay), (bx, by) = a.middle, b.middle
        right = a.left + a.width
        if link.kind == "places":
            if ax == bx:  # straight below: around the side
                return Path(((a.left, ay), (a.left - 7, ay), (a.left - 7, by), (b.left, by)), "places")
            return Path(((ax, a.top + a.height), (ax, by), (b.left, by)), "places")
        if (link.source, link.target) in self.skips:
            return Path(self.skip_points(link), "skip")
        if link.target in self.slabs:
            up = self.rises(link.target)
            return Path(((bx, a.top if up else a.top + a.height), (bx, b.top + b.height if up else b.top)), "flow")
        if self.net.stages[link.target].kind in JOINS and self.rises(link.source):
            return Path(((bx, a.top), (bx, b.top + b.height)), "flow")
        if ay == by:
            return Path(((right, ay), (b.left, by)), "flow")
        turn = self.lefts[self.columns[link.target]] - GAP / 2
        return Path(((right, ay), (turn, ay), (turn, by), (b.left, by)), "flow")

    def skip_points(self, link: Link) -> tuple[tuple[float, float], ...]:
        """The points of a skip: straight, or through the lane above the row of its target."""
        a, b = self.boxes[link.source], self.boxes[link.target]
        (ax, ay), (bx, by) = a.middle, b.middle
        right = a.left + a.width
        if not self.needs_lane(link):
            return (right, by), (b.left, by)
        if link.source in self.slabs:
            return (right, ay), (bx, ay), (bx, b.top)
        row = next(row for row in self.sheet.rows if row.stride == self.net.stages[link.target].stride)
        lane = row.top - LANE
        return (ax, a.top), (ax, lane), (bx, lane), (bx, b.top)
