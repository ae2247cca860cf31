"""Networks whose tensors wait to be filled: to draw millions of weights takes longer than to run with them."""

from collections.abc import Callable

import torch
from torch import nn

from course_lib import models


def unfilled(make: Callable[..., nn.Module], *arguments, **options) -> nn.Module:
    """What the class or function makes, with memory and without values."""
    with torch.device("meta"):
        net = make(*arguments, **options)
    return net.to_empty(device="cpu")


def empty(name: str, **options) -> nn.Module:
    """A network of the course by its name, with memory and without values."""
    return models.build(name, device="meta", **options).to_empty(device="cpu")
