"""The effective receptive field: exact where arithmetic says what it must be, zero outside the theoretical one."""

import math
import random

import pytest
import torch
from random_nets import random_net
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.receptive_field import effective, empirical, theoretical
from course_lib.receptive_field.many_units import ManyUnits
from course_lib.receptive_field.probing import window
from course_lib.receptive_field.probing.influence import Spread


def uniform_stack(depth: int, kernel: int = 3) -> nn.Sequential:
    layers = [nn.Conv2d(1, 1, kernel, padding=kernel // 2, bias=False) for _ in range(depth)]
    for layer in layers:
        nn.init.constant_(layer.weight, 1 / kernel**2)
    return nn.Sequential(*layers)


def small_net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=2, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 4, 3, padding=1),
    )


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(4, 3, 64, 48, generator=torch.Generator().manual_seed(1))


# Luo et al. 2016: n uniform k x k layers have standard deviation sqrt(n (k^2 - 1) / 12) along each axis
@pytest.mark.parametrize("depth, published", [(5, 1.826), (10, 2.582), (20, 3.651), (40, 5.164)])
def test_a_stack_of_uniform_kernels_has_the_standard_deviation_of_a_sum_of_uniform_steps(depth, published):
    side = 2 * depth + 3
    field = effective(uniform_stack(depth), torch.randn(2, 1, side, side), (depth + 1, depth + 1), progress=False)
    expected = math.sqrt(depth * 8 / 12)
    assert field.std == pytest.approx((expected, expected), abs=1e-6)
    assert round(expected, 3) == published
    assert field.centroid == pytest.approx((depth + 1, depth + 1), abs=1e-6)


def test_larger_uniform_kernels_follow_the_same_rule():
    field = effective(uniform_stack(6, kernel=5), torch.randn(1, 1, 31, 31), (15, 15), progress=False)
    assert field.std == pytest.approx((math.sqrt(6 * 24 / 12),) * 2, abs=1e-6)


def test_the_map_is_the_mean_of_the_absolute_gradient(images):
    """Against autograd written out: no crop, no batch, no float32."""
    net = small_net().eval()
    field = effective(net, images, (7, 5), seed=3, progress=False)
    signs = torch.randint(0, 2, (4, 1, 4), generator=torch.Generator().manual_seed(3)) * 2 - 1
    expected = torch.zeros(64, 48, dtype=torch.float64)
    twin = small_net().eval().double()
    for image, sign in zip(images.double(), signs[:, 0]):
        x = image[None].clone().requires_grad_()
        (twin(x)[0, :, 7, 5] * sign).sum().backward()
        expected += x.grad[0].abs().sum(0) / 4
    assert torch.allclose(field.map, expected, rtol=0, atol=1e-6 * float(expected.max()))


@pytest.mark.parametrize("seed", range(30))
def test_the_crop_changes_nothing(seed, monkeypatch):
    net, choose = random_net(seed), random.Random(seed)
    images = torch.randn(2, 3, choose.randint(60, 90), choose.randint(60, 90))
    height, width = net(images).shape[-2:]
    pixel = choose.randrange(height), choose.randrange(width)
    cropped = effective(net, images, pixel, signs=4, progress=False)
    monkeypatch.setattr(window, "WORTH", -1.0)
    full = effective(net, images, pixel, signs=4, progress=False)
    assert full.window.size == tuple(images.shape[-2:])
    assert float((cropped.map - full.map).abs().max()) <= 1e-6 * float(full.map.max())
    mask = torch.as_tensor(theoretical(net, image_size=tuple(images.shape[-2:]), channels=3).mask(pixel))
    assert bool((full.map[~mask] == 0).all())
    assert bool((cropped.map[~mask] == 0).all())


def test_most_random_networks_are_cropped():
    """Else the test above would prove little."""
    sizes = []
    for seed in range(12):
        net, images = random_net(seed), torch.randn(2, 3, 80, 80)
        height, width = net(images).shape[-2:]
        sizes.append(effective(net, images, (height // 2, width // 2), signs=4, progress=False).window.size)
    assert sum(size != (80, 80) for size in sizes) >= 8


class ResizedFirst(nn.Module):
    """Its answer depends on the image's size, so no crop can be right."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 4, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        return self.convolution(F.interpolate(image, size=(37, 41), mode="bilinear"))


def test_a_network_that_resizes_its_image_is_not_cropped(images):
    assert effective(ResizedFirst(), images, (18, 20), signs=4, progress=False).window.size == (64, 48)


def test_a_bilinear_resize_at_a_fraction_of_a_step_is_not_cropped_wrongly(images, monkeypatch):
    """65 -> 33 -> 65 without corners aligned: each pixel has weights of its own."""
    torch.manual_seed(0)

    class There(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.down, self.end = nn.Conv2d(3, 4, 3, stride=2, padding=1), nn.Conv2d(4, 4, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            return self.end(F.interpolate(self.down(x), size=x.shape[-2:], mode="bilinear", align_corners=False))

    net, images = There(), torch.randn(2, 3, 65, 65)
    cropped = effective(net, images, (30, 31), signs=8, progress=False)
    monkeypatch.setattr(window, "WORTH", -1.0)
    full = effective(net, images, (30, 31), signs=8, progress=False)
    assert float((cropped.map - full.map).abs().max()) <= 1e-6 * float(full.map.max())


def test_batches_make_no_difference(images):
    one, other = (effective(small_net(), images, (7, 5), batch_size=size, progress=False) for size in (1, 4))
    assert torch.allclose(one.map, other.map, rtol=0, atol=1e-6 * float(one.map.max()))


def test_the_network_comes_back_as_it_was(images):
    net = small_net()
    net[1].eval()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    modes = [module.training for module in net.modules()]
    effective(net, images, (7, 5), layer="3", progress=False)
    assert [module.training for module in net.modules()] == modes
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in net.parameters())
    assert not any(module._forward_hooks for module in net.modules())


def test_the_network_comes_back_as_it_was_after_an_error(images):
    net = small_net()
    with pytest.raises(ValueError, match="outside"):
        effective(net, images, (99, 5), progress=False)
    assert all(module.training for module in net.modules())


def test_a_network_that_works_in_place_leaves_the_images_alone(images):
    given = images.clone()
    net = nn.Sequential(nn.ReLU(inplace=True), nn.Conv2d(3, 4, 3, padding=1))
    assert effective(net, images, (20, 20), progress=False).area(0) == 9
    empirical(net, images, (20, 20), progress=False)
    empirical(net, images, 1, progress=False)
    assert torch.equal(images, given)


def test_a_layer_inside_has_its_own_field(images):
    field = effective(small_net(), images, (10, 10), layer="0", progress=False)
    assert int((field.map > 0).sum()) == 9
    assert field.unit == (20, 20)


def test_the_unit_sits_where_its_field_would_be_centred_without_borders(images):
    corner = effective(small_net(), images, (0, 0), layer="0", progress=False)
    assert corner.unit == (0, 0)
    assert int((corner.map > 0).sum()) == 4


def test_a_field_of_another_image_is_refused(images):
    net = small_net()
    with pytest.raises(ValueError, match="the field is of an image of 32 x 32, the images are 64 x 48"):
        effective(net, images, (7, 5), field=theoretical(net, image_size=(32, 32)), progress=False)
    local = theoretical(net, image_size=(64, 48), stop_at_global=True)
    with pytest.raises(ValueError, match="leaves out global branches"):
        effective(net, images, (7, 5), field=local, progress=False)


def test_a_gradient_too_small_for_float32_is_found_in_float64():
    """Twelve layers of gain 1e-5: in float32 the gradient is zero, and a tool that trusts it sees no field at all."""
    net = uniform_stack(12)
    for layer in net:
        nn.init.constant_(layer.weight, 1e-5 / 9)
    field = effective(net, torch.randn(1, 1, 27, 27), (13, 13), progress=False)
    assert 0 < float(field.map.max()) < 1e-55
    assert field.std == pytest.approx((math.sqrt(12 * 8 / 12),) * 2, abs=1e-6)


def test_a_dictionary_answers_with_its_first_map(images):
    class Answers(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = small_net()

        def forward(self, x: Tensor) -> dict[str, Tensor]:
            return {"out": self.body(x), "aux": x}

    plain, wrapped = (effective(net, images, (7, 5), progress=False) for net in (small_net(), Answers()))
    assert torch.equal(plain.map, wrapped.map)


def test_a_module_that_runs_twice_has_a_layer_for_each_time():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.step = uniform_stack(1)

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            once = self.step(x)
            return once, self.step(once)

    image = torch.randn(1, 1, 15, 15)
    areas = {
        layer: effective(Twice(), image, (7, 7), layer=layer, progress=False).area(0)
        for layer in ("step", "step#2", "output", "output[1]")
    }
    assert areas == {"step": 9, "step#2": 25, "output": 9, "output[1]": 25}
    with pytest.raises(ValueError, match="not reached: this network runs it 2 times"):
        effective(Twice(), image, (7, 7), layer="step#3", progress=False)


def test_it_says_which_weights_these_are(images):
    net = small_net()
    assert "weights unknown" in repr(effective(net, images, (7, 5), progress=False))
    assert "random weights" in repr(effective(net, images, (7, 5), trained=False, progress=False))
    net.trained = True
    assert "trained weights" in repr(effective(net, images, (7, 5), progress=False))


# --- the measures of a map


def test_a_radius_lies_between_the_distances_that_hold_less_and_more():
    """Weights 1, 4 and 4 of 9 at distances 0, 1 and sqrt 2: half the weight is reached 7/8 of the way to distance 1."""
    spread = Spread(map=torch.ones(3, 3, dtype=torch.float64), unit=(1, 1))
    assert spread.radius(0.5) == pytest.approx((0.5 - 1 / 9) / (4 / 9))
    assert spread.radius(1.0) == pytest.approx(math.sqrt(2))
    assert spread.radius(0.05) == 0


def test_the_radii_of_a_gaussian_are_those_of_two_dimensions():
    """1 - exp(-r^2 / 2): 39.3 % inside one sigma, 95.45 % inside 2.486."""
    axis = torch.arange(-60, 61, dtype=torch.float64)
    bell = torch.exp(-(axis**2) / (2 * 10**2))
    spread = Spread(map=bell[:, None] * bell[None, :], unit=(60, 60))
    for mass in (0.3935, 0.5, 0.6827, 0.9545):
        assert spread.radius(mass) == pytest.approx(10 * math.sqrt(-2 * math.log(1 - mass)), abs=0.1)
    assert spread.std == pytest.approx((10, 10), abs=1e-3)


def test_area_counts_the_pixels_above_a_share_of_the_peak():
    """Luo et al. 2016: the rule is 1 - 0.9545 of the largest value."""
    spread = Spread(map=torch.tensor([[1.0, 0.0456], [0.0454, 0.5]], dtype=torch.float64), unit=(0, 0))
    assert spread.area() == 3
    assert spread.area(0.6) == 1
    assert spread.side() == pytest.approx(math.sqrt(3))


def test_no_measure_depends_on_the_scale_of_the_map():
    weight = torch.rand(9, 7, dtype=torch.float64)
    one, other = Spread(map=weight, unit=(4, 3)), Spread(map=weight * 1e-300, unit=(4, 3))
    assert one.std == pytest.approx(other.std)
    assert one.radius(0.7) == pytest.approx(other.radius(0.7))
    assert one.area() == other.area()


def test_the_disc_may_lie_about_the_unit():
    spread = Spread(map=torch.tensor([[0.0, 0.0, 0.0, 1.0]], dtype=torch.float64), unit=(0, 0))
    assert spread.radius(0.9) == 0
    assert spread.radius(0.9, about="unit") == 3


@pytest.mark.parametrize("mass", [0, -0.1, 1.5])
def test_a_mass_that_is_no_share_is_refused(mass):
    with pytest.raises(ValueError, match="share"):
        Spread(map=torch.ones(2, 2), unit=(0, 0)).radius(mass)


# --- errors


def test_a_pixel_outside_the_map_is_told_the_map(images):
    with pytest.raises(ValueError, match=r"pixel \(16, 0\) lies outside the output's map, which is 16 x 12"):
        effective(small_net(), images, (16, 0), progress=False)
    with pytest.raises(ValueError, match="outside the map of layer '0', which is 32 x 24"):
        effective(small_net(), images, (0, -1), layer="0", progress=False)


def test_an_unknown_layer_is_told_the_closest():
    net = nn.Sequential()
    net.add_module("encoder", nn.Conv2d(3, 3, 1))
    net.add_module("score", nn.Conv2d(3, 3, 1))
    with pytest.raises(ValueError, match=r"no layer 'scores'; did you mean 'score'\?"):
        effective(net, torch.randn(1, 3, 8, 8), (0, 0), layer="scores", progress=False)


def test_an_image_too_small_is_said_to_be():
    with pytest.raises(ValueError, match=r"cannot run on an image of 3 x 4 x 4.*too small"):
        effective(nn.Conv2d(3, 3, 7), torch.randn(1, 3, 4, 4), (0, 0), progress=False)


def test_a_layer_without_spatial_axes_is_refused():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    with pytest.raises(ValueError, match="no spatial axes: its shape is 1 x 2"):
        effective(net, torch.randn(1, 3, 9, 9), (0, 0), progress=False)
    assert effective(net, torch.randn(1, 3, 9, 9), (3, 3), layer="0", progress=False).area(0) == 9


@pytest.mark.parametrize(
    "wrong, words",
    [
        (torch.zeros(3, 8, 8, dtype=torch.uint8), "divide by 255"),
        (torch.zeros(8, 8), "2 axes"),
        (torch.full((1, 3, 8, 8), float("nan")), "not finite"),
        (torch.randint(0, 256, (1, 3, 16, 16)).float(), "whole numbers up to"),
        (torch.zeros(0, 3, 8, 8), "empty"),
    ],
)
def test_images_that_are_none_are_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        effective(nn.Conv2d(3, 3, 1), wrong, (0, 0), progress=False)


def test_weights_that_are_not_finite_are_refused():
    net = nn.Conv2d(3, 3, 1)
    nn.init.constant_(net.weight, float("nan"))
    with pytest.raises(ValueError, match="not finite"):
        effective(net, torch.randn(1, 3, 8, 8), (0, 0), progress=False)


def test_a_unit_that_nothing_moves_is_an_error():
    net = nn.Conv2d(3, 3, 1)
    nn.init.zeros_(net.weight)
    with pytest.raises(ValueError, match="zero everywhere"):
        effective(net, torch.randn(1, 3, 8, 8), (0, 0), progress=False)


@pytest.mark.parametrize("name", ["signs", "batch_size"])
def test_one_is_enough_and_none_is_refused(name):
    net, images = nn.Conv2d(3, 2, 3), torch.randn(2, 3, 9, 9)
    assert effective(net, images, (3, 3), progress=False, **{name: 1}).map.max() > 0
    with pytest.raises(ValueError, match=f"{name} must be at least 1, got 0"):
        effective(net, images, (3, 3), progress=False, **{name: 0})


@pytest.mark.parametrize("layer", [None, "3", "output"])
def test_many_units_of_one_layer_are_each_that_of_effective(images, layer):
    net = small_net()
    units = ManyUnits(net, images[:1], layer)
    for pixel in ((0, 0), (7, 5), (3, 9)):
        alone = effective(net, images[:1], pixel, layer=layer, progress=False)
        found = units(pixel)
        assert torch.equal(found.map, alone.map)
        assert (found.unit, found.pixel, found.layer) == (alone.unit, alone.pixel, alone.layer)


def test_many_units_look_at_the_weights_as_they_are_now(images):
    net = small_net()
    units = ManyUnits(net, images[:1])
    before = units((7, 5)).map
    with torch.no_grad():
        net[4].weight.mul_(3)
    torch.testing.assert_close(units((7, 5)).map, 3 * before)


def test_many_units_turn_to_float64_where_float32_is_too_narrow(images):
    net = small_net()
    with torch.no_grad():
        net[0].weight.mul_(1e-20)
        net[4].weight.mul_(1e-20)
    assert torch.equal(ManyUnits(net, images[:1])((7, 5)).map, effective(net, images[:1], (7, 5), progress=False).map)


def test_many_units_without_a_gradient_say_so(images):
    constant = nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.Threshold(1e9, 0))
    with pytest.raises(ValueError, match="zero everywhere"):
        ManyUnits(constant, images[:1])((7, 5))
    with pytest.raises(ValueError, match="one image, got 4"):
        ManyUnits(constant, images)
