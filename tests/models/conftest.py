"""How the tests of the networks reach the golden numbers, and count parameters."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from golden import goldenlib
from torch import Tensor, nn

FILES = Path(__file__).resolve().parents[1] / "golden" / "files"


class Scores(nn.Module):
    """A network seen through its score map, for golden files that store the map before resizing."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return self.network.scores(image)


@pytest.fixture
def golden():
    """`golden("segnet", network)` compares with the golden file and gives its report; falsy when they differ."""

    def check(name: str, network: nn.Module, *, scores: bool = False, **options) -> goldenlib.Report:
        return goldenlib.compare(Scores(network) if scores else network, str(FILES / f"{name}.json"), **options)

    return check


@pytest.fixture
def parameters_of():
    """`parameters_of(SegNet, 11)` counts what training could change, and the fixed upsamplings, without memory."""

    def count(network: Callable[..., nn.Module], *arguments, **options) -> int:
        with torch.device("meta"):
            return sum(parameter.numel() for parameter in network(*arguments, **options).parameters())

    return count
