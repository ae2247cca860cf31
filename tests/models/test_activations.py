"""Maps from inside a network."""

import pytest
import torch
from torch import nn

from course_lib import models


class Small(nn.Module):
    """Two layers, the second of which works in place."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 2, 1), nn.ReLU(inplace=True))
        self.second = nn.Sequential(nn.Conv2d(2, 2, 1), nn.ReLU(inplace=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x))


def test_maps_hold_what_the_layers_gave() -> None:
    net, image = Small(), torch.randn(1, 1, 4, 4)
    with models.activations(net, "first", "second.0") as maps:
        net(image)
    assert list(maps) == ["first", "second.0"]
    assert torch.equal(maps["first"], net.first(image))
    assert not maps["first"].requires_grad


def test_a_later_layer_in_place_does_not_change_them() -> None:
    net, image = Small(), torch.randn(1, 1, 8, 8)
    with models.activations(net, "first.0") as maps:
        net(image)
    assert maps["first.0"].min() < 0


def test_the_last_part_of_a_name_is_enough_where_it_is_unique() -> None:
    net = models.build("deconvnet", width=0.05, fc6_kernel=1).eval()
    with models.activations(net, "unpool3", "deconv3_2") as maps, torch.no_grad():
        net(torch.randn(1, 3, 64, 64))
    assert maps["unpool3"].shape[-2:] == (16, 16)
    assert maps["deconv3_2"].shape[-2:] == (16, 16)


def test_no_hook_stays_behind_even_after_an_error() -> None:
    net = Small()
    with pytest.raises(RuntimeError), models.activations(net, "first"):
        net(torch.zeros(1, 5, 4, 4))
    assert not any(module._forward_hooks for module in net.modules())


@pytest.mark.parametrize(
    "layer, words",
    [
        ("frist", "Small has no layer 'frist'; did you mean 'first'"),
        ("0", "2 layers end in '0': first.0, second.0"),
        ("qqq", "it begins with first, first.0"),
    ],
)
def test_unknown_layers_are_answered_with_known_ones(layer: str, words: str) -> None:
    with pytest.raises(ValueError, match=words), models.activations(Small(), layer):
        pass


def test_at_least_one_layer() -> None:
    with pytest.raises(ValueError, match="name at least one layer"), models.activations(Small()):
        pass


def test_of_several_tensors_the_first_is_kept() -> None:
    """A pool that remembers where its maxima were gives two: the map and the places."""
    net, image = nn.Sequential(nn.MaxPool2d(2, return_indices=True)), torch.randn(1, 2, 4, 4)
    with models.activations(net, "0") as maps:
        pooled, places = net(image)
    assert torch.equal(maps["0"], pooled)
    assert maps["0"].dtype != places.dtype
