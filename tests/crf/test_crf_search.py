"""The grid search finds the setting that scores best."""

import pytest
from crf_cases import scene

from course_lib.crf import dense_crf, search
from course_lib.metrics import Confusion


def test_every_setting_is_scored_over_all_images_and_the_best_comes_first():
    images, targets, maps = zip(*(scene("textured", 24, 24, 3, seed=seed) for seed in (0, 1)))
    appearances, smoothnesses = [(0, 20, 20), (4, 20, 20), (4, 20, 2)], [(1, 1), (3, 2)]
    trials = search(images, maps, targets, appearance_grid=appearances, smoothness_grid=smoothnesses, iterations=3)
    assert {(t.appearance, t.smoothness) for t in trials} == {(a, s) for a in appearances for s in smoothnesses}
    scores = [trial.mean_iou for trial in trials]
    assert scores == sorted(scores, reverse=True)
    for trial in (trials[0], trials[-1]):
        table = Confusion(3)
        for image, target, map_ in zip(images, targets, maps):
            options = {"appearance": trial.appearance, "smoothness": trial.smoothness}
            table.update(dense_crf(image, map_, iterations=3, **options).argmax(0), target)
        assert trial.mean_iou == pytest.approx(table.mean_iou)


def test_lists_of_different_length_and_empty_grids_are_refused():
    image, target, map_ = scene("smooth", 8, 8, 2)
    with pytest.raises(ValueError, match="as many images as probabilities and targets, got 2, 1 and 1"):
        search([image, image], [map_], [target], appearance_grid=[(1, 2, 3)])
    with pytest.raises(ValueError, match="got 1 images and 0 settings"):
        search([image], [map_], [target], appearance_grid=[])
