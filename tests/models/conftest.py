"""How the tests of the networks reach the golden numbers, and count parameters."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from golden import goldenlib
from torch import Tensor, nn

from course_lib.models.shapes import ShapesAlone

FILES = Path(__file__).resolve().parents[1] / "golden" / "files"
TRACE, DRAW = goldenlib.trace, goldenlib.fill_array
HELD = ("weight", "bias_t", "mean_t", "var_t")  # what a node of goldenlib's holds of the network


class Scores(nn.Module):
    """A network seen through its score map, for golden files that store the map before resizing."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return self.network.scores(image)


def trace(network: nn.Module, image: Tensor, stats: bool = False, select: Callable | None = None) -> tuple:
    """Goldenlib's trace, whose first run finds the layers to fill: without values, as there are none yet.

    The second run, of the filled network, gives the numbers that are compared. It is the one that asks for statistics.
    """
    if stats:
        return TRACE(network, image, stats, select)
    tensors = [*network.parameters(), *network.buffers()]
    empty = [torch.empty_like(tensor, device="meta") for tensor in tensors]
    twin = copy.deepcopy(network, {id(tensor): other for tensor, other in zip(tensors, empty)})
    with ShapesAlone():
        answer, nodes = TRACE(twin, image.to("meta"), stats, select)
    real = {id(other): tensor for tensor, other in zip(tensors, empty)}
    for node in nodes:
        for name in HELD:
            held = getattr(node, name)
            setattr(node, name, real.get(id(held), held))
    return answer, nodes


@pytest.fixture(autouse=True)
def no_origins(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exported layer does not look up which lines called it: that took an eighth of an export."""
    monkeypatch.setattr(torch.fx.config, "do_not_emit_stack_traces", True, raising=False)  # unknown to torch 2.6


@pytest.fixture
def shapes_alone() -> Iterator[None]:
    """Sizes by the library's own rules, which test_shapes holds to torch's; those of torch take longer."""
    with ShapesAlone():
        yield


@pytest.fixture
def golden(monkeypatch: pytest.MonkeyPatch):
    """`golden("segnet", network)` compares with the golden file and gives its report; falsy when they differ."""
    monkeypatch.setattr(goldenlib, "trace", trace)

    def check(name: str, network: nn.Module, *, scores: bool = False, **options) -> goldenlib.Report:
        return goldenlib.compare(Scores(network) if scores else network, str(FILES / f"{name}.json"), **options)

    return check


@pytest.fixture(scope="module")
def drawn_once() -> Iterator[None]:
    """Networks compared with one golden file after the other are filled from the same arrays, drawn for the first."""
    arrays: dict[tuple, np.ndarray] = {}

    def drawn(*asked) -> np.ndarray:
        if arrays and next(iter(arrays))[2] != asked[2]:  # another seed is another file
            arrays.clear()
        if asked not in arrays:
            arrays[asked] = DRAW(*asked)
        return arrays[asked]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(goldenlib, "fill_array", drawn)
        yield


@pytest.fixture
def parameters_of():
    """`parameters_of(SegNet, 11)` counts what training could change, and the fixed upsamplings, without memory."""

    def count(network: Callable[..., nn.Module], *arguments, **options) -> int:
        with torch.device("meta"):
            return sum(parameter.numel() for parameter in network(*arguments, **options).parameters())

    return count
