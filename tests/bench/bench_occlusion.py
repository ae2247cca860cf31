"""How long the effective and the empirical field take: a network the size of ResNet-18 at 224 x 224, one image."""

from time import process_time

import torch

from course_lib.receptive_field import effective, empirical
from course_lib.receptive_field.growth import growth


def main() -> None:
    from torchvision.models import resnet18

    torch.manual_seed(0)
    net, image = resnet18(weights=None).eval(), torch.randn(1, 3, 224, 224)
    effective(net, image, (28, 28), layer="layer1", progress=False)  # the first run also loads parts of torch
    for layer, pixel, words in (
        ("layer1", 28, {}),
        ("layer2", 14, {}),
        ("layer3", 7, {"size": 22, "stride": 11}),
        ("layer4", 3, {"size": 32, "stride": 16}),
    ):
        start = process_time()
        field = empirical(net, image, (pixel, pixel), layer=layer, progress=False, **words)
        patch = " ".join(f"{key}={value}" for key, value in words.items()) or "default patch"
        seconds = process_time() - start
        print(f"occlusion, {layer}, {patch}: {field.passes} passes, {seconds:.1f} CPU-s an image (promised: under 10)")
    start = process_time()
    slopes = [growth(activation, progress=False).slope for activation in ("relu", "linear")]
    print(
        f"growth: slopes {slopes[0]:.2f} and {slopes[1]:.2f}, {process_time() - start:.1f} CPU-s (promised: under 20)"
    )
