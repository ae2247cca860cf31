"""What the CRF refuses, and that it says why."""

import pytest
from crf_cases import scene

from course_lib.crf import dense_crf

IMAGE, _, MAP = scene("smooth", 8, 10, 3)


@pytest.mark.parametrize(
    "image, probabilities, message",
    [
        (IMAGE, MAP[:, :4], r"agree in size, got \(3, 8, 10\) and \(3, 4, 10\).*resize the score map"),
        (IMAGE[None], MAP, "both be a batch or both not"),
        (IMAGE[None], MAP.expand(2, 3, 8, 10), "agree in size"),
        (IMAGE.float(), MAP, "image must be uint8 with values 0 to 255, got torch.float32"),
        (IMAGE, MAP.half(), r"float32 or float64, got torch.float16: try .float\(\)"),
        (IMAGE[:1], MAP, r"image must be 3 x H x W or N x 3 x H x W, got \(1, 8, 10\)"),
        (IMAGE, MAP[:1] * 0 + 1, "single class"),
        (IMAGE, MAP * 2, r"must sum to 1, got sums from 2 to 2: are these scores\? try .softmax"),
        (IMAGE, MAP - 0.5, "must not be negative, got -0.4"),
        (IMAGE, MAP * float("nan"), "contain NaN or infinity"),
        (IMAGE[:, :0], MAP[:, :0], "image is empty"),
        (IMAGE.numpy(), MAP, "image must be a torch tensor, got ndarray"),
    ],
)
def test_a_map_that_cannot_be_refined_is_refused(image, probabilities, message):
    with pytest.raises(ValueError, match=message):
        dense_crf(image, probabilities)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"appearance": (4, 0, 3)}, "appearance theta_xy must be greater than 0, got 0; weight 0 switches"),
        ({"appearance": (4, 67, -3)}, "appearance theta_rgb must be greater than 0, got -3"),
        ({"smoothness": (3, float("nan"))}, "smoothness theta_xy must be greater than 0, got nan"),
        ({"appearance": (-1, 67, 3)}, "appearance weight must be at least 0, got -1"),
        ({"smoothness": (-1, 3)}, "smoothness weight must be at least 0, got -1"),
        ({"compatibility": float("inf")}, "compatibility must be at least 0, got inf"),
        ({"appearance": (4, 67)}, r"appearance must be \(weight, theta_xy, theta_rgb\), got 2 numbers"),
        ({"smoothness": (4, 67, 3)}, r"smoothness must be \(weight, theta_xy\), got 3 numbers"),
        ({"iterations": -1}, "iterations must be a whole number of at least 0, got -1"),
        ({"iterations": 2.5}, "iterations must be a whole number of at least 0, got 2.5"),
        ({"damping": 1.0}, "damping must be at least 0 and below 1, got 1"),
        ({"engine": "latice"}, "engine must be one of exact, lattice or None, got 'latice'; did you mean 'lattice'"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        dense_crf(IMAGE, MAP, **options)
