"""What the papers report: every headline on VOC 2012, CamVid, Cityscapes and ADE20K, each with the table it stands in.

Numbers of other people on other machines: we did not measure them, and the course's own benches (W1, W4, W5) are not
comparable with them. Two rows compare only when data set, split and conditions do. The last notebook shows `table()`.
"""

import html
from dataclasses import dataclass

from course_lib.models import written

VOC, CAMVID, CITIES, ADE = "VOC 2012", "CamVid", "Cityscapes", "ADE20K"
OTHER = ("VOC 2011", "PhC-U373")
RELEASE = "the authors' release"
DATA_SETS = (VOC, CAMVID, CITIES, ADE, *OTHER)


@dataclass(frozen=True)
class Headline:
    """One printed number: mean IoU in percent. `paper` is a key of notebooks/source/references.yml."""

    family: str  # as in course_lib.models.families
    network: str  # as in course_lib.models.names()
    data: str
    split: str
    mean_iou: float
    paper: str
    where: str
    under: str = ""  # what the paper names beside the network: a CRF, more data, several scales

    def source(self) -> str:
        """The paper and its table."""
        return f"{self.paper}, {self.where}"


HEADLINES = (
    Headline("FCN", "fcn32s", "VOC 2011", "val", 59.4, "long2015", "Table 2"),
    Headline("FCN", "fcn16s", "VOC 2011", "val", 62.4, "long2015", "Table 2"),
    Headline("FCN", "fcn8s", "VOC 2011", "val", 62.7, "long2015", "Table 2"),
    Headline("FCN", "fcn8s", VOC, "test", 62.2, "long2015", "Table 3"),
    Headline("FCN", "fcn8s", CITIES, "test", 65.3, "zhao2017", "Table 7"),
    Headline("DeepLab v1", "deeplab_v1", VOC, "val", 62.25, "chen2015", "Table 1a"),
    Headline("DeepLab v1", "deeplab_v1", VOC, "val", 67.64, "chen2015", "Table 1a", "CRF"),
    Headline("DeepLab v1", "deeplab_v1", VOC, "test", 70.3, "chen2015", "Table 1b", "CRF"),
    Headline("DeepLab v1", "deeplab_v1", VOC, "test", 71.6, "chen2015", "Table 1b", "CRF, features of several layers"),
    Headline("DeconvNet", "deconvnet", VOC, "test", 69.6, "noh2015", "Table 1", "50 proposals an image"),
    Headline("DeconvNet", "deconvnet", VOC, "test", 72.5, "noh2015", "Table 1", "50 proposals, with FCN-8s, CRF"),
    Headline("U-Net", "unet", "PhC-U373", "test", 92.03, "ronneberger2015", "Table 2"),
    Headline("SegNet", "segnet", CAMVID, "test", 60.10, "badrinarayanan2017", "Table 3", "3433 training pictures"),
    Headline("DilatedNet", "dilatednet_frontend", VOC, "test", 67.6, "yu2016", "Table 2"),
    Headline("DilatedNet", "dilatednet_large", VOC, "test", 73.5, "yu2016", "Table 4", "COCO"),
    Headline("DilatedNet", "dilatednet_large", VOC, "test", 75.3, "yu2016", "Table 4", "COCO, CRF-RNN"),
    Headline("DilatedNet", "dilatednet_basic", CAMVID, "test", 65.3, "yu2016", "Table 5"),
    Headline("DilatedNet", "dilatednet_basic", CITIES, "test", 67.1, "zhao2017", "Table 7", "10 layers of context"),
    Headline("DeepLab v2", "deeplab_v2_vgg16", VOC, "test", 72.6, "chen2018", "section 4.1.2", "CRF"),
    Headline("DeepLab v2", "deeplab_v2", VOC, "val", 76.35, "chen2018", "Table 4", "COCO, several scales"),
    Headline("DeepLab v2", "deeplab_v2", VOC, "val", 77.69, "chen2018", "Table 4", "COCO, several scales, CRF"),
    Headline("DeepLab v2", "deeplab_v2", VOC, "test", 79.7, "chen2018", "Table 5", "COCO, several scales, CRF"),
    Headline("DeepLab v2", "deeplab_v2", CITIES, "test", 70.4, "zhao2017", "Table 7", "CRF"),
    Headline("FC-DenseNet", "fc_densenet56", CAMVID, "test", 58.9, "jegou2017", "Table 3"),
    Headline("FC-DenseNet", "fc_densenet67", CAMVID, "test", 65.8, "jegou2017", "Table 3"),
    Headline("FC-DenseNet", "fc_densenet103", CAMVID, "test", 66.9, "jegou2017", "Table 3"),
    Headline("PSPNet", "pspnet50", ADE, "val", 41.68, "zhao2017", "Table 4"),
    Headline("PSPNet", "pspnet101", VOC, "test", 82.6, "zhao2017", "Table 6", "several scales"),
    Headline("PSPNet", "pspnet101", VOC, "test", 85.4, "zhao2017", "Table 6", "COCO, several scales"),
    Headline("PSPNet", "pspnet101", CITIES, "test", 78.4, "zhao2017", "Table 7", "several scales"),
    Headline("PSPNet", "pspnet101", CITIES, "test", 80.2, "zhao2017", "Table 7", "coarse labels, several scales"),
    Headline("DeepLab v3", "deeplab_v3_resnet101", VOC, "val", 77.21, "chen2018plus", "Table 3"),
    Headline("DeepLab v3", "deeplab_v3_resnet101", VOC, "test", 85.7, "chen2017", "Table 7", "COCO"),
    Headline("DeepLab v3", "deeplab_v3_resnet101", CITIES, "test", 81.3, "chen2018plus", "Table 7b", "coarse labels"),
    Headline("DeepLab v3+", "deeplab_v3plus", VOC, "val", 79.79, "chen2018plus", "Table 5"),
    Headline("DeepLab v3+", "deeplab_v3plus", VOC, "test", 87.8, "chen2018plus", "Table 6", "COCO, several scales"),
    Headline("DeepLab v3+", "deeplab_v3plus", VOC, "test", 89.0, "chen2018plus", "Table 6", "COCO, JFT"),
    Headline("DeepLab v3+", "deeplab_v3plus", CITIES, "test", 82.1, "chen2018plus", "Table 7b",
             "Xception-71, coarse labels"),
    Headline("DeepLab v3+", "deeplab_v3plus", ADE, "val", 45.65, "chen2018plus", RELEASE, "several scales"),
)  # fmt: skip

# millions of parameters, as the papers print them: (printed, decimals, whether running statistics are counted too)
SIZES = {
    "deconvnet": (252, 0, False),  # Noh 2015, section 4.1
    "deeplab_v1": (20.5, 1, False),  # Chen 2015, Table 2, kernel 3x3 at rate 12
    "fc_densenet67": (3.5, 1, True),  # Jégou 2017, Table 3
    "fc_densenet103": (9.4, 1, True),  # Jégou 2017, Table 3
}


def headlines(*, data: str = "", split: str = "", family: str = "", network: str = "") -> list[Headline]:
    """The rows that fit what is asked, in the order of the families; everything without a wish."""
    if data and data not in DATA_SETS:
        raise ValueError(f"no headlines on {data!r}, expected one of {', '.join(DATA_SETS)}")
    wanted = {"data": data, "split": split, "family": family, "network": network}
    return [row for row in HEADLINES if all(getattr(row, name) == value for name, value in wanted.items() if value)]


def best(data: str, split: str) -> Headline:
    """The highest number that one of the course's papers reports for one of its networks."""
    return max(headlines(data=data, split=split), key=lambda row: row.mean_iou)


class Table(list):
    """Headlines that show themselves as a table, in words and in a notebook."""

    def cells(self) -> list[tuple[str, ...]]:
        """The rows as text, column by column."""
        return [
            (row.data, row.split, row.family, written.network(row.network), f"{row.mean_iou}", row.under, row.source())
            for row in self
        ]

    def __repr__(self) -> str:
        rows = [HEADER, *self.cells()]
        widths = [max(len(row[place]) for row in rows) for place in range(len(HEADER))]
        return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)

    def _repr_html_(self) -> str:
        def line(cells: tuple[str, ...], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        body = "".join(line(cells, "td") for cells in self.cells())
        return f"<table><thead>{line(HEADER, 'th')}</thead><tbody>{body}</tbody></table>"


HEADER = ("data set", "split", "family", "network", "mean IoU", "with", "source")


def table(*, data: str = "", split: str = "", family: str = "", network: str = "") -> Table:
    """The headlines by data set, then from low to high."""
    found = headlines(data=data, split=split, family=family, network=network)
    return Table(sorted(found, key=lambda row: (DATA_SETS.index(row.data), row.split, row.mean_iou)))
