"""Spatial pyramid pooling: a vector of one length from a map of any size, the ancestor of PSPNet's pyramid.

He, Zhang, Ren, Sun: "Spatial Pyramid Pooling in Deep Convolutional Networks for Visual Recognition", ECCV 2014
(arXiv 1406.4729).

    levels   4x4, 2x2 and 1x1 bins over the whole map, the maximum in each: 16 + 4 + 1 = 21 values a channel
    vector   the levels one after another: 21 * C numbers, whatever the map's size

A classifier behind it needs no fixed image size. PSPNet's pyramid pooling averages instead, reduces each level by a
1x1, and spreads it out again beside the map: it answers for every pixel, this one for the image.
Departs from the paper: for a map whose side n does not divide, bins reach from floor to ceil and so may overlap by
a cell, as in the paper's detection; its classification slides one window size instead.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.blocks import at_least_one

LEVELS = (4, 2, 1)


class SpatialPyramidPooling(nn.Module):
    """N x C x H x W of any H and W becomes N x (C times the number of bins)."""

    def __init__(self, levels: tuple[int, ...] = LEVELS):
        super().__init__()
        for level in levels:
            at_least_one(level=level)
        self.levels = tuple(levels)

    def forward(self, features: Tensor) -> Tensor:
        return torch.cat([F.adaptive_max_pool2d(features, level).flatten(1) for level in self.levels], dim=1)
