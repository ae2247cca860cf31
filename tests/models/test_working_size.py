"""A network is asked at the size it was trained on and answers at the picture's own."""

import pytest
import torch
from torch import nn

from course_lib.models.working_size import AtWorkingSize, in_proportion


class Seen(nn.Module):
    """Remembers the size it was asked at; its scores are the picture's."""

    def forward(self, image):
        self.size = tuple(image.shape[-2:])
        return image


@pytest.mark.parametrize(
    "height, width, expected",
    [
        (3000, 4000, (193, 257)),
        (256, 256, (257, 257)),
        (40, 300, (33, 257)),
        (4000, 500, (257, 33)),
        (257, 193, (257, 193)),
    ],
)
def test_sides_are_16k_plus_1_in_proportion(height, width, expected):
    assert in_proportion(height, width, 257) == expected


@pytest.mark.parametrize("size, seen", [(65, (49, 65)), ((48, 48), (48, 48)), ([48, 48], (48, 48))])
def test_the_net_sees_the_working_size_and_the_answer_has_the_pictures(size, seen):
    net = Seen()
    assert AtWorkingSize(net, size)(torch.rand(1, 3, 90, 120)).shape == (1, 3, 90, 120)
    assert net.size == seen


def test_what_is_thin_is_averaged_and_not_skipped():
    image = torch.zeros(1, 1, 1024, 1024)
    image[..., 500] = 1  # one column of 1024
    shown = AtWorkingSize(Seen(), 65).resized(image)
    assert shown.sum() / shown.numel() == pytest.approx(1 / 1024, rel=0.05)


def test_a_size_too_small_is_named():
    with pytest.raises(ValueError, match="a working size must be at least 33, got 16"):
        AtWorkingSize(Seen(), (64, 16))
