"""The empirical receptive field by occlusion: what a patch changes, and what it can never change."""

import random

import pytest
import torch
from random_nets import random_net
from torch import Tensor, nn

from course_lib.receptive_field import empirical, theoretical
from course_lib.receptive_field.empirical import _changes, plan
from course_lib.receptive_field.probing import window
from course_lib.receptive_field.probing.frozen import FrozenNet
from course_lib.receptive_field.probing.occlusion import Sweep, covered, hidden_under
from course_lib.receptive_field.probing.window import whole


def small_net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=2, padding=1),
        nn.BatchNorm2d(6),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 4, 3, padding=1),
    )


def reads_one_pixel(channels: int = 1) -> nn.Conv2d:
    """Each output pixel is the input pixel below it."""
    net = nn.Conv2d(1, channels, 1, bias=False)
    nn.init.ones_(net.weight)
    return net


@pytest.fixture(scope="module")
def images() -> Tensor:
    return torch.randn(4, 3, 64, 48, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("seed", range(24))
def test_the_cropped_sweep_equals_the_sweep_over_the_whole_image(seed, monkeypatch):
    net, choose = random_net(seed).double(), random.Random(seed)
    images = torch.randn(2, 3, choose.randint(60, 90), choose.randint(60, 90), dtype=torch.float64)
    height, width = net(images).shape[-2:]
    pixel = choose.randrange(height), choose.randrange(width)
    cropped = empirical(net, images, pixel, stride=7, progress=False)
    monkeypatch.setattr(window, "WORTH", -1.0)
    full = empirical(net, images, pixel, stride=7, progress=False)
    assert full.sweeps[0].window.size == tuple(images.shape[-2:])
    assert float((cropped.maps - full.maps).abs().max()) <= 1e-6 * float(full.maps.max())
    assert cropped.passes == full.passes
    mask = torch.as_tensor(theoretical(net, image_size=tuple(images.shape[-2:]), channels=3).mask(pixel))
    assert bool((cropped.map[~mask] == 0).all())


@pytest.mark.parametrize("seed", range(12))
def test_a_patch_outside_the_theoretical_field_changes_nothing(seed):
    """Not because the map is cut: each place of the patch is run over the whole image, and the answer does not move."""
    net = random_net(seed)
    image = torch.randn(3, 70, 66)
    height, width = net(image[None]).shape[-2:]
    pixel = height // 2, width // 3
    mask = torch.as_tensor(theoretical(net, image_size=(70, 66), channels=3).mask(pixel))
    rows, columns = covered(70, 9, 5), covered(66, 9, 5)
    everywhere = torch.ones(len(rows), len(columns), dtype=torch.bool)
    sweep = Sweep(0, pixel, whole((70, 66), pixel), mask, rows, columns, everywhere)
    with FrozenNet(net) as frozen, torch.no_grad(), _Silent() as bar:
        change = _changes(frozen, image, hidden_under(image, "noise", 0), sweep, 32, bar)
    touches = (rows.double() @ mask.double() @ columns.double().T) > 0
    assert bool((change[~touches.flatten()] == 0).all())
    assert bool((change[touches.flatten()] != 0).any())


class _Silent:
    def __enter__(self) -> "_Silent":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def update(self, _: int) -> None:
        pass


def test_each_pixel_gets_the_mean_change_of_the_patches_that_cover_it():
    """A unit that reads one pixel: each of the patches over it changes it by the same amount, so the mean is that."""
    image = torch.zeros(1, 1, 21, 21)
    image[0, 0, 10, 10] = 441.0  # the mean colour is then 1, and hiding the pixel changes it by 440
    field = empirical(reads_one_pixel(), image, (10, 10), patch="mean", size=5, stride=2, progress=False)
    expected = torch.zeros(21, 21, dtype=torch.float64)
    expected[10, 10] = 440
    assert torch.allclose(field.map, expected)
    assert field.centroid == (10, 10)


def test_against_occlusion_written_out(images):
    net = small_net().eval()
    image, (y, x) = images[:1], (7, 5)
    field = empirical(net, image, (y, x), patch="mean", size=11, stride=3, progress=False)
    total, number = torch.zeros(2, 64, 48, dtype=torch.float64)
    tops, lefts = [*range(0, 54, 3), 53], [*range(0, 38, 3), 37]
    with torch.no_grad():
        clean = net(image)[0, :, y, x]
        for top in dict.fromkeys(tops):
            for left in dict.fromkeys(lefts):
                hidden = image.clone()
                hidden[..., top : top + 11, left : left + 11] = image.mean((2, 3), keepdim=True)
                total[top : top + 11, left : left + 11] += (net(hidden)[0, :, y, x] - clean).abs().mean().double()
                number[top : top + 11, left : left + 11] += 1
    mask = torch.as_tensor(theoretical(net, image_size=(64, 48), channels=3).mask((y, x)))
    expected = torch.where(mask, total / number, 0.0)
    assert torch.allclose(field.map, expected, rtol=0, atol=1e-6 * float(expected.max()))


def test_zhou_lays_about_five_thousand_patches_on_an_image_of_224():
    """Zhou et al. 2015: an 11 x 11 occluder at stride 3 gives about 5000 occluded images."""
    assert len(covered(224, 11, 3)) ** 2 == 72**2 == 5184


@pytest.mark.parametrize("length, size, stride", [(20, 5, 3), (21, 5, 5), (11, 11, 3), (30, 7, 1)])
def test_the_patches_reach_every_pixel_and_none_hangs_over_the_edge(length, size, stride):
    places = covered(length, size, stride)
    assert bool(places.any(0).all())
    assert bool((places.sum(1) == size).all())


@pytest.mark.parametrize("what", [(7, 5), 2])
def test_the_plan_knows_the_number_of_passes(images, what, monkeypatch):
    net = small_net()
    counted = []
    net.register_forward_pre_hook(lambda _, inputs: counted.append(0 if inputs[0].is_meta else len(inputs[0])))
    monkeypatch.setattr(window, "WORTH", -1.0)  # the proof of a crop is not part of the promise
    field = empirical(net, images, what, progress=False)
    assert field.passes == plan(net, images, what).passes
    counted.clear()
    empirical(net, images, what, progress=False)
    assert sum(counted) == field.passes


def test_the_number_of_passes_is_announced(images, capsys):
    field = empirical(small_net(), images, (7, 5))
    announced = capsys.readouterr().err
    assert f"= {field.passes} forward passes" in announced
    assert "occlusion: " in announced


def test_one_sweep_serves_every_channel(images):
    net = small_net()
    field = empirical(net, images, (7, 5), progress=False)
    each = [field.of_channel(channel) for channel in range(4)]
    assert torch.allclose(torch.stack([one.map for one in each]).mean(0), field.map)
    with pytest.raises(ValueError, match="channel 4 does not exist: the output has 4 channels"):
        field.of_channel(4)


def test_a_channel_is_judged_where_it_is_excited_most(images):
    net = small_net().eval()
    answers = net(images)[:, 2].detach()
    field = empirical(net, images, 2, progress=False)
    for index, (y, x) in enumerate(field.pixels):
        assert float(answers[index, y, x]) == pytest.approx(float(answers[index].max()), abs=1e-6)


def test_only_the_most_exciting_images_are_kept(images):
    answers = small_net().eval()(images)[:, 1].detach().flatten(1).amax(1)
    field = empirical(small_net(), images, 1, top=2, progress=False)
    assert [sweep.image for sweep in field.sweeps] == answers.argsort(descending=True)[:2].tolist()


def test_the_calibrated_average_lies_centred_on_the_unit():
    """Four images, each with one bright pixel somewhere else: all maps meet in the middle."""
    images = torch.zeros(4, 1, 20, 24)
    for image, (y, x) in zip(images, [(3, 4), (10, 20), (15, 9), (6, 6)]):
        image[0, y, x] = 480.0
    field = empirical(reads_one_pixel(), images, 0, patch="mean", size=5, stride=2, progress=False)
    assert field.pixels == [(3, 4), (10, 20), (15, 9), (6, 6)]
    assert field.map.shape == (1, 1)
    assert field.unit == (0, 0)
    assert field.map.item() == pytest.approx(479)


@pytest.mark.parametrize("patch", ["noise", "mean", "blur"])
def test_each_patch_shows_something_else_but_keeps_the_colours(patch, images):
    hidden = hidden_under(images[0] + 3, patch, 0)
    assert hidden.shape == images[0].shape
    assert torch.allclose(hidden.mean((1, 2)), images[0].mean((1, 2)) + 3, atol=0.15)
    assert not torch.equal(hidden, images[0])


def test_a_blur_leaves_a_flat_image_as_it_is():
    flat = torch.full((2, 40, 30), 0.7)
    assert torch.allclose(hidden_under(flat, "blur", 0), flat)


def test_the_same_seed_gives_the_same_map(images):
    one, same, other = (empirical(small_net(), images, (7, 5), seed=s, progress=False).map for s in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_batches_make_no_difference(images):
    one, other = (empirical(small_net(), images, (7, 5), batch_size=size, progress=False).map for size in (5, 64))
    assert torch.allclose(one, other, rtol=0, atol=1e-6 * float(one.max()))


def test_the_network_comes_back_as_it_was(images):
    net = small_net()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    empirical(net, images, 1, layer="3", progress=False)
    assert all(module.training for module in net.modules())
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())
    assert not any(module._forward_hooks for module in net.modules())


@pytest.mark.parametrize(
    "options, words",
    [
        ({"patch": "black"}, "patch is one of noise, mean, blur, got 'black'"),
        ({"stride": 12}, "stride must be from 1 to the patch's size, 11, got 12"),
        ({"size": 49}, "shorter side, 48, got 49"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"top": 2}, "top chooses among images by a channel's excitement"),
        ({"layer": "44"}, "no layer '44'; did you mean '4'"),
    ],
)
def test_wrong_words_are_answered_clearly(images, options, words):
    with pytest.raises(ValueError, match=words):
        empirical(small_net(), images, (7, 5), progress=False, **options)


def test_wrong_units_are_answered_clearly(images):
    with pytest.raises(ValueError, match="channel 4 does not exist: the output has 4 channels"):
        empirical(small_net(), images, 4, progress=False)
    with pytest.raises(ValueError, match="outside the output's map, which is 16 x 12"):
        empirical(small_net(), images, (16, 12), progress=False)
    with pytest.raises(ValueError, match="top must be from 1 to the number of images, 4, got 5"):
        empirical(small_net(), images, 1, top=5, progress=False)
