"""Spatial pyramid pooling: one length for every size."""

import pytest
import torch

from course_lib.models.spatial_pyramid import SpatialPyramidPooling


@pytest.mark.parametrize("size", [(4, 4), (13, 13), (7, 30)])
def test_every_map_becomes_a_vector_of_one_length(size: tuple[int, int]) -> None:
    assert SpatialPyramidPooling()(torch.rand(2, 5, *size)).shape == (2, 5 * 21)  # 16 + 4 + 1 bins


def test_each_bin_holds_its_maximum() -> None:
    features = torch.arange(16.0).reshape(1, 1, 4, 4)
    vector = SpatialPyramidPooling()(features)[0].tolist()
    assert vector == [*range(16), 5, 7, 13, 15, 15]


def test_a_level_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="level must be at least 1, got 0"):
        SpatialPyramidPooling((4, 0))
