"""The same numbers as the papers: what stands in a paper's table, and what the same question gave here.

In come rows of the ledger; out go lines of a table: on painted scenes, on photographs, in the paper. Ours are read off
the rows, where they were measured; only what a paper prints is typed, with its table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

HEADER = ("mean IoU in %", "here, painted", "here, on photographs", "in the paper", "where")
INTRODUCTION = (
    "No two columns are one experiment: the networks here are small, and their pictures are others. What compares is "
    "which way a number moves, and by how much. In brackets the row that measured it."
)
Cell = tuple[str, str]  # the id of a row, and one of its values


@dataclass(frozen=True)
class Line:
    """One number three times; a cell that nobody measured, or no paper prints, stays empty."""

    what: str
    painted: Cell | None
    photographs: Cell | None
    paper: str
    where: str

    def ids(self) -> set[str]:
        """The ids of the rows that the line is about."""
        return {cell[0] for cell in (self.painted, self.photographs) if cell}

    def cells(self, rows: Mapping[str, dict[str, Any]]) -> tuple[str, ...]:
        """The line as cells of a table."""
        ours = (measured(rows, cell) for cell in (self.painted, self.photographs))
        return (self.what, *ours, self.paper or "–", self.where)


V2, V3, V3_PLUS = "DeepLab v2 (Chen et al. 2018)", "DeepLab v3 (Chen et al. 2017)", "DeepLab v3+ (Chen et al. 2018)"
FCN, GUO = "FCN (Long et al. 2015), appendix A, VOC 2011", "Guo et al. 2017, table 1, ImageNet"
YU, ZHAO = "Yu and Koltun 2016, table 3, VOC val", "PSPNet (Zhao et al. 2017), table 1, ADE20K val"
CITIES = f"{V3_PLUS}, table 7b, Cityscapes test, another body"
LINES = (
    Line("the truth through stride 8", ("F7", "mIoU at 8, painted streets, 64 pixels"), ("F7", "mIoU at 8, pets"),
         "96.4", FCN),
    Line("stride 16", ("F7", "mIoU at 16, painted streets, 64 pixels"), ("F7", "mIoU at 16, pets"), "92.8", FCN),
    Line("stride 32", ("F7", "mIoU at 32, painted streets, 64 pixels"), ("F7", "mIoU at 32, pets"), "86.1", FCN),
    Line("stride 32, streets", ("F7", "mIoU at 32, painted streets, 256 pixels"), ("F7", "mIoU at 32, CamVid"), "", ""),
    Line("a random start", None, ("F6", "mIoU, random"), "", ""),
    Line("ImageNet's weights", None, ("F6", "mIoU, ImageNet"), "", ""),
    Line("front end", ("R13", "mIoU, front end"), None, "69.8", YU),
    Line("with the context module", ("R13", "mIoU, context, identity"), None, "71.3", f"{YU}, basic"),
    Line("one rate (here the best one)", ("L7", "mIoU, many sizes, rate 2"), None, "65.76", f"{V2}, table 3, VOC val"),
    Line("all rates of ASPP", ("L7", "mIoU, many sizes, all rates"), None, "68.96", f"{V2}, table 3, VOC val"),
    Line("before the CRF", ("L5", "mIoU, shapes, before"), ("L9", "mIoU, before"), "76.35", f"{V2}, table 4, VOC val"),
    Line("after the CRF", ("L5", "mIoU, shapes, after"), ("L9", "mIoU, after"), "77.69", f"{V2}, table 4, VOC val"),
    Line("no pooling (painted: IoU of classes that look alike)", ("P8", "both, none"), None, "37.23", ZHAO),
    Line("global pooling", ("P8", "both, 1"), None, "40.07", ZHAO),
    Line("pyramid", ("P8", "both, pyramid"), None, "41.07", ZHAO),
    Line("ASPP without image pooling (painted: IoU of two classes)",
         ("V3", "skyline, without"), ("V13", "mIoU, without"), "76.58", f"{V3}, VOC val"),
    Line("with image pooling", ("V3", "skyline, with"), ("V13", "mIoU, with"), "77.21", f"{V3}, VOC val"),
    Line("output stride 16", None, ("V11", "mIoU, output stride 16"), "77.21", f"{V3_PLUS}, table 3, VOC val"),
    Line("the same weights at 8", None, ("V11", "mIoU, output stride 8"), "78.51", f"{V3_PLUS}, table 3, VOC val"),
    Line("without the decoder (photographs: its details silenced)", ("V9", "mIoU, plain 16x"), ("V12", "mIoU, zeros"),
         "77.21", f"{V3_PLUS}, table 3, VOC val"),
    Line("with the decoder", ("V9", "mIoU, decoder"), ("V12", "mIoU, all"), "78.85", f"{V3_PLUS}, table 3, VOC val"),
    Line("plain ASPP and decoder", ("V5", "mIoU, plain"), None, "79.93", f"{V3_PLUS}, table 5, VOC val"),
    Line("separable", ("V5", "mIoU, separable"), None, "79.79", f"{V3_PLUS}, table 5, VOC val"),
    Line("U-Net with its skips", ("S6", "mIoU, all"), ("S7", "mIoU, all"), "", ""),
    Line("U-Net without them (photographs: silenced)", ("S6", "mIoU, none"), ("S7", "mIoU, none"), "", ""),
    Line("FCN-8s, heads at equal multiply-adds", ("W4", "mIoU, FCN-8s"), ("W1", "mIoU, FCN-8s"), "65.3",
         "PSPNet (Zhao et al. 2017), table 7, Cityscapes test"),
    Line("U-Net", ("W4", "mIoU, U-Net"), ("W1", "mIoU, U-Net"), "", ""),
    Line("DeepLab v3", ("W4", "mIoU, DeepLab v3"), ("W1", "mIoU, DeepLab v3"), "81.3", CITIES),
    Line("DeepLab v3+", ("W4", "mIoU, DeepLab v3+"), ("W1", "mIoU, DeepLab v3+"), "82.1", CITIES),
    Line("calibration error, not mean IoU", None, ("T5", "calibration error"), "5.48", GUO),
)  # fmt: skip


def measured(rows: Mapping[str, dict[str, Any]], cell: Cell | None) -> str:
    """A value of a row in percent, with the id of the row; a dash where nothing was measured, or not yet again."""
    id, name = cell or ("", "")
    value = rows.get(id, {"mean": {}})["mean"].get(name)
    return "–" if value is None else f"{100 * value:.1f} ({id})"


def of_row(id: str, rows: Mapping[str, dict[str, Any]]) -> list[tuple[str, ...]]:
    """The lines in which a row has a number."""
    return [line.cells(rows) for line in LINES if id in line.ids()]


def markdown(rows: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    """All lines, as a part of the ledger's page."""
    yield from ("## The same numbers as the papers", "", INTRODUCTION, "")
    yield f"| {' | '.join(HEADER)} |"
    yield "|---" * len(HEADER) + "|"
    yield from (f"| {' | '.join(line.cells(rows))} |" for line in LINES)
    yield ""
