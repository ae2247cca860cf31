"""What several papers share: scaling of widths, checks of the image, convolutions, resizing, cropping and mirroring.

Whatever one paper introduced lives in that paper's file; here is only what no single paper owns.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib import checks


def scaled(channels: int, width: float) -> int:
    """A channel count of the paper, scaled: the topology stays, the cost falls with the square of the width."""
    result = round(channels * width) if math.isfinite(width) else 0
    if result < 1:
        least = f"{math.ceil(1000 / channels) / 1000:g}"
        raise ValueError(f"width {width:g} rounds {channels} channels to {result}; try a width of at least {least}")
    if result > 10**7:
        raise ValueError(f"width {width:g} makes {result:g} of {channels} channels; try a width of about 1")
    return result


def at_least_one(**values: int) -> None:
    """Refuse counts, sizes and rates below 1: `at_least_one(num_classes=num_classes, dilation=dilation)`."""
    for name, value in values.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")


def one_of(choices: Sequence[str], **values: str) -> None:
    """Refuse a word that is none of the choices: `one_of(("basic", "large"), kind=kind)`."""
    for name, value in values.items():
        if value not in choices:
            known, meant = ", ".join(map(repr, choices)), checks.meant(value, choices)
            raise ValueError(f"{name} must be one of {known}, got {value!r}{meant}")


def check_image(image: Tensor, in_channels: int, smallest: int = 33, hint: str = "") -> None:
    """Explain an image that a network cannot read. A compiled or exported network has no use for it and skips it."""
    if torch.compiler.is_compiling():
        return
    shape = tuple(image.shape)
    if image.ndim != 4:
        advice = "; add the batch dimension with image[None]" if image.ndim == 3 else ""
        raise ValueError(f"the image must be N x {in_channels} x H x W, got {image.ndim} dimensions {shape}{advice}")
    if not image.is_floating_point():
        raise ValueError(f"the image must be floating point, got {image.dtype}; try image.float() / 255")
    if shape[1] != in_channels:
        raise ValueError(
            f"the network reads {in_channels} channels, the image has {shape[1]} in shape {shape}; "
            f"the order is N x C x H x W, and in_channels={shape[1]} builds a network for such images"
        )
    if min(shape[2:]) < smallest:
        found = f"{shape[2]} x {shape[3]}"
        raise ValueError(
            f"the image must be at least {smallest} x {smallest} pixels, got {found}{hint and '; ' + hint}"
        )


class Convolution(nn.Conv2d):
    """A convolution that starts as He et al. (2015) prescribe for ReLU, bias 0, and is filled only once."""

    def reset_parameters(self) -> None:
        """Draws the weights for ReLU; torch calls this when the layer is made."""
        start_for_relu(self, fan_in=self.weight[0].numel())

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel_size == (1, 1) and self.stride != (1, 1) and x.device.type == "cpu":
            return self.on_the_cells_it_reads(x)
        return super().forward(x)

    def on_the_cells_it_reads(self, x: Tensor) -> Tensor:
        """A strided 1x1 after the stride, with the same numbers.

        With torch 2.15 on a CPU the backward pass of a strided 1x1 on few channels_last maps writes past its memory.
        """
        down, across = self.stride
        return F.conv2d(x[..., ::down, ::across], self.weight, self.bias)


class TransposedConvolution(nn.ConvTranspose2d):
    """A transposed convolution with the same start; a stride leaves each output that many fewer inputs."""

    def reset_parameters(self) -> None:
        """Draws the weights for ReLU; torch calls this when the layer is made."""
        taps = self.weight[0, 0].numel() / math.prod(self.stride)
        start_for_relu(self, fan_in=self.in_channels // self.groups * taps)


def start_for_relu(layer: nn.Module, *, fan_in: float) -> None:
    """Fills a layer from He's uniform distribution for `fan_in` inputs, with bias 0."""
    bound = math.sqrt(6 / fan_in)  # a uniform of variance 2 / fan_in: half the time of a Gaussian on a CPU
    nn.init.uniform_(layer.weight, -bound, bound)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


class BatchNorm(nn.BatchNorm2d):
    """Batch normalisation that survives one value per channel.

    A 1x1 map with batch 1 has no variance: torch refuses to train on it. Here such a map is normalised by the running
    statistics, as in evaluation, and leaves them as they are.
    """

    def forward(self, x: Tensor) -> Tensor:
        single = x.shape[0] * x.shape[2] * x.shape[3] == 1
        if self.training and single and self.track_running_stats:
            return F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps)
        return super().forward(x)


class RememberingPool(nn.MaxPool2d):
    """A 2x2 max pool that rounds up and also gives what undoes it: the place of each maximum, and the size before."""

    def __init__(self):
        super().__init__(2, ceil_mode=True, return_indices=True)

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, torch.Size]]:
        pooled, places = super().forward(x)
        return pooled, (places, x.shape[-2:])


class Unpool(nn.MaxUnpool2d):
    """Puts each value back where its pool found the maximum; all other cells are 0."""

    def __init__(self):
        super().__init__(2)

    def forward(self, x: Tensor, memory: tuple[Tensor, torch.Size]) -> Tensor:
        places, size = memory
        return torch.ops.aten.max_unpool2d(x, places, size)  # F.max_unpool2d checks the size, and loads sympy to do so


def bilinear_upsampling(channels: int, *, kernel_size: int, stride: int, learned: bool = False) -> nn.ConvTranspose2d:
    """A transposed convolution, channels x channels, that starts as bilinear interpolation of each channel by itself.

    Fixed unless learned. One axis of the kernel for stride 2 and size 4: .25 .75 .75 .25; its sum is the stride.
    """
    layer = nn.ConvTranspose2d(channels, channels, kernel_size, stride, bias=False).requires_grad_(learned)
    if layer.weight.is_meta:  # nothing to fill, and torch takes seconds to learn how to index without values
        return layer
    half = (kernel_size + 1) // 2
    centre = half - 1 if kernel_size % 2 else half - 0.5
    axis = 1 - (torch.arange(kernel_size) - centre).abs() / half
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[range(channels), range(channels)] = torch.outer(axis, axis)
    return layer


def resize(x: Tensor, size: Sequence[int], *, align_corners: bool) -> Tensor:
    """Bilinear interpolation to (height, width)."""
    if tuple(x.shape[-2:]) == tuple(size):
        return x
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=align_corners)


def crop(x: Tensor, size: Sequence[int], *, offset: int) -> Tensor:
    """The window of (height, width) that begins `offset` cells from the top and from the left."""
    height, width = size
    return x[..., offset : offset + height, offset : offset + width]


def centre_crop(x: Tensor, size: Sequence[int]) -> Tensor:
    """The window of (height, width) in the middle; an odd rest goes to the bottom and to the right."""
    height, width = size
    top, left = (x.shape[-2] - height) // 2, (x.shape[-1] - width) // 2
    return x[..., top : top + height, left : left + width]


def mirror(x: Tensor, *, top: int, bottom: int, left: int, right: int) -> Tensor:
    """Reflect the border outwards, without repeating the edge, as often as a small image needs."""
    if torch.compiler.is_compiling():
        return mirror_by_index(x, (top, bottom), (left, right))
    while top or bottom or left or right:
        height, width = x.shape[-2:]
        step = (min(left, width - 1), min(right, width - 1), min(top, height - 1), min(bottom, height - 1))
        x = F.pad(x, step, mode="reflect")
        left, right, top, bottom = left - step[0], right - step[1], top - step[2], bottom - step[3]
    return x


def mirror_by_index(x: Tensor, rows: tuple[int, int], columns: tuple[int, int]) -> Tensor:
    """The same without a loop, which would tie an exported network to sizes that need as many rounds as its example."""
    for axis, (before, after) in ((2, rows), (3, columns)):
        side = x.shape[axis]
        period = 2 * side - 2  # there and back
        place = torch.arange(-before, side + after, device=x.device) % period
        x = x.index_select(axis, torch.minimum(place, period - place))
    return x
