"""The effective field of random stacks grows like the square root of their depth (Luo et al. 2016)."""

import inspect

import pytest

from course_lib.receptive_field.depth_experiment import growth, slope_of_logarithms


@pytest.fixture(scope="module", params=["relu", "linear"])
def result(request):
    return growth(request.param, depths=(4, 8, 16, 32), networks=3, images=2, progress=False)


def test_the_size_grows_like_the_square_root_of_the_depth(result):
    assert result.slope == pytest.approx(0.5, abs=0.08)
    assert result.slope_of_std == pytest.approx(0.5, abs=0.1)


def test_the_share_of_the_theoretical_field_shrinks(result):
    assert result.theoretical == (9, 17, 33, 65)
    assert list(result.shares) == sorted(result.shares, reverse=True)
    assert slope_of_logarithms(result.depths, result.shares) == pytest.approx(-0.45, abs=0.1)


def test_the_standard_deviation_is_that_of_the_root_of_a_bell(result):
    """The mean square gradient of n random layers is an n-fold sum of uniform steps; |g| is its root: sqrt 2 wider."""
    assert result.stds[-1] == pytest.approx((2 * 32 * 8 / 12) ** 0.5, rel=0.08)


def test_the_slope_of_a_power_is_its_exponent():
    assert slope_of_logarithms((1, 2, 4, 8), (3, 6 * 2**0.5, 24, 48 * 2**0.5)) == pytest.approx(1.5)


def test_wrong_words_are_answered_clearly():
    with pytest.raises(ValueError, match="relu"):
        growth("tanh")
    with pytest.raises(ValueError, match="two or more different"):
        growth(depths=(5, 5))


def test_the_experiment_has_the_published_depths_and_eight_channels():
    defaults = {name: known.default for name, known in inspect.signature(growth).parameters.items()}
    told = {name: defaults[name] for name in ("activation", "depths", "channels", "networks", "images", "seed")}
    assert told == {
        "activation": "relu", "depths": (5, 10, 20, 40), "channels": 8, "networks": 4, "images": 4, "seed": 0
    }  # fmt: skip
