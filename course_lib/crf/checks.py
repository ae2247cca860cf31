"""What `dense_crf` refuses, and what it says."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

ENGINES = ("exact", "lattice")


def check_image(image: Tensor, probabilities: Tensor) -> None:
    """Shapes, types, devices, and that every pixel's probabilities are probabilities."""
    for name, value in (("image", image), ("probabilities", probabilities)):
        if not isinstance(value, Tensor):
            raise ValueError(f"{name} must be a torch tensor, got {type(value).__name__}")
    if image.dtype != torch.uint8:
        raise ValueError(
            f"image must be uint8 with values 0 to 255, got {image.dtype}: theta_rgb counts in those values"
        )
    if probabilities.dtype not in (torch.float32, torch.float64):
        raise ValueError(f"probabilities must be float32 or float64, got {probabilities.dtype}: try .float()")
    if image.ndim not in (3, 4) or image.shape[-3] != 3:
        raise ValueError(f"image must be 3 x H x W or N x 3 x H x W, got {tuple(image.shape)}")
    if probabilities.ndim != image.ndim:
        raise ValueError(f"image and probabilities must both be a batch or both not, {_shapes(image, probabilities)}")
    if probabilities.shape[-2:] != image.shape[-2:] or probabilities.shape[:-3] != image.shape[:-3]:
        raise ValueError(
            f"image and probabilities must agree in size, {_shapes(image, probabilities)}: "
            "resize the score map to the image before the softmax"
        )
    if image.numel() == 0:
        raise ValueError(f"image is empty: {tuple(image.shape)}")
    if probabilities.shape[-3] < 2:
        raise ValueError("probabilities have a single class: there is nothing to decide, give at least 2")
    if probabilities.device != image.device:
        raise ValueError(f"image is on {image.device} and probabilities are on {probabilities.device}")
    _check_values(probabilities.detach())


def _check_values(probabilities: Tensor) -> None:
    if not probabilities.isfinite().all():
        raise ValueError("probabilities contain NaN or infinity")
    if probabilities.min() < 0:
        raise ValueError(
            f"probabilities must not be negative, got {float(probabilities.min()):.4g}: are these scores? "
            "try .softmax(-3)"
        )
    total = probabilities.sum(-3)
    if (total - 1).abs().max() > 1e-3:
        raise ValueError(
            "probabilities of a pixel must sum to 1, got sums from "
            f"{float(total.min()):.4g} to {float(total.max()):.4g}: are these scores? try .softmax(-3)"
        )


def _shapes(image: Tensor, probabilities: Tensor) -> str:
    return f"got {tuple(image.shape)} and {tuple(probabilities.shape)}"


def check_settings(
    appearance: Sequence, smoothness: Sequence, *, iterations: int, compatibility: float | Tensor, damping: float
) -> None:
    """Weights may be zero, thetas may not."""
    if len(appearance) != 3:
        raise ValueError(f"appearance must be (weight, theta_xy, theta_rgb), got {len(appearance)} numbers")
    if len(smoothness) != 2:
        raise ValueError(f"smoothness must be (weight, theta_xy), got {len(smoothness)} numbers")
    weights = {"appearance weight": appearance[0], "smoothness weight": smoothness[0], "compatibility": compatibility}
    for name, weight in weights.items():
        weight = float(weight.detach() if isinstance(weight, Tensor) else weight)
        if not (math.isfinite(weight) and weight >= 0):
            raise ValueError(f"{name} must be at least 0, got {weight:g}")
    thetas = {
        "appearance theta_xy": appearance[1],
        "appearance theta_rgb": appearance[2],
        "smoothness theta_xy": smoothness[1],
    }
    for name, theta in thetas.items():
        if not (math.isfinite(theta) and theta > 0):
            raise ValueError(f"{name} must be greater than 0, got {float(theta):g}; weight 0 switches a kernel off")
    if not isinstance(iterations, int) or iterations < 0:
        raise ValueError(f"iterations must be a whole number of at least 0, got {iterations}")
    if not 0 <= damping < 1:
        raise ValueError(f"damping must be at least 0 and below 1, got {damping:g}")
