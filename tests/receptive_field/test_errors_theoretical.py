"""What cannot be answered is said: clearly, early, and with the model left as it was. Doubt is announced once."""

import copy
import math
import warnings

import numpy as np
import pytest
import torch
import torchvision
from graphs_at_random import Do
from torch import nn
from torch.nn import functional as F

from course_lib.receptive_field import theoretical


@pytest.fixture(scope="module")
def field():
    net = nn.Sequential()
    net.add_module("first", nn.Conv2d(3, 4, 3))
    net.add_module("second", nn.Conv2d(4, 4, 3, stride=2))
    return theoretical(net, (21, 31))


def test_a_pixel_outside_the_map_is_named(field):
    with pytest.raises(ValueError, match=r"pixel \(9, 2\) lies outside layer 'output', whose output is 9 x 14"):
        field.box((9, 2))
    with pytest.raises(ValueError, match="outside layer 'first'"):
        field.mask((-1, 0), "first")


def test_a_pixel_with_the_wrong_count_of_numbers_is_named(field):
    with pytest.raises(ValueError, match="pixel must have 2 numbers"):
        field.box((1, 2, 3))
    with pytest.raises(ValueError, match="pixel must have 2 numbers"):
        field.box(4)
    with pytest.raises(ValueError, match="whole numbers"):
        field.box(("a", "b"))


def test_an_unknown_layer_suggests_the_closest(field):
    with pytest.raises(ValueError, match=r"no layer is called 'fisrt'; did you mean 'first'"):
        field.box((0, 0), "fisrt")


def test_an_image_too_small_says_so():
    net = nn.Sequential(nn.Conv2d(3, 4, 7), nn.MaxPool2d(2))
    with pytest.raises(ValueError, match="does not run on an image of 5 x 5"):
        theoretical(net, (5, 5))


def test_wrong_channels_say_so():
    with pytest.raises(ValueError, match="does not run on an image of 9 x 9"):
        theoretical(nn.Conv2d(3, 4, 3), (9, 9), channels=5)


@pytest.mark.parametrize("size", [(0, 5), (1, 2, 3, 4)])
def test_impossible_image_sizes_are_refused(size):
    with pytest.raises(ValueError, match=r"at least 1|1, 2 or 3 numbers"):
        theoretical(nn.Identity(), size)


def test_either_a_size_or_inputs_must_be_given():
    with pytest.raises(ValueError, match="one of the two"):
        theoretical(nn.Identity())
    with pytest.raises(ValueError, match="one of the two"):
        theoretical(nn.Identity(), (4, 4), inputs=((1, 3, 4, 4),))


def test_a_layer_without_spatial_axes_names_one_that_has_them():
    net = torchvision.models.resnet18(weights=None)
    field = theoretical(net, (64, 64))
    with pytest.raises(ValueError, match=r"'fc' has no spatial axes: its output has shape \(1, 1000\).*'avgpool'"):
        field.box((0, 0), "fc")
    assert field.box((0, 0), "avgpool") == (0, 0, 64, 64)
    assert [row.name for row in field.table()][-1] == "avgpool"


class Looks(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        y = self.conv(x)
        return y * 2 if y.mean().item() > 0 else y


class Branch(Looks):
    def forward(self, x):
        y = self.conv(x)
        return y * 2 if (y > 0).any() else y


class Masked(Looks):
    def forward(self, x):
        return x[x > 0]


@pytest.mark.parametrize("kind", [Looks, Branch, Masked])
def test_a_model_that_looks_at_values_is_refused_and_told_why(kind):
    with pytest.raises(ValueError, match="the model looks at values that come from the image"):
        theoretical(kind(), (9, 9))


def test_decisions_on_the_models_own_numbers_are_fine():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.tensor(2.0))

        def forward(self, x):
            return F.avg_pool2d(x, 3) if float(self.scale) > 1 else x

    assert theoretical(Scaled(), (9, 9)).size() == (3, 3)


class Untouched(nn.Module):
    """Writes on everything it owns."""

    def __init__(self, fails: bool):
        super().__init__()
        self.conv, self.norm, self.fails = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), fails
        self.register_buffer("count", torch.zeros(3))
        self.plain = torch.zeros(2)
        self.seen = []

    def forward(self, x):
        self.count += 1
        self.plain.add_(1)
        self.last = x
        self.seen.append(x)
        with torch.no_grad():
            self.conv.weight.mul_(2)
        y = self.norm(self.conv(x))
        if self.fails:
            raise KeyError("on purpose")
        return y


@pytest.mark.parametrize("fails", [False, True])
def test_the_model_comes_back_untouched(fails):
    net = Untouched(fails).train()
    net.norm.eval()
    before = copy.deepcopy(net.state_dict())
    pointers = {name: tensor.data_ptr() for name, tensor in net.state_dict().items()}
    hooks = len(torch.nn.modules.module._global_forward_hooks)
    if fails:
        with pytest.raises(KeyError):
            theoretical(net, (9, 9))
    else:
        assert "evaluation mode" in theoretical(net, (9, 9)).notes[0]
    after = net.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert pointers == {name: tensor.data_ptr() for name, tensor in after.items()}
    assert (net.training, net.norm.training, net.conv.training) == (True, False, True)
    assert not hasattr(net, "last")
    assert net.seen == []
    assert torch.equal(net.plain, torch.zeros(2))
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in net.modules())
    assert len(torch.nn.modules.module._global_forward_hooks) == hooks
    assert all(p.requires_grad and p.dtype == torch.float32 for p in net.parameters())


def attention(x):
    q = x.flatten(2).transpose(1, 2)
    return (F.scaled_dot_product_attention(q, q, q).transpose(1, 2)).reshape(x.shape)


def sampled(x):
    grid = F.affine_grid(torch.eye(2, 3)[None], list(x.shape), align_corners=False)
    return F.grid_sample(x, grid, align_corners=False)


def deformed(x):
    offsets = F.avg_pool2d(x, 3, 1, 1).repeat(1, 6, 1, 1)[:, :18]
    return torchvision.ops.deform_conv2d(x, offsets, torch.ones(4, 4, 3, 3), padding=1)


DOUBTFUL = {
    "attention": (attention, "bmm|attention|matmul"),
    "grid sampling": (sampled, "grid_sampler"),
    "deformable convolution": (deformed, "deform_conv2d"),
    "Fourier": (lambda x: torch.fft.fft2(x).real, "fft"),
    "ragged view": (lambda x: F.avg_pool2d(x, 1).reshape(1, 4, 6, 9, 4)[:, :, 0], "slice|view|select|reshape"),
    "shuffled back": (lambda x: F.pixel_shuffle(F.pixel_unshuffle(x, 2), 2), "pixel_shuffle"),
    "folded back": (lambda x: F.fold(F.unfold(x, 2, stride=2), (12, 18), 2, stride=2), "col2im"),
    "cumulative sum": (lambda x: x.cumsum(3), "cumsum"),
    "added to its transpose": (lambda x: x[..., :12] + x[..., :12].transpose(2, 3), "add"),
    "window content chosen": (lambda x: x.unfold(2, 3, 1)[..., 1], "select"),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_is_not_known_exactly_is_an_upper_bound_with_one_warning(name):
    function, operation = DOUBTFUL[name]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        field = theoretical(Do(function, name), (12, 18), channels=4)
    said = [str(w.message) for w in caught if "upper bound" in str(w.message)]
    assert len(said) == 1
    assert any(word in said[0] for word in operation.split("|"))
    assert not field.exact
    x = torch.rand(1, 4, 12, 18, dtype=torch.float32, requires_grad=True)
    out = function(x)
    if out.dim() == 4:
        pixel = (out.shape[2] // 2, out.shape[3] // 3)
        (gradient,) = torch.autograd.grad(out[:, :, pixel[0], pixel[1]].sum(), x)
        read = gradient.abs().sum((0, 1)).numpy() > 0
        assert not (read & ~field.mask(pixel)).any()


def test_layers_before_the_doubt_stay_exact():
    net = nn.Sequential(nn.Conv2d(4, 4, 3), Do(sampled, "sampled"))
    with pytest.warns(UserWarning, match=r"grid_sampler_2d \(in '1'\)"):
        field = theoretical(net, (12, 18), channels=4)
    assert field.is_exact("0")
    assert not field.exact
    assert field.size("0") == (3, 3)
    assert field.size() == (math.inf, math.inf)


def test_a_pixel_that_reads_nothing_has_an_empty_box():
    field = theoretical(nn.ConvTranspose2d(3, 3, 1, stride=2), (8, 8))
    assert field.box((1, 0)) == (0, 0, 0, 0)
    assert not field.mask((1, 0)).any()
    assert field.coverage((1, 0)) == 0
    assert field.box((2, 4)) == (1, 2, 2, 3)
    assert [len(side) for side in field.sets((1, 0))] == [0, 0]
    assert field.mask((0, 0)).dtype == np.bool_


def test_a_constant_output_is_refused():
    field = theoretical(Do(lambda x: torch.zeros_like(x), "zeros"), (8, 8))
    with pytest.raises(ValueError, match="reads nothing of the image"):
        field.box((0, 0))
