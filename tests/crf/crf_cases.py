"""What the CRF's tests share: the mean field by its definition, and small images that are smooth or textured."""

import torch
from torch import Tensor
from torch.nn import functional as F

DEEPLAB = {"v1": ((4, 49, 5), (3, 3)), "v2": ((4, 67, 3), (3, 1))}  # (w, theta_xy, theta_rgb), (w, theta_xy)


def kernels(image: Tensor, appearance: tuple, smoothness: tuple) -> list[tuple[float, Tensor]]:
    """Both weights with their normalised N x N matrices, in float64, written as the formula reads."""
    height, width = image.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    place, colour = torch.stack([y, x], -1).reshape(-1, 2).double(), image.flatten(1).T.double()

    def matrix(exponent: Tensor) -> Tensor:
        k = (-exponent / 2).exp()
        n = k.sum(1)
        return k / (n[:, None] * n).sqrt()

    def squares(points: Tensor) -> Tensor:
        return (points[:, None] - points).square().sum(-1)

    w1, theta_xy, theta_rgb = appearance
    w2, theta = smoothness
    first = matrix(squares(place) / theta_xy**2 + squares(colour) / theta_rgb**2)
    return [(w1, first), (w2, matrix(squares(place) / theta**2))]


def by_definition(
    image: Tensor, probabilities: Tensor, iterations: int, appearance: tuple, smoothness: tuple
) -> Tensor:
    """Mean field in N^2 steps: self term kept, Potts, Q first softmax(log p), all pixels at once."""
    log_p = probabilities.double().log().flatten(1)
    both = kernels(image, appearance, smoothness)
    q = log_p.softmax(0)
    for _ in range(iterations):
        q = (log_p + sum(w * q @ k for w, k in both)).softmax(0)
    return q.view_as(probabilities)


def scene(kind: str, height: int, width: int, classes: int, *, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Blobs of different colour, shaded, smooth or textured: image, label, and the map of an unsure network."""
    generator = torch.Generator().manual_seed(seed)
    waves = torch.randn(1, classes, height // 16 + 2, width // 16 + 2, generator=generator)
    label = F.interpolate(waves, (height, width), mode="bicubic")[0].argmax(0)
    colours = 25 + 200 * torch.rand(classes, 3, generator=generator)
    image = colours[label].permute(2, 0, 1)
    image = image + 30 * (torch.arange(height)[:, None] / height - torch.arange(width) / width)
    if kind == "smooth":
        image = F.avg_pool2d(image, 5, 1, 2) + 3 * torch.randn(3, height, width, generator=generator)
    else:
        image = image + 20 * torch.randn(3, height, width, generator=generator)
    scores = 3 * F.one_hot(label, classes).permute(2, 0, 1) + torch.randn(classes, height, width, generator=generator)
    return image.clamp(0, 255).to(torch.uint8), label, scores.softmax(0)
