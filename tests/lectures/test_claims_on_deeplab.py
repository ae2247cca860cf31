"""Overlapping pools, checked by moving single pixels."""

import torch
from torch import nn


def test_neighbouring_windows_share_a_column():
    pool = nn.MaxPool2d(3, stride=2, padding=1)
    readers = []
    for column in range(8):
        image = torch.zeros(1, 1, 8, 8)
        image[..., 4, column] = 1
        readers.append(int((pool(image)[0, 0, 2] > 0).sum()))
    assert readers == [1, 2, 1, 2, 1, 2, 1, 1]
