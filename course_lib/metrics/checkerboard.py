"""How strong a checkerboard a layer draws."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@torch.no_grad()
def index(net: nn.Module, maps: Tensor) -> float:
    """How much of what differs between neighbours is explained by even and odd, away from the border."""
    answer = net(maps)
    fine = (answer - F.avg_pool2d(answer, 3, stride=1, padding=1))[..., 8:-8, 8:-8]
    phases = torch.stack([fine[..., y::2, x::2].mean((-2, -1)) for y in (0, 1) for x in (0, 1)])
    alive = fine.var((-2, -1)) > 1e-12
    return float((phases.var(0, unbiased=False) / fine.var((-2, -1)).clamp_min(1e-12))[alive].mean())
