"""The time line: the story agrees with the list of papers, the numbers with the networks."""

from html import escape

import pytest
import yaml

from course_lib import explorers, models
from course_lib.explorers.lineage import compute
from course_lib.explorers.machinery import svg
from course_lib.explorers.machinery.panels import Diagram, Readout
from course_lib.figures.architecture_layout import laid_out
from course_lib.models.families import FAMILIES


@pytest.fixture(scope="module")
def lineage():
    return explorers.lineage()


def rows(panels) -> dict[str, str]:
    return dict(row for panel in panels if isinstance(panel, Readout) for row in panel.rows)


def test_authors_years_and_venues_are_those_of_the_list_of_papers(root):
    papers = yaml.safe_load((root / "notebooks/source/references.yml").read_text("utf-8"))
    for family in FAMILIES.values():
        paper = papers[family.key]
        assert (family.authors, family.year, family.venue) == (paper["authors"], paper["year"], paper["venue"])


def test_the_month_is_that_of_the_number_on_arxiv(root):
    papers = yaml.safe_load((root / "notebooks/source/references.yml").read_text("utf-8"))
    for family in FAMILIES.values():
        number = papers[family.key]["link"].rsplit("/", 1)[1]
        assert family.first == (2000 + int(number[:2]), int(number[2:4]))


def test_nobody_builds_on_what_came_later():
    for family in FAMILIES.values():
        assert all(FAMILIES[parent].first < family.first for parent in family.builds_on)


def test_families_stand_in_the_order_of_time_and_every_family_of_the_course_is_there():
    months = [family.months() for family in FAMILIES.values()]
    assert months == sorted(months)
    assert months[0] == 0
    families = {"fcn", "deconvnet", "segnet", "unet", "fc_densenet", "deeplab_v1", "deeplab_v2", "deeplab_v3",
                "deeplab_v3plus", "dilatednet", "pspnet"}  # fmt: skip
    told = {family.network for family in FAMILIES.values()}
    assert all(any(network.startswith(family) for network in told) for family in families)
    assert told <= set(models.names())


@pytest.mark.parametrize("family", FAMILIES)
def test_parameters_are_those_of_the_network(lineage, family):
    net = models.build(FAMILIES[family].network, device="meta")
    assert rows(lineage.render(family=family))["Parameters"] == f"{sum(p.numel() for p in net.parameters()):,}"


def test_numbers_of_a_few_networks_that_their_papers_tell(lineage):
    assert rows(lineage.render(family="FCN"))["Skips"] == "2"
    assert rows(lineage.render(family="U-Net"))["Skips"] == "4"
    assert rows(lineage.render(family="SegNet"))["Pools whose places are kept"] == "5"
    assert rows(lineage.render(family="SegNet"))["Convolutions"] == "26"  # 13 of VGG16 and their mirror
    assert rows(lineage.render(family="DilatedNet"))["Rates above 1"] == "2, 4, 8, 16"
    assert rows(lineage.render(family="DeepLab v2"))["Rates above 1"] == "2, 4, 6, 12, 18, 24"
    assert rows(lineage.render(family="DeepLab v3"))["Coarsest stride"] == "16"
    assert rows(lineage.render(family="FC-DenseNet"))["Last map before enlarging"] == "224 x 224"


@pytest.mark.parametrize("family", FAMILIES)
def test_the_drawing_has_every_stage_of_the_network(lineage, family):
    told = compute(family)
    drawing = [panel for panel in lineage.render(family=family) if isinstance(panel, Diagram)][-1]
    texts = [block.text for block in drawing.blocks if block.text and block.frame]
    assert texts == [box.text for box in laid_out(told).boxes]


def test_exactly_the_chosen_family_is_marked(lineage):
    for family in FAMILIES:
        time_line = lineage.render(family=family)[0]
        (marked,) = [block for block in time_line.blocks if block.strong]
        assert marked.text.startswith(f"{family}\n")


def test_all_fit_into_one_small_table(lineage):
    table = lineage.table()
    assert len(table.states) == len(FAMILIES)
    assert not [state for state in table.states.values() if "problem" in state]
    assert len(table.compressed()) < 100_000


def test_the_static_figure_tells_the_story_and_the_numbers(lineage):
    alt = lineage.figure(family="DeepLab v3+").alt
    assert "Chen, Zhu, Papandreou, Schroff and Adam (2018), ECCV" in alt
    assert "Parameters: 41,055,413" in alt
    assert (
        f"The problem: {FAMILIES['DeepLab v3+'].problem.rstrip('.')}; The answer: " in alt
    )  # no break is heard as a comma
    assert f"The answer: {FAMILIES['DeepLab v3+'].answer.rstrip('.')}." in alt
    assert "separable" in alt


def test_a_click_on_a_box_of_the_time_line_chooses_its_family(lineage):
    time_line = lineage.render(family="SegNet")[0]
    offered = {block.text.split("\n")[0]: block.sets for block in time_line.blocks if block.sets}
    assert offered == {family: {"family": family} for family in FAMILIES}
    for sets in offered.values():
        lineage.settings(**sets)
    drawn = svg.diagram(time_line, time_line.describe())
    assert drawn.count("<g data-sets=") == drawn.count("</g>") == len(FAMILIES)
    assert escape('{"family": "DeepLab v3+"}') in drawn


@pytest.mark.parametrize("family", ["FCN", "FC-DenseNet", "DeepLab v3+"])  # the tightest drawings
def test_no_text_of_the_static_figure_is_wider_than_its_box(lineage, family):
    figure = lineage.figure(family=family)
    figure.draw_without_rendering()
    for axes in figure.axes:
        boxes = [patch.get_window_extent() for patch in axes.patches]
        for text in axes.texts:
            inside = text.get_window_extent()
            middle = (inside.x0 + inside.x1) / 2, (inside.y0 + inside.y1) / 2
            around = [box for box in boxes if box.x0 < middle[0] < box.x1 and box.y0 < middle[1] < box.y1]
            assert all(inside.width <= box.width and inside.height <= box.height for box in around), text.get_text()
