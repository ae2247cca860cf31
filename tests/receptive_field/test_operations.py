"""One operation at a time: what each reads equals what the twin's gradients say, to the pixel, without a warning."""

import pytest
import torch
from graphs_at_random import Do
from torch import nn
from torch.nn import functional as F
from twin_check import agree

SIZE = (13, 18)


def conv(**options) -> nn.Module:
    return nn.Conv2d(4, 4, **options)


class Inception(nn.Module):
    """A squeeze-excitation gate on half of the ways."""

    def __init__(self):
        super().__init__()
        self.way, self.gate = conv(kernel_size=3, padding=1), conv(kernel_size=1)

    def forward(self, x):
        return self.way(x) * torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))


def written_slices(x):
    y = torch.zeros_like(x)
    y[:, :, 1:-1, 2:] = x[:, :, 1:-1, :-2]
    return y


def written_over(x):
    y = x.roll(3, 3).clone()
    y[:, :, 4:9] = x[:, :, :5]
    return y


def written_channels(x):
    y = x.flip(2).clone()
    y[:, :2] = x[:, :2]
    return y


def written_to_plain_zeros(x):
    y = torch.zeros(x.shape)
    y[..., ::2] = x[..., : x.shape[3] // 2]
    return y


def written_row(x):
    y = x.clone()
    y[:, :, 3] = x[:, :, 7]
    return y


def view_after_write(x):
    y = torch.zeros_like(x)
    part = y[:, :, 2:6]
    y[:, :, :, 1:] = x[:, :, :, :-1]
    return part


def added_in_place(x):
    y = x.flip(3).clone()
    y[:, :, 2:5] += x[:, :, 2:5]
    return y


def unrolled(x):
    columns = F.unfold(x, 3, padding=1, stride=2)
    columns = columns.mean(1, keepdim=True).expand_as(columns)
    return F.fold(columns, x.shape[2:], 3, padding=1, stride=2)


def by_hand_unshuffle(x):
    n, c, h, w = x.shape
    x = x[:, :, : h // 2 * 2]
    return x.view(n, c, h // 2, 2, w // 2, 2).permute(0, 1, 3, 5, 2, 4).reshape(n, 4 * c, h // 2, w // 2) * 2


def by_hand_shuffle(x):
    n, _, h, w = x.shape
    return x.view(n, 1, 2, 2, h, w).permute(0, 1, 4, 2, 5, 3).reshape(n, 1, 2 * h, 2 * w).roll(1, 3)


def dilated_by_batches(x):
    x = F.pad(x, (0, 0, 0, 1))
    n, c, h, w = x.shape
    y = x.view(n, c, h // 2, 2, w).permute(3, 0, 1, 2, 4).reshape(2 * n, c, h // 2, w)
    y = F.avg_pool2d(y, 3, 1, 1)
    return y.view(2, n, c, h // 2, w).permute(1, 2, 3, 0, 4).reshape(n, c, h, w)


def strips(x):
    return x + x.mean(3, keepdim=True) + x.mean(2, keepdim=True).expand_as(x)


def flattened_and_back(x):
    return x.flatten(2).transpose(1, 2).contiguous().transpose(1, 2).reshape(x.shape).flip(2)


def global_then_resized(x):
    y = F.adaptive_avg_pool2d(x, 1).flatten(1)
    return F.interpolate(y[:, :, None, None], size=x.shape[2:], mode="bilinear", align_corners=False) + x


def grid_of_indices(x):
    rows, columns = torch.tensor([0, 5, 2, 2]), torch.tensor([17, 1, 3])
    return x[:, :, rows[:, None], columns]


def indices_on_the_same_device(x):
    return x[:, :, torch.arange(x.shape[2] - 1, -1, -2, device=x.device)]


FUNCTIONS = {
    "mirrored": lambda x: torch.cat([x.flip(2), x], 2),
    "stacked and chosen": lambda x: torch.stack([x, x.roll(2, 2)], 2).mean(2),
    "cat with constants in space": lambda x: torch.cat([x, torch.zeros(1, 4, 2, 18)], 2),
    "split in space": lambda x: torch.cat(x.split([3, 4, 6], 2)[::-1], 2),
    "chunked": lambda x: x.chunk(3, 3)[1],
    "unbound": lambda x: torch.stack(x.unbind(3)[::-1], 3),
    "rotated": lambda x: torch.rot90(x, 1, (2, 3)).rot90(-1, (2, 3)).roll(1, 2),
    "transposed twice": lambda x: F.avg_pool2d(x.transpose(2, 3), (3, 1)).transpose(2, 3),
    "softmax over channels": lambda x: F.softmax(x, 1),
    "softmax over space": lambda x: F.softmax(x, 3),
    "log softmax": lambda x: F.log_softmax(x, dim=1),
    "group norm": lambda x: F.group_norm(x[:, :, 2:6], 2),
    "instance norm": lambda x: F.instance_norm(x),
    "layer norm over rows": lambda x: F.layer_norm(x, (18,)),
    "local response norm": lambda x: F.local_response_norm(x, 5),
    "written slices": written_slices,
    "written over": written_over,
    "written channels": written_channels,
    "written to plain zeros": written_to_plain_zeros,
    "written row": written_row,
    "a view sees what is written behind it": view_after_write,
    "added in place": added_in_place,
    "fold and unfold": unrolled,
    "pixel unshuffle by hand": by_hand_unshuffle,
    "pixel shuffle by hand": by_hand_shuffle,
    "dilation by batches": dilated_by_batches,
    "strip pooling": strips,
    "flattened and back": flattened_and_back,
    "global then resized": global_then_resized,
    "pooled maximum": lambda x: x - x.amax((2, 3), keepdim=True),
    "grid of indices": grid_of_indices,
    "indices on the same device": indices_on_the_same_device,
    "index select": lambda x: x.index_select(3, torch.tensor([3, 3, 0])),
    "narrow": lambda x: x.narrow(2, 3, 5),
    "select": lambda x: x[:, :, 3].unsqueeze(2) + x,
    "repeat": lambda x: x.repeat(1, 1, 2, 1),
    "tile": lambda x: x.tile(2, 3),
    "repeat interleave": lambda x: x.repeat_interleave(3, 3),
    "unfolded windows": lambda x: x.unfold(2, 3, 2).mean(-1),
    "where": lambda x: torch.where(x > 0, x, x.flip(3)),
    "clamp and compare": lambda x: x.clamp(0, 1) * 2 - 1,
    "channel shuffle": lambda x: F.channel_shuffle(x, 2),
    "glu": lambda x: F.glu(x, 1),
    "reflect": lambda x: F.pad(x, (3, 1, 2, 5), mode="reflect"),
    "replicate": lambda x: F.pad(x, (3, 1, 2, 5), mode="replicate"),
    "circular": lambda x: F.pad(x, (3, 1, 2, 5), mode="circular"),
    "cropped by negative padding": lambda x: F.pad(x, (-3, 1, -2, -1)),
    "channels-last memory": lambda x: F.adaptive_avg_pool2d(x.contiguous(memory_format=torch.channels_last), 1) + x,
    "space to a stack of rows": lambda x: x.movedim(2, 0).contiguous().movedim(0, 2) * 3,
    "squeezed": lambda x: F.avg_pool2d(x, (13, 1)).squeeze(2).unsqueeze(2) + x,
    "einsum with weights": lambda x: torch.einsum("nchw,cd->ndhw", x, torch.ones(4, 4, dtype=x.dtype)),
}


@pytest.mark.filterwarnings("ignore:Reading from a non-contiguous")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_reads_what_the_twin_sees(name):
    agree(Do(FUNCTIONS[name], name), SIZE, channels=4, pixels=6)


MODULES = {
    "even kernel": conv(kernel_size=4, padding=2),
    "asymmetric kernel": conv(kernel_size=(1, 5), padding=(0, 2)),
    "padding same, even": conv(kernel_size=4, padding="same", dilation=3),
    "stride larger than kernel": conv(kernel_size=2, stride=3),
    "groups": conv(kernel_size=3, groups=4, padding=1),
    "circular convolution": conv(kernel_size=5, padding=2, padding_mode="circular"),
    "reflecting convolution": conv(kernel_size=5, padding=2, padding_mode="reflect"),
    "transposed with holes": nn.ConvTranspose2d(4, 4, 1, stride=3, output_padding=2),
    "transposed and dilated": nn.ConvTranspose2d(4, 4, 3, stride=2, dilation=2, output_padding=1),
    "dilated pool": nn.MaxPool2d(3, 2, 1, dilation=2, ceil_mode=True),
    "pool that starts in the padding": nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    "average pool, padding not counted": nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
    "adaptive average": nn.AdaptiveAvgPool2d((5, 7)),
    "adaptive maximum": nn.AdaptiveMaxPool2d((5, None)),
    "batch norm": nn.BatchNorm2d(4),
    "batch norm without running statistics": nn.BatchNorm2d(4, track_running_stats=False),
    "squeeze and excitation": Inception(),
    "pixel unshuffle": nn.PixelUnshuffle(1),
    "upsampling bilinear": nn.UpsamplingBilinear2d(scale_factor=2),
}


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("name", MODULES)
def test_module_reads_what_the_twin_sees(name):
    agree(MODULES[name], SIZE, channels=4, pixels=6)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic", "area"])
@pytest.mark.parametrize(
    "how", [{"size": (20, 11)}, {"scale_factor": 2.3}, {"scale_factor": 1.7, "recompute_scale_factor": True}]
)
@pytest.mark.parametrize("align", [False, True])
def test_interpolation_reads_what_the_twin_sees(mode, how, align):
    options = {"align_corners": align} if mode in ("bilinear", "bicubic") else {}
    agree(Do(lambda x: F.interpolate(x, mode=mode, **how, **options), mode), SIZE, channels=4, pixels=8)


@pytest.mark.parametrize(
    "net, size",
    [
        (nn.Sequential(nn.Conv1d(2, 2, 5, 2, dilation=3), nn.MaxPool1d(2, return_indices=False)), (60,)),
        (nn.Sequential(nn.Conv1d(2, 2, 3), nn.Upsample(scale_factor=2, mode="linear")), (30,)),
        (nn.Sequential(nn.Conv3d(2, 2, 3), nn.MaxPool3d(2), nn.ConvTranspose3d(2, 2, 2, 2)), (9, 10, 11)),
        (nn.Sequential(nn.Conv3d(2, 2, 3), nn.Upsample(scale_factor=2, mode="trilinear")), (7, 8, 9)),
        (nn.Sequential(nn.ReflectionPad3d(2), nn.AvgPool3d(3), nn.AdaptiveAvgPool3d(2)), (7, 8, 9)),
        (nn.Sequential(nn.ReplicationPad1d(2), nn.ConvTranspose1d(2, 2, 4, 3)), (17,)),
    ],
)
def test_one_and_three_axes(net, size):
    agree(net, size, channels=2, pixels=5)
