"""Random networks from a seed: branches, residuals, joins, strides, decoders, resizes, pads, slices, flips."""

import random

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CHANNELS = 4
SMALLEST, LARGEST = 4, 48


class RandomNet(nn.Module):
    """A chain of steps; a step sees the current tensor and may keep or meet an earlier one."""

    def __init__(self, seed: int, axes: int = 2, steps: int = 7):
        super().__init__()
        self.steps = nn.ModuleList()
        choose = random.Random(seed)
        self.size = tuple(choose.randrange(14, 27) for _ in range(axes))
        x, length = torch.zeros(1, CHANNELS, *self.size), choose.randrange(3, steps + 1)
        with torch.no_grad():
            while len(self.steps) < length:
                step = choose.choice(STEPS if axes == 2 else PLAIN)(choose, axes)
                try:
                    y = step.eval()(x)
                except (RuntimeError, ValueError):
                    continue
                if all(SMALLEST <= n <= LARGEST for n in y.shape[2:]) and y.shape[1] == CHANNELS:
                    self.steps.append(step)
                    x = y

    def forward(self, x: Tensor) -> Tensor:
        for step in self.steps:
            x = step(x)
        return x


class Do(nn.Module):
    """A function as a module; what it did is in its name."""

    def __init__(self, function, text: str):
        super().__init__()
        self.function, self.text = function, text

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)

    def extra_repr(self) -> str:
        return self.text


def fit(x: Tensor, size) -> Tensor:
    """Cropped at the start and padded at the end to a size."""
    x = x[(slice(None), slice(None), *(slice(0, n) for n in size))]
    amounts = [n for axis in reversed(range(2, x.dim())) for n in (0, size[axis - 2] - x.shape[axis])]
    return F.pad(x, amounts)


class Branches(nn.Module):
    """Two or three ways from the same tensor, joined by a sum, a product or a concatenation."""

    def __init__(self, choose: random.Random, axes: int):
        super().__init__()
        ways = [
            nn.Sequential(*(choose.choice(PLAIN)(choose, axes) for _ in range(choose.randrange(0, 3)))) for _ in "ab"
        ]
        self.ways = nn.ModuleList(ways)
        self.join = choose.choice(["add", "mul", "cat", "space"])
        self.axis = choose.randrange(2, 2 + axes)
        self.squeeze = conv_class(axes)(2 * CHANNELS, CHANNELS, 1)

    def forward(self, x: Tensor) -> Tensor:
        a, b = (way(x) for way in self.ways)
        if a.shape != b.shape:
            b = fit(b, a.shape[2:])
        if self.join == "add":
            return a + b
        if self.join == "mul":
            return a * torch.sigmoid(b)
        if self.join == "space":
            half = a.shape[self.axis] // 2
            return torch.cat(
                [a.narrow(self.axis, 0, half), b.narrow(self.axis, half, b.shape[self.axis] - half)], self.axis
            )
        return self.squeeze(torch.cat([a, b], 1))


class Inner(nn.Module):
    """Pooled, changed, and unpooled by the remembered indices."""

    def __init__(self, choose: random.Random, axes: int):
        super().__init__()
        self.kernel = choose.choice([2, 2, 3])
        self.stride = choose.choice([2, self.kernel])
        self.ceil = choose.random() < 0.5
        self.inside = nn.Sequential(*(nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1) for _ in range(choose.randrange(2))))

    def forward(self, x: Tensor) -> Tensor:
        y, places = F.max_pool2d(x, self.kernel, self.stride, ceil_mode=self.ceil, return_indices=True)
        return F.max_unpool2d(self.inside(y), places, self.kernel, self.stride, output_size=x.shape[2:])


def conv_class(axes: int):
    return (nn.Conv1d, nn.Conv2d, nn.Conv3d)[axes - 1]


def numbers(choose: random.Random, options, axes: int) -> tuple[int, ...]:
    """Most often the same for all axes."""
    if choose.random() < 0.6:
        return (choose.choice(options),) * axes
    return tuple(choose.choice(options) for _ in range(axes))


def convolution(choose, axes):
    kernel, stride = numbers(choose, [1, 2, 3, 3, 4, 5], axes), numbers(choose, [1, 1, 1, 2, 3], axes)
    padding, dilation = numbers(choose, [0, 1, 2], axes), numbers(choose, [1, 1, 2, 3], axes)
    mode = choose.choice(["zeros", "zeros", "zeros", "reflect", "replicate", "circular"])
    groups = choose.choice([1, 1, CHANNELS])
    return conv_class(axes)(CHANNELS, CHANNELS, kernel, stride, padding, dilation, groups, padding_mode=mode)


def transposed(choose, axes):
    make = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)[axes - 1]
    kernel, stride = numbers(choose, [1, 2, 3, 4, 5], axes), choose.choice([1, 2, 2, 3])
    return make(
        CHANNELS, CHANNELS, kernel, stride, choose.choice([0, 0, 1]), choose.randrange(stride),
        dilation=choose.choice([1, 1, 2]),
    )  # fmt: skip


def pool(choose, axes):
    kind = choose.choice(["max", "avg"])
    kernel = choose.choice([2, 2, 3, 4])
    stride, padding, ceil = choose.choice([1, 2, 2, 3]), choose.randrange(kernel // 2 + 1), choose.random() < 0.5
    if kind == "max":
        make = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)[axes - 1]
        return make(kernel, stride, padding, choose.choice([1, 1, 2]), ceil_mode=ceil)
    make = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)[axes - 1]
    return make(kernel, stride, padding, ceil_mode=ceil, count_include_pad=choose.random() < 0.5)


def resized(choose, axes):
    modes = (
        ["nearest", "nearest-exact", "linear"],
        ["nearest", "nearest-exact", "bilinear", "bicubic"],
        ["nearest", "trilinear"],
    )
    mode = choose.choice(modes[axes - 1])
    how = {"mode": mode}
    if mode not in ("nearest", "nearest-exact"):
        how["align_corners"] = choose.random() < 0.5
    if mode in ("bilinear", "bicubic") and choose.random() < 0.2:
        how["antialias"] = True
    if choose.random() < 0.5:
        how["size"] = tuple(choose.randrange(6, 33) for _ in range(axes))
    else:
        how["scale_factor"] = choose.choice([2, 2, 0.5, 1.5, 3, 0.7])
        how["recompute_scale_factor"] = choose.choice([None, True])
    return Do(lambda x: F.interpolate(x, **how), str(how))


def padding(choose, axes):
    mode = choose.choice(["constant", "reflect", "replicate", "circular"])
    amounts = [choose.randrange(-2, 4) if mode == "constant" else choose.randrange(0, 4) for _ in range(2 * axes)]
    return Do(lambda x: F.pad(x, amounts, mode=mode), f"pad {mode} {amounts}")


def cut(choose, axes):
    dim, start, step = choose.randrange(2, 2 + axes), choose.randrange(3), choose.choice([1, 1, 2])
    return Do(lambda x: x[(slice(None),) * dim + (slice(start, None, step),)], f"slice {dim} {start} {step}")


def turned(choose, axes):
    dim, shift = choose.randrange(2, 2 + axes), choose.randrange(-4, 5)
    if choose.random() < 0.5:
        return Do(lambda x: x.flip(dim), f"flip {dim}")
    return Do(lambda x: x.roll(shift, dim), f"roll {dim} {shift}")


def adaptive(choose, axes):
    size = tuple(choose.randrange(4, 13) for _ in range(axes))
    make = [F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d][axes - 1]
    return Do(lambda x: make(x, size), f"adaptive {size}")


def shuffled(choose, axes):
    if choose.random() < 0.5:
        return Do(lambda x: F.pixel_shuffle(x, 2).repeat(1, CHANNELS, 1, 1), "pixel_shuffle")
    return nn.Sequential(Do(lambda x: F.pixel_unshuffle(x, 2), "unshuffle"), nn.Conv2d(4 * CHANNELS, CHANNELS, 1))


def repeated(choose, axes):
    dim = choose.randrange(2, 2 + axes)
    if choose.random() < 0.5:
        return Do(lambda x: torch.repeat_interleave(x, 2, dim), f"repeat_interleave {dim}")
    return Do(lambda x: torch.cat([x, x.flip(dim)], dim), f"mirrored {dim}")


class ChannelsLast(nn.Module):
    """Normalised and mixed with the channels at the end, as ConvNeXt does."""

    def __init__(self, choose, axes):
        super().__init__()
        self.norm, self.linear = nn.LayerNorm(CHANNELS), nn.Linear(CHANNELS, CHANNELS)

    def forward(self, x):
        return self.linear(self.norm(x.movedim(1, -1))).movedim(-1, 1)


class Windows(nn.Module):
    """Cut into windows of 2 x 2, normalised over each, and put together: what shifted windows do."""

    def __init__(self, choose, axes):
        super().__init__()
        self.whole = choose.random() < 0.5

    def forward(self, x):
        n, c, h, w = x.shape
        y = x.reshape(n, c, h // 2, 2, w // 2, 2).permute(0, 2, 4, 3, 5, 1).reshape(-1, 4, c)
        y = torch.softmax(y, 1) if self.whole else y * 2
        return y.reshape(n, h // 2, w // 2, 2, 2, c).permute(0, 5, 1, 3, 2, 4).reshape(n, c, h, w)


PLAIN = [convolution, convolution, convolution, transposed, pool, resized, padding, cut, turned, adaptive, repeated]
STEPS = PLAIN + [Branches, Branches, Branches, Inner, Inner, shuffled, ChannelsLast, Windows]
