"""The small networks of lecture 04: what it shows, trains and measures."""

from torch import Tensor, nn

from course_lib.evidence.small_training import (
    Labeller,
    layer,
    stack,
)

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
