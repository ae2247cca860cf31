"""What the explorers say: every tour can be walked, and the numbers in its words are those of the explorer."""

import numpy as np
import pytest

from course_lib import explorers
from course_lib.evidence import ledger as rows_of
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.panels import Chart, Map, Readout
from course_lib.explorers.machinery.table import key_of


@pytest.mark.parametrize("name", explorers.__all__)
def test_a_tour_predicts_before_it_shows_and_each_step_moves_something(name):
    explorer, guide = getattr(explorers, name)(), GUIDES[name]
    assert explorer.guide is guide
    assert guide.prompt
    assert 3 <= len(guide.tour) <= 6
    before = key_of(explorer.controls, explorer.settings())
    for step in guide.tour:
        after = key_of(explorer.controls, explorer.settings(**step.settings))
        assert step.ask.rstrip()[-1] in "?."
        assert step.explain
        assert after != before or step is guide.tour[0], f"{step.ask} shows nothing new"
        before = after
    explorer.close()


def test_no_guide_is_left_over():
    assert set(GUIDES) == set(explorers.__all__)


def numbers(name: str, step: int) -> dict[str, str]:
    """The read-outs at a step of a tour."""
    panels = getattr(explorers, name)().render(**GUIDES[name].tour[step].settings)
    return dict(row for panel in panels if isinstance(panel, Readout) for row in panel.rows)


def test_the_dilation_tour_tells_its_numbers():
    tour = GUIDES["dilation"].tour
    plain = dict(explorers.dilation().render(rate=1)[-1].rows)
    assert plain["Box"] == "7 x 7"
    assert plain["Pixels read"].startswith("49 of")
    gridding, whole = numbers("dilation", 0), numbers("dilation", 1)
    assert (gridding["Box"], gridding["Pixels read"]) == ("13 x 13", "49 of 169")
    assert (whole["Box"], whole["Pixels read"]) == ("17 x 17", "289 of 289")
    chart = next(p for p in explorers.dilation().render(**tour[2].settings) if isinstance(p, Chart))
    assert 0.5 < chart.lines[0].y[chart.at - 1] < 0.6  # little more than half
    valid = explorers.dilation().render(**tour[3].settings)[1]
    assert isinstance(valid, Map)
    assert valid.values.max() == 1  # only the middle weight, everywhere


def test_the_metrics_tour_tells_its_numbers():
    shifted, thin, rough = (numbers("metrics", step) for step in range(3))
    assert float(shifted["pixel accuracy"]) == pytest.approx(1 - 1 / 8, abs=0.01)
    assert 0.5 < float(shifted["mean IoU"]) < 0.55
    assert min(thin, key=lambda name: float(thin[name])).startswith("boundary IoU")
    assert float(thin["pixel accuracy"]) == pytest.approx(0.9, abs=0.01)
    assert f"{float(rough['pixel accuracy']):.0%}" == "86%"
    assert float(rough["boundary IoU, 2-pixel band"]) == pytest.approx(1 / 3, abs=0.01)


def test_the_unpooling_tour_tells_who_comes_home():
    far, near = numbers("unpooling", 2), numbers("unpooling", 3)
    assert [far[f"Largest, by {way}"] for way in ("index", "fixed corner")] == ["(1, 1), home", "(0, 0), elsewhere"]
    assert all(near[f"Largest, by {way}"] == "(0, 0), home" for way in ("index", "fixed corner", "bilinear"))
    filled = explorers.unpooling().render(**GUIDES["unpooling"].tour[4].settings)[4]
    assert (filled.values > 0).all()


def test_the_upsampling_tour_tells_its_numbers():
    board, even, smooth = (numbers("upsampling", step) for step in range(3))
    assert (board["A map of ones becomes"], board["Most inputs on one output"]) == ("1 to 4", "4")
    assert even["Kernel divisible by stride"] == "yes"
    assert even["Checkerboard index (0 is none, 1 all)"] == "0.000"
    assert smooth["A map of ones becomes"] == "1"


def test_the_pyramids_tour_counts_taps():
    on_the_face, corner = numbers("pyramids", 0), numbers("pyramids", 1)
    assert "rate 18 (2/9)" in on_the_face
    assert on_the_face["rate 6 (9/9)"].startswith("background")
    assert [f"rate {rate} (4/9)" in corner for rate in (6, 12, 18)] == [True] * 3


def test_the_output_stride_tour_tells_its_numbers():
    sixteen, eight, grid = (numbers("output_stride", step) for step in range(3))
    assert sixteen["Rates of conv5"] == "2"
    products = [float(one["Multiply-adds"].split()[0]) for one in (sixteen, eight)]
    assert products[1] / products[0] == pytest.approx(3, abs=0.05)
    assert grid["Multiply-adds"] == sixteen["Multiply-adds"]


def test_the_cost_tour_tells_its_numbers():
    separable, point = (numbers("convolution_cost", step) for step in range(2))
    assert float(separable["Separable / plain"]) == pytest.approx(1 / 8, abs=0.005)
    assert float(point["Separable / plain"]) > 1


def test_the_classifiers_tour_tells_its_numbers():
    tour = GUIDES["sliding_classifier"].tour
    assert numbers("sliding_classifier", 0)["Cat, all five kinds"] == "49%"
    cells, wide = (explorers.sliding_classifier().render(**step.settings)[1].values for step in tour[1:])
    assert cells.max() > 0.99
    assert f"{wide.max():.0%}" == "90%"
    assert cells[:, -1].max() < 0.02
    assert cells[2, 2] > 0.9
    assert abs(np.diff(wide)).mean() < abs(np.diff(cells)).mean() / 2


def test_the_training_tour_tells_its_numbers():
    tour, explorer = GUIDES["training_loop"].tour, explorers.training_loop()
    start, sky, road, late, pole = (explorer.render(**step.settings) for step in tour)
    assert "bus; 0.2; 0.19; +0.81" in start[1].describe()
    assert [set(map(said[0].names.get, np.unique(said[0].values))) for said in (start, sky, road)] == [
        {"bus"}, {"sky"}, {"sky", "road"},
    ]  # fmt: skip
    assert 0.7 < (road[0].values == road[4].values).mean() < 0.8
    assert "bus; 3.7; 0.95" in late[1].describe()
    assert (dict(pole[5].rows)["This pixel is"], dict(pole[5].rows)["The network says"]) == ("sky", "pole, wrong")


def test_the_separable_tour_tells_its_numbers():
    depthwise, whole, all_done, unlike, point = (numbers("separable_layer", step) for step in range(5))
    assert (depthwise["Done of plain"], depthwise["Done of separable"]) == ("27 of 108", "27 of 39")
    assert whole["Done of separable"] == "39 of 39"
    assert all_done["The same output, once done?"] == "yes"
    assert unlike["The same output, once done?"].startswith("no")
    assert float(point["Separable / plain"]) > 1


def test_the_ledger_tour_tells_its_numbers():
    tour, ledger = GUIDES["ledger"].tour, explorers.ledger()
    undecided, separable, seventh, bench, plateau, weights = (ledger.render(**step.settings) for step in tour)
    assert undecided[0].title == "7 of 79 statements"
    assert separable[1].title.startswith("V5: ")
    assert -0.175 < float(dict(separable[3].rows)["Found"]) < -0.165
    signs = [word.text[-1] for word in seventh[0].words if word.text.startswith("V")]
    assert (signs.count("="), len(signs)) == (7, 13)
    assert bench[1].title.startswith("W1: ")
    assert 0.025 < float(dict(bench[3].rows)["Found"]) < 0.035
    on_photographs = rows_of.read()["W1"]
    assert on_photographs["core"]["interval"][0] < 0
    assert -0.115 < on_photographs["differences"][-1]["mean"] < -0.105, "after 80 steps"
    assert plateau[1].title.startswith("W4: ")
    assert 0.025 < float(dict(plateau[3].rows)["Found"]) < 0.035
    assert 0 < rows_of.read()["W4"]["core"]["interval"][0] < rows_of.read()["W4"]["core"]["bound"]
    assert weights[1].title.startswith("W5: ")
    assert 0.025 < float(dict(weights[3].rows)["Found"]) < 0.035
    assert rows_of.read()["W5"]["core"]["interval"][0] < 0


def test_an_explorer_is_moved_by_the_line_that_keeps_its_state():
    explorer = explorers.dilation().at(rate=4, layers=2)
    assert explorer.widget().settings == explorer.settings(rate=4, layers=2)
    explorer.close()
