"""Small random networks for the tests of the crop: strides, paddings, dilation, even kernels, pools, upsampling."""

import random

import torch
from torch import nn


def random_net(seed: int) -> nn.Sequential:
    """From two to five random layers and a 3x3 convolution to four channels, in float32, weights from the seed."""
    choose = random.Random(seed)
    torch.manual_seed(seed)
    layers, channels = [], 3
    for _ in range(choose.randint(2, 5)):
        kind = choose.choice(["convolution"] * 4 + ["pool", "up"])
        if kind == "convolution":
            kernel, dilation = choose.choice([1, 2, 3, 3, 4, 5]), choose.choice([1, 1, 2, 3])
            wider = choose.choice([3, 4, 6])
            convolution = nn.Conv2d(
                channels,
                wider,
                kernel,
                stride=choose.choice([1, 1, 2, 3]),
                dilation=dilation,
                padding=choose.choice([0, 1, kernel // 2 * dilation]),
                padding_mode=choose.choice(["zeros", "zeros", "reflect", "replicate"]),
            )
            layers += [convolution, nn.BatchNorm2d(wider), nn.ReLU()]
            channels = wider
        elif kind == "pool":
            layers.append(nn.MaxPool2d(choose.choice([2, 3]), choose.choice([1, 2]), ceil_mode=choose.random() < 0.5))
        else:
            layers.append(
                choose.choice(
                    [
                        nn.Upsample(scale_factor=2, mode="bilinear"),
                        nn.Upsample(scale_factor=2),
                        nn.ConvTranspose2d(channels, channels, 4, 2, 1),
                        nn.ConvTranspose2d(channels, channels, 3, 2, 1),
                    ]
                )
            )
    return nn.Sequential(*layers, nn.Conv2d(channels, 4, 3, padding=1)).eval()
