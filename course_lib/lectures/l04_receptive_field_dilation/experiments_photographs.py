"""04 Receptive field and dilation, on photographs: the effective field of a body before and after its training."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib import models
from course_lib.evidence import probe
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.real_photographs import SETTINGS, of_fold
from course_lib.evidence.small_training import over_seeds, started
from course_lib.evidence.verdict import Core, Evidence
from course_lib.receptive_field import effective, theoretical
from course_lib.training.photographs import IMAGENET, MEAN, STD

SIDE, PHOTOGRAPHS, SIGNS = 225, 8, 2


@claim(
    "R15",
    "M",
    "Training enlarges the effective receptive field: half of the gradient lies within a larger radius in a body that "
    "ImageNet trained than in the same body before training.",
    seeds=5,
    painted=("R8", "training enlarges"),
    paper="Luo et al. 2016, section 3.2: the effective field grows during training, on CIFAR-10 and on CamVid",
    core=Core("training enlarges", "radius of half the gradient, after training",
              "radius of half the gradient, before training", bound=8.0,
              why="8 pixels more of radius make the disc half a cell of the map wider; by less no neighbour comes into "
              "sight"),
)  # fmt: skip
def field_after_training(seeds: Seeds) -> Evidence:
    """Varied: the weights, ImageNet's or a random start, another for each fold. Equal: layers, photographs, place.

    The unit is the middle one of the body's last map, 7 or 8 cells of 32 pixels wide. The radius about the unit holds
    half of the gradient that lies in the picture; beyond the picture there is none. The random start has its batch
    normalisation's statistics from the photographs, as the first step of a training has.
    """
    trained = models.build("efficientnet_lite0", 1000, weights=IMAGENET).body.eval()
    field = theoretical(LastMap(trained), image_size=(SIDE, SIDE))

    def radii(fold: int) -> dict[str, float]:
        images = squares(fold)
        fresh = started(lambda: models.build("efficientnet_lite0", 1000).body, fold)
        row = {}
        for word, body in (("before training", settled(fresh, images)), ("after training", trained)):
            net = LastMap(body)
            middle = (net(images[:1]).shape[-1] // 2,) * 2
            found = effective(net, images, middle, signs=SIGNS, seed=fold, field=field, progress=False)
            probe.note("", found.radius(0.5, about="unit"))
            row[f"radius of half the gradient, {word}"] = found.radius(0.5, about="unit")
            row[f"side, {word}"] = found.side()
        return row

    settings = {"photographs of a fold": PHOTOGRAPHS, "square": SIDE, "random starts": "seed k for fold k"}
    return Evidence(
        settings={**SETTINGS, **settings, "side": "root of the area above 4.55 % of the peak"},
        values=over_seeds(seeds, radii),
    )


class LastMap(nn.Module):
    """A body that answers with its last map alone."""

    def __init__(self, body: nn.Module):
        super().__init__()
        self.body = body

    def forward(self, image: Tensor) -> Tensor:
        return self.body(image)[-1]


def squares(fold: int) -> Tensor:
    """The middle squares of the first photographs of a fold, normalised, N x 3 x SIDE x SIDE."""
    found = []
    for image, _ in of_fold(fold, limit=PHOTOGRAPHS):
        side = min(image.shape[-2:])
        top, left = ((length - side) // 2 for length in image.shape[-2:])
        square = image[None, :, top : top + side, left : left + side].float() / 255
        square = F.interpolate(square, size=(SIDE, SIDE), mode="bilinear", align_corners=False, antialias=True)
        found.append((square - torch.tensor(MEAN).view(3, 1, 1)) / torch.tensor(STD).view(3, 1, 1))
    return torch.cat(found)


@torch.no_grad()
def settled(body: nn.Module, images: Tensor) -> nn.Module:
    """The body with the statistics that its batch normalisation takes from these images."""
    for layer in body.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
    body.train()(images)
    return body.eval()
