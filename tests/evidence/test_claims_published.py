"""The table of headlines holds what the papers print; the lineage is counted on the networks."""

import re

import pytest
import yaml

from course_lib import models
from course_lib.evidence import counting, published
from course_lib.lectures.l08_the_whole_picture import lineage
from course_lib.models.families import FAMILIES

# mean IoU in percent, from low to high, typed off the papers a second time; the comment says where each stands
PRINTED = {
    ("fcn32s", "VOC 2011", "val"): [59.4],  # Long 2015, Table 2
    ("fcn16s", "VOC 2011", "val"): [62.4],
    ("fcn8s", "VOC 2011", "val"): [62.7],
    ("fcn8s", "VOC 2012", "test"): [62.2],  # Table 3
    ("fcn8s", "Cityscapes", "test"): [65.3],  # Zhao 2017, Table 7
    ("deeplab_v1", "VOC 2012", "val"): [62.25, 67.64],  # Chen 2015, Table 1a: LargeFOV, CRF-LargeFOV
    ("deeplab_v1", "VOC 2012", "test"): [70.3, 71.6],  # Table 1b: CRF-LargeFOV, MSc-CRF-LargeFOV
    ("deconvnet", "VOC 2012", "test"): [69.6, 72.5],  # Noh 2015, Table 1: DeconvNet, EDeconvNet+CRF
    ("unet", "PhC-U373", "test"): [92.03],  # Ronneberger 2015, Table 2: 0.9203
    ("segnet", "CamVid", "test"): [60.10],  # Badrinarayanan 2017, Table 3: 140 K iterations
    ("dilatednet_frontend", "VOC 2012", "test"): [67.6],  # Yu 2016, Table 2
    ("dilatednet_large", "VOC 2012", "test"): [73.5, 75.3],  # Table 4: Context, Context + CRF-RNN
    ("dilatednet_basic", "CamVid", "test"): [65.3],  # Table 5: Dilation8
    ("dilatednet_basic", "Cityscapes", "test"): [67.1],  # Zhao 2017, Table 7: Dilation10
    ("deeplab_v2_vgg16", "VOC 2012", "test"): [72.6],  # Chen 2018, section 4.1.2: ASPP-L with CRF
    ("deeplab_v2", "VOC 2012", "val"): [76.35, 77.69],  # Table 4: ASPP, then CRF
    ("deeplab_v2", "VOC 2012", "test"): [79.7],  # Table 5
    ("deeplab_v2", "Cityscapes", "test"): [70.4],  # Zhao 2017, Table 7
    ("fc_densenet56", "CamVid", "test"): [58.9],  # Jégou 2017, Table 3
    ("fc_densenet67", "CamVid", "test"): [65.8],
    ("fc_densenet103", "CamVid", "test"): [66.9],
    ("pspnet50", "ADE20K", "val"): [41.68],  # Zhao 2017, Table 4: DA + AL + PSP
    ("pspnet101", "VOC 2012", "test"): [82.6, 85.4],  # Table 6: without and with COCO
    ("pspnet101", "Cityscapes", "test"): [78.4, 80.2],  # Table 7: fine, fine and coarse
    ("deeplab_v3_resnet101", "VOC 2012", "val"): [77.21],  # Chen 2018 (v3+), Table 3: the row of v3
    ("deeplab_v3_resnet101", "VOC 2012", "test"): [85.7],  # Chen 2017, Table 7
    ("deeplab_v3_resnet101", "Cityscapes", "test"): [81.3],  # Chen 2018 (v3+), Table 7b
    ("deeplab_v3plus", "VOC 2012", "val"): [79.79],  # Table 5: Xception, decoder, separable
    ("deeplab_v3plus", "VOC 2012", "test"): [87.8, 89.0],  # Table 6: Xception, Xception-JFT
    ("deeplab_v3plus", "Cityscapes", "test"): [82.1],  # Table 7b
    ("deeplab_v3plus", "ADE20K", "val"): [45.65],  # the release's list of models
}


def test_the_headlines_are_those_of_the_papers():
    found: dict[tuple, list[float]] = {}
    for row in published.HEADLINES:
        found.setdefault((row.network, row.data, row.split), []).append(row.mean_iou)
    assert {key: sorted(numbers) for key, numbers in found.items()} == PRINTED


def test_every_source_names_a_paper_of_the_list_and_a_table(root):
    papers = yaml.safe_load((root / "notebooks/source/references.yml").read_text("utf-8"))
    for row in published.HEADLINES:
        assert row.paper in papers, row
        assert re.fullmatch(r"Table \d+[ab]?|section \d+(\.\d+)*|the authors' release", row.where), row


def test_every_network_that_can_be_built_has_a_relative_in_the_table():
    named = {row.network for row in published.HEADLINES}
    families = ("fcn", "deconvnet", "segnet", "unet", "fc_densenet", "deeplab_v1", "dilatednet", "deeplab_v2",
                "pspnet", "deeplab_v3_resnet", "deeplab_v3plus")  # fmt: skip
    for name in models.names():
        family = next(family for family in families if name.startswith(family))
        assert any(other.startswith(family) for other in named), name


def test_rows_are_chosen_by_what_is_asked():
    assert [row.mean_iou for row in published.headlines(family="PSPNet", data="ADE20K")] == [41.68]
    assert len(published.headlines()) == len(published.HEADLINES)
    with pytest.raises(ValueError, match="no headlines on 'COCO', expected one of VOC 2012"):
        published.headlines(data="COCO")


def test_the_table_goes_from_low_to_high_and_shows_itself():
    table = published.table(data="CamVid")
    assert [row.mean_iou for row in table] == [58.9, 60.1, 65.3, 65.8, 66.9]
    assert "SegNet" in repr(table)
    assert repr(table).count("\n") == len(table)
    assert table._repr_html_().count("<tr>") == len(table) + 1
    assert "the authors&#x27; release" in published.table(data="ADE20K")._repr_html_()


def test_the_best_headlines_are_the_papers():
    asked = ((published.VOC, "test"), (published.CITIES, "test"), (published.CAMVID, "test"), (published.ADE, "val"))
    best = {key: published.best(*key) for key in asked}
    assert {key: (row.family, row.mean_iou) for key, row in best.items()} == {
        ("VOC 2012", "test"): ("DeepLab v3+", 89.0), ("Cityscapes", "test"): ("DeepLab v3+", 82.1),
        ("CamVid", "test"): ("FC-DenseNet", 66.9), ("ADE20K", "val"): ("DeepLab v3+", 45.65),
    }  # fmt: skip
    assert {row.family for row in published.HEADLINES} == set(FAMILIES)
    assert {row.network for row in published.HEADLINES} <= set(models.names())


@pytest.mark.parametrize("name", published.SIZES)
def test_sizes_are_those_that_the_papers_print(name):
    """DenseNets with 11 classes, as on CamVid; their authors count the running statistics, too."""
    printed, decimals, statistics = published.SIZES[name]
    net = counting.empty(name, 11 if name.startswith("fc_densenet") else 21)
    running = sum(value.numel() for key, value in net.named_buffers() if "running" in key) if statistics else 0
    assert round((counting.parameters(net) + running) / 1e6, decimals) == printed


def test_each_step_of_the_lineage_changes_what_is_said_of_it():
    assert lineage.counted() == lineage.CHANGED
    steps = {(parent, name) for name, family in FAMILIES.items() for parent in family.builds_on}
    assert steps == set(lineage.CHANGED)
    assert all(FAMILIES[parent].first < FAMILIES[name].first for parent, name in steps)
    assert [family.first for family in FAMILIES.values()] == sorted(family.first for family in FAMILIES.values())
    assert len(FAMILIES) == 11
