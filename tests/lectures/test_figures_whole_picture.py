"""The figures of 08 say in words, with numbers, what they show, and refuse what cannot be compared."""

from itertools import combinations

import pytest
import torch

from course_lib import exercises, paths
from course_lib.datasets import photos
from course_lib.evidence import published
from course_lib.lectures.l08_the_whole_picture import figures as whole_picture
from course_lib.metrics import Confusion
from course_lib.segment import segment

CLASSES, COLOURS = ("sky", "pole"), ((90, 180, 230), (0, 0, 0))
# DeepLab v3+, Table 5: (billion multiply-adds, mean IoU)
XCEPTION = {"no decoder": (68.00, 79.17), "decoder": (89.76, 79.93), "separable": (54.17, 79.79)}


def test_the_front_is_the_one_of_exercise_8_2():
    right = exercises.whole_picture.front.answer
    for points in (XCEPTION, {"x": (4, 9), "y": (4, 9), "z": (7, 8), "w": (9, 9.5)}):
        assert whole_picture.front(points) == right(points)


@pytest.mark.parametrize("gap", [0.0005, 0.004, 0.03])
@pytest.mark.parametrize("swapped", [False, True])
def test_the_names_of_two_networks_that_score_alike_do_not_lie_on_each_other(gap, swapped):
    like, alike = (0.577, 0.577 - gap) if not swapped else (0.577 - gap, 0.577)
    points = {"FCN-8s": (1.58, [like]), "FCN without skips": (1.58, [alike]), "DeepLab v3+": (3.7, [0.65, 0.4])}
    figure = whole_picture.score_against_cost(points)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 3
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]


def test_score_against_cost_names_what_no_other_beats():
    points = {name: (cost, [score - 0.1, score + 0.1]) for name, (cost, score) in XCEPTION.items()}
    figure = whole_picture.score_against_cost(points, cost="multiply-adds (billion)")
    assert "separable 54.17 and 79.8" in figure.alt
    assert "separable 79.7 to 79.9" in figure.alt
    assert figure.alt.endswith("Not beaten in both: decoder, separable.")
    assert len(figure.png()) > 1000


def test_no_network_is_no_figure():
    with pytest.raises(ValueError, match="needs at least one network"):
        whole_picture.score_against_cost({})


def test_headlines_tell_network_number_and_help():
    figure = whole_picture.headlines(published.headlines(data="VOC 2012", split="test"))
    assert figure.alt.startswith("Published mean IoU in percent on VOC 2012, test")
    assert "FCN 62.2" in figure.alt  # Long et al. 2015
    assert "DeepLab v2 79.7 with COCO, several scales, CRF" in figure.alt


def test_headlines_of_two_data_sets_are_not_compared():
    with pytest.raises(ValueError, match="within one data set and one split"):
        whole_picture.headlines(published.headlines(split="test"))
    with pytest.raises(ValueError, match="no headlines"):
        whole_picture.headlines([])


def test_the_gallery_scores_each_answer():
    truth = torch.zeros(8, 8, dtype=torch.int64)
    truth[:, 4:] = 1
    answers = {"perfect": truth, "all sky": torch.zeros_like(truth)}
    figure = whole_picture.gallery(torch.rand(3, 8, 8), truth, answers, CLASSES, COLOURS)
    assert "perfect IoU 1.00, edges 1.00; all sky IoU 0.25, edges 0.25" in figure.alt
    assert "the answers of 2 networks" in figure.alt


def test_fcn8s_cuts_through_the_eye_and_scores_above_unet_as_the_text_says():
    file, cat = paths.data() / "photos" / "cat.jpg", photos.load("cat")
    said = {name: segment(file, f"{name}_pets").labels == 1 for name in ("fcn8s", "unet")}
    iou = {name: float(Confusion(2).update(found.long(), cat.mask).iou[1]) for name, found in said.items()}
    eye = (slice(120, 160), slice(315, 338))
    assert iou["fcn8s"] > iou["unet"]
    assert said["unet"][eye].all()
    assert not said["fcn8s"][eye].all()
