"""The small networks of lecture 04: what it shows, trains and measures."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_lib.evidence.small_training import (
    Labeller,
    layer,
    stack,
)
from course_lib.receptive_field import theoretical

PLAIN, HOLES, MIXED = (1,) * 6, (4,) * 6, (1, 2, 5, 9, 5, 2)  # receptive fields 27, 99 and 99


CAB = {"cab_width": 6}  # with the default of 3 the networks often learn nothing in these few steps


def labeller(rates: tuple[int, ...], classes: int = 3) -> nn.Module:
    """A stack with these dilation rates and a score layer."""
    return Labeller(stack(rates), nn.Conv2d(16, classes, 1))


def without_stem(rates: tuple[int, ...]) -> nn.Module:
    """A network of convolutions alone, without stride, so that its rates are all it has."""
    layers = [layer(3 if number == 0 else 12, 12, rate=rate) for number, rate in enumerate(rates)]
    return Labeller(*layers, nn.Conv2d(12, 4, 1))


def pooled() -> nn.Module:
    """A network with two max-pooling layers, and an output stride of 8."""
    stages = [nn.Sequential(layer(16, 16), layer(16, 16)) for _ in range(3)]
    pools = [nn.MaxPool2d(2), nn.MaxPool2d(2), nn.Identity()]
    inside = [part for pair in zip(stages, pools) for part in pair]
    return Labeller(layer(3, 16, stride=2), *inside, nn.Conv2d(16, 6, 1))


def dilated() -> nn.Module:
    """The same depth with dilation instead of pooling."""
    return labeller((1, 1, 2, 3, 4, 5), classes=6)


def front_end() -> nn.Module:
    """A network with a small field, which a context module may follow."""
    return Labeller(stack((1,) * 4), nn.Conv2d(16, 3, 1))


class Kept(nn.Module):
    """The front end's scores at its own size, without learning."""

    def __init__(self, net: Labeller):
        super().__init__()
        self.parts = nn.Sequential(*net).requires_grad_(False)

    def train(self, mode: bool = True) -> "Kept":
        """Stay in evaluation mode, so that batch norm keeps its statistics."""
        return super().train(False)

    def forward(self, image: Tensor) -> Tensor:
        return self.parts(image)


def deep(n: int) -> nn.Module:
    """n random layers with ReLU, with He's start so that no gradient fades."""
    layers = []
    for number in range(n):
        convolution = nn.Conv2d(3 if number == 0 else 8, 8, 3, padding=1, bias=False)
        nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
        layers += [convolution, nn.ReLU()]
    return nn.Sequential(*layers)


@torch.no_grad()
def in_tiles(net: nn.Module, image: Tensor, side: int) -> Tensor:
    """The labels (H x W) of a network that sees nothing beyond the tile, side x side, in which a pixel lies.

    image: 1 x 3 x H x W. Tiles at the right and at the bottom are moved inwards, so that all have one size.
    """
    height, width = image.shape[-2:]
    labels = torch.zeros(height, width, dtype=torch.long)
    for top in (min(y, height - side) for y in range(0, height, side)):
        for left in (min(x, width - side) for x in range(0, width, side)):
            tile = (slice(top, top + side), slice(left, left + side))
            labels[tile] = net(image[..., tile[0], tile[1]])[0].argmax(0)
    return labels


@torch.no_grad()
def read_by(parts: Sequence[nn.Module], image: Tensor, unit: tuple[int, int]) -> list[tuple[Tensor, tuple[int, ...]]]:
    """Each part's map (H x W, mean over channels) and the box of its cells that one unit of the last map depends on.

    image: 1 x 3 x H x W. The last map comes first, the image last (as a mean over its channels, too).
    """
    maps = [image]
    for part in parts:
        maps.append(part(maps[-1]))
    found = [(maps[-1], (unit[0], unit[1], unit[0] + 1, unit[1] + 1))]
    for number in range(len(parts) - 1, -1, -1):
        channels, *size = maps[number].shape[1:]
        rest = theoretical(nn.Sequential(*parts[number:]), image_size=tuple(size), channels=channels)
        found.append((maps[number], tuple(rest.box(unit))))
    return [(one[0].abs().mean(0).sqrt(), box) for one, box in found]
