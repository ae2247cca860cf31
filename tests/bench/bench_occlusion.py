"""How long the empirical field takes: a network the size of ResNet-18 at 224 x 224, one image, one thread.

Under 10 CPU-seconds are promised. With the default patch, 11 x 11 at every 3 pixels, that holds where the field is
smaller than the image: `layer1` and `layer2`. The fields of `layer3` and `layer4` cover it, so they are swept with a
patch of 32 at every 16; what the default would cost there is worked out from the passes it needs, at the measured
time of a pass.
"""

from time import process_time

import torch

from course_lib.receptive_field import effective, empirical
from course_lib.receptive_field.depth_experiment import growth
from course_lib.receptive_field.empirical import plan


def main() -> None:
    """Print each figure beside what was promised."""
    from torchvision.models import resnet18

    torch.set_num_threads(1)
    torch.manual_seed(0)
    net, image = resnet18(weights=None).eval(), torch.randn(1, 3, 224, 224)
    effective(net, image, (28, 28), layer="layer1", progress=False)  # the first run also loads parts of torch
    for layer, pixel, size, stride in (
        ("layer1", 28, 11, 3),
        ("layer2", 14, 11, 3),
        ("layer3", 7, 32, 16),
        ("layer4", 3, 32, 16),
    ):
        start = process_time()
        passes = empirical(net, image, (pixel, pixel), layer=layer, size=size, stride=stride, progress=False).passes
        seconds = process_time() - start
        print(f"{layer}, patch {size} stride {stride:2d}: {passes:5d} passes {seconds:6.1f} CPU-s   promised: under 10")
        default = plan(net, image, (pixel, pixel), layer=layer).passes
        if default != passes:
            told = f"{seconds * default / passes:6.0f} CPU-s   not promised, worked out"
            print(f"{layer}, patch 11 stride  3: {default:5d} passes {told}")
    start = process_time()
    slopes = [growth(activation, progress=False).slope for activation in ("relu", "linear")]
    print(
        f"growth: slopes {slopes[0]:.2f} and {slopes[1]:.2f}, {process_time() - start:.1f} CPU-s (promised: under 20)"
    )
