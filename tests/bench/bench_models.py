"""Ours against torchvision's and segmentation_models_pytorch's same architecture; what it costs to build a network.

One process, one thread's CPU time, the two networks in turn, the median of ten. On one thread torch sends a plain 1x1
convolution to a slower kernel than a dilated one; segmentation_models_pytorch happens to mark its 1x1s as dilated, and
ours ask for the same kernel (`resnet.Pointwise`).
"""

import warnings

import torch
from torch import Tensor, nn

from course_lib import models
from tests.bench.turns import ROUNDS, in_turn

PROMISED_RATIO = 1.05
PROMISED_BUILD_RATIO = 1.5


def main() -> None:
    torch.manual_seed(0)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, CPU time, median of {ROUNDS}")
    for title, ours, theirs in pairs():
        for task, run in (("forward", forward), ("forward + backward", forward_and_backward)):
            a, b = in_turn(lambda: run(ours), lambda: run(theirs))  # noqa: B023 - both run before the next pair
            report(f"{title}, {task}", a, b, PROMISED_RATIO)
    a, b = in_turn(lambda: models.build("deconvnet"), fill_deconvnet)
    report("build deconvnet / allocate and fill its tensors", a, b, PROMISED_BUILD_RATIO)
    for name in models.names():
        (seconds,) = in_turn(lambda: models.build(name, device="meta"))  # noqa: B023
        print(f"{'build ' + name + ' on meta':<62} {seconds * 1e3:8.1f} ms   (promised: instant)")


def pairs() -> list[tuple[str, nn.Module, nn.Module]]:
    """The same layers on both sides: torchvision's head, output stride 8, no auxiliary head."""
    import segmentation_models_pytorch as smp
    from torchvision.models import segmentation

    found = []
    for depth in (50, 101):
        ours = models.build(f"deeplab_v3_resnet{depth}", variant="torchvision")
        builder = getattr(segmentation, f"deeplabv3_resnet{depth}")
        theirs = builder(weights=None, weights_backbone=None, num_classes=21, aux_loss=False)
        found.append((f"DeepLab v3 ResNet-{depth} against torchvision", ours, theirs))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = smp.DeepLabV3(
                f"resnet{depth}",
                encoder_weights=None,
                classes=21,
                encoder_output_stride=8,
                decoder_atrous_rates=(12, 24, 36),
            )
        found.append((f"DeepLab v3 ResNet-{depth} against smp", ours, theirs))
    return found


def forward(net: nn.Module) -> None:
    net.eval()
    with torch.no_grad():
        net(torch.ones(1, 3, 160, 160))


def forward_and_backward(net: nn.Module) -> None:
    net.train()
    net.zero_grad(set_to_none=True)
    answer = net(torch.ones(2, 3, 96, 96))
    logits: Tensor = answer["out"] if isinstance(answer, dict) else answer
    logits.mean().backward()


def fill_deconvnet() -> list[Tensor]:
    """The same tensors without a network around them."""
    with torch.device("meta"):
        tensors = models.build("deconvnet").state_dict().values()
    return [torch.empty(t.shape).uniform_(-1, 1) if t.ndim > 1 else torch.zeros(t.shape) for t in tensors]


def report(title: str, ours: float, theirs: float, promised: float) -> None:
    ratio = ours / theirs
    verdict = "kept" if ratio <= promised else "NOT KEPT"
    print(f"{title:<62} {ours * 1e3:8.1f} / {theirs * 1e3:8.1f} ms = {ratio:.2f}   (promised <= {promised}: {verdict})")


if __name__ == "__main__":
    main()
