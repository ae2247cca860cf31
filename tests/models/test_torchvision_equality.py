"""torchvision's DeepLab v3 and ours, side by side with the same weights: one function."""

import pytest
import torch
import torchvision
from torch import nn

from course_lib import models


def shaken(net: nn.Module) -> nn.Module:
    """Statistics as after training, so that a missing or swapped BN shows."""
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.9, 1.1)
    return net


@pytest.mark.parametrize("depth, size", [(50, (129, 113)), (50, (66, 97)), (101, (65, 65))])
def test_same_weights_same_logits(depth: int, size: tuple[int, int]) -> None:
    torch.manual_seed(0)
    builder = getattr(torchvision.models.segmentation, f"deeplabv3_resnet{depth}")
    theirs = shaken(builder(weights=None, weights_backbone=None, aux_loss=True)).eval()
    ours = models.build(f"deeplab_v3_resnet{depth}", variant="torchvision", auxiliary=True, device="meta")
    ours = ours.to_empty(device="cpu").eval()
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values())))  # in order
    image = torch.randn(2, 3, *size)
    with torch.no_grad():
        expected = theirs(image)
        (_, main), (_, auxiliary) = models.training_logits(ours, image)
        for answer, truth in ((ours(image), expected["out"]), (main, expected["out"]), (auxiliary, expected["aux"])):
            torch.testing.assert_close(answer, truth, rtol=1e-5, atol=1e-5 * truth.abs().max().item())
