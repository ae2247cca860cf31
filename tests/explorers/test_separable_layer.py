"""The separable layer taken apart: its products against torch's own convolutions, and its squares against its costs."""

from importlib import import_module

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_lib import explorers

room = import_module("course_lib.explorers.separable_layer")  # the module, not the function of the same name
SHAPES = [(3, 3, 4), (1, 3, 6), (5, 2, 6), (3, 1, 1)]


@pytest.mark.parametrize("kernel, before, after", SHAPES)
def test_the_outputs_are_those_of_torchs_grouped_and_pointwise_convolution(kernel, before, after):
    layer = room.compute(kernel, before, after, room.SHARED)
    x = torch.ones(1, before, kernel, kernel, dtype=torch.float64)  # products hold the pixels already
    alone = F.conv2d(x, torch.from_numpy(layer.depthwise).view(before, 1, kernel, kernel), groups=before)
    with np.errstate(all="ignore"):
        mix = np.nan_to_num(layer.pointwise / layer.depthwise.sum(1))
    mixed = F.conv2d(alone, torch.from_numpy(mix)[..., None, None])[0, :, 0, 0]
    plain = F.conv2d(x, torch.from_numpy(layer.plain).view(after, before, kernel, kernel))[0, :, 0, 0]
    torch.testing.assert_close(mixed, plain)


@pytest.mark.parametrize("kernel, before, after", SHAPES)
def test_there_is_a_square_for_each_multiply_and_those_done_are_dark(kernel, before, after):
    shape = {"kernel": kernel, "before": before, "after": after}
    for done in (0, 5, room.ALL):
        squares = explorers.separable_layer().render(**shape, done=done)[0].values
        plain, separable = kernel**2 * before * after, kernel**2 * before + before * after
        assert (squares > 0).sum() == plain + separable
        dark = (squares > 0) & (squares % 2 == 0)
        limit = plain + separable if done == room.ALL else done
        assert dark.sum() == min(limit, plain) + min(limit, separable)


def test_with_any_kernels_no_other_separable_layer_comes_nearer():
    """Eckart and Young: the error of the nearest is what the other singular values leave."""
    layer = room.compute(3, 3, 4, room.ANY)
    assert np.abs(layer.plain.sum((1, 2)) - layer.pointwise.sum(1)).max() > 1
    one = room.compute(3, 3, 1, room.ANY)  # a single output needs one shape for each input
    np.testing.assert_allclose(one.pointwise.sum(1), one.plain.sum((1, 2)))
