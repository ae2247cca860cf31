"""FCN against the authors' networks, and its crops against geometry."""

import pytest
import torch
from unfilled import unfilled

from course_lib.models import fcn
from course_lib.models.fcn import FCN8s, FCN8sAtOnce, FCN16s, FCN32s

FILES = {"fcn32s": FCN32s, "fcn16s": FCN16s, "fcn8s": FCN8s, "fcn8s_atonce": FCN8sAtOnce}


@pytest.mark.parametrize("name", FILES)
def test_equals_the_authors_network(golden, name):
    report = golden(name, unfilled(FILES[name]))
    assert report, report


@pytest.mark.parametrize(
    "network, expected, fixed",  # networks.md 2.1
    [
        (FCN32s, 136_152_917, 1_806_336),
        (FCN16s, 134_815_994, 458_640),
        (FCN8s, 134_489_759, 127_008),
        (FCN8sAtOnce, 134_489_759, 127_008),
    ],
)
def test_parameters_are_counted_to_the_digit(parameters_of, network, expected, fixed):
    assert parameters_of(network) == expected
    with torch.device("meta"):
        assert sum(p.numel() for p in network().parameters() if not p.requires_grad) == fixed


def test_sizes_within_are_the_papers():
    # networks.md 1.1: the 500 x 500 image is 698 after conv1_1, 22 after pool5, 16 from fc6 on
    with torch.device("meta"):
        net, image = FCN32s(), torch.zeros(1, 3, 500, 500)
        pool3, pool4, scores = net.features(image)
        assert net.conv1(image).shape[-1] == 698
    assert [x.shape[-1] for x in (pool3, pool4, scores)] == [88, 44, 16]
    assert net.upscore(scores).shape[-1] == 544


@pytest.mark.parametrize("network", [FCN32s, FCN16s, FCN8s])
def test_score_layers_start_at_zero(network):
    net = network(3, width=0.0625)
    assert not net(torch.rand(1, 3, 40, 50)).any()


def test_the_papers_learned_upsampling_leaves_the_last_one_fixed():
    net = FCN8s(3, width=0.0625, learn_upsampling=True)
    learned = {name: getattr(net, name).weight.requires_grad for name in ("upscore2", "upscore_pool4", "upscore8")}
    assert learned == {"upscore2": True, "upscore_pool4": True, "upscore8": False}
    assert FCN16s(3, width=0.0625, learn_upsampling=True).upscore2.weight.requires_grad


def test_at_once_is_8s_with_scaled_pools():
    torch.manual_seed(0)
    plain, at_once = filled(FCN8s), FCN8sAtOnce(3, width=0.0625).eval()
    at_once.load_state_dict(plain.state_dict())
    with torch.no_grad():
        at_once.score_pool4.weight *= 100
        at_once.score_pool3.weight *= 10_000
    image = torch.rand(1, 3, 45, 39)
    torch.testing.assert_close(at_once(image), plain(image), rtol=1e-4, atol=1e-4)


def filled(network) -> torch.nn.Module:
    """A narrow network whose score layers have weights."""
    net = network(3, width=0.0625).eval()
    with torch.no_grad():
        for name in ("score_fr", "score_pool4", "score_pool3"):
            if hasattr(net, name):
                getattr(net, name).weight.normal_()
                getattr(net, name).bias.normal_()
    return net


def crops_of(network, monkeypatch) -> list[int]:
    """The offsets of a network's crops in the order of use."""
    offsets = []

    def note(x, size, *, offset):
        offsets.append(offset)
        return x[..., offset : offset + size[0], offset : offset + size[1]]

    monkeypatch.setattr(fcn, "crop", note)
    network(3, width=0.0625)(torch.rand(1, 3, 33, 33))
    return offsets


# The image row at which the first cell of a map is centred. conv1_1 with padding 100 moves it to -99, every pool of
# stride 2 adds half a cell of the map before it, fc6 without padding adds three cells of stride 32.
POOL3 = -99 + (1 + 2 + 4) / 2
POOL4 = POOL3 + 8 / 2
SCORE = POOL4 + 16 / 2 + 3 * 32


def enlarged(centre: float, stride: int, factor: int, kernel: int) -> float:
    """Where the first cell lies after a transposed convolution that makes cells of `stride` `factor` times finer."""
    return centre - (kernel - 1) / 2 * stride / factor


def test_crops_put_centres_on_centres(monkeypatch):
    assert enlarged(SCORE, 32, 32, 64) + 1 * 19 == 0
    assert crops_of(FCN32s, monkeypatch) == [19]
    twice = enlarged(SCORE, 32, 2, 4)
    assert twice == POOL4 + 16 * 5
    assert enlarged(twice, 16, 16, 32) + 1 * 27 == 0
    assert crops_of(FCN16s, monkeypatch) == [5, 27]
    again = enlarged(twice, 16, 2, 4)
    assert again == POOL3 + 8 * 9
    assert enlarged(again, 8, 8, 16) + 1 * 31 == 0
    assert crops_of(FCN8s, monkeypatch) == [5, 9, 31]


def upsampled(x: torch.Tensor, stride: int, offset: int, size: tuple[int, int]) -> torch.Tensor:
    """Bilinear upsampling and crop as two small matrices: cell i weighs 1 - |distance| / stride at each pixel."""
    sides = []
    for cells, pixels in zip(x.shape[-2:], size):
        centres = torch.arange(cells) * stride + stride - 0.5
        distance = (torch.arange(pixels)[:, None] + offset - centres).abs()
        sides.append((1 - distance / stride).clamp(min=0))
    return sides[0] @ x @ sides[1].T


def by_matrices(net: torch.nn.Module, image: torch.Tensor) -> torch.Tensor:
    """FCN-8s and FCN-16s from their features on, without transposed convolutions."""
    pool3, pool4, x = net.features(image)
    x = upsampled(x, 2, 0, tuple(2 * side + 2 for side in x.shape[-2:]))
    height, width = x.shape[-2:]
    x = x + net.score_pool4(pool4)[..., 5 : 5 + height, 5 : 5 + width]
    if isinstance(net, FCN16s):
        return upsampled(x, 16, 27, image.shape[-2:])
    x = upsampled(x, 2, 0, tuple(2 * side + 2 for side in x.shape[-2:]))
    height, width = x.shape[-2:]
    x = x + net.score_pool3(pool3)[..., 9 : 9 + height, 9 : 9 + width]
    return upsampled(x, 8, 31, image.shape[-2:])


@pytest.mark.parametrize("network", [FCN16s, FCN8s])
def test_skips_equal_a_reference_of_matrices(network):
    torch.manual_seed(0)
    net, image = filled(network), torch.rand(1, 3, 47, 66)
    with torch.no_grad():
        torch.testing.assert_close(net(image), by_matrices(net, image))


@pytest.mark.parametrize("wrong", [5, 9, 31])
def test_a_crop_shifted_by_one_is_noticed(monkeypatch, wrong):
    torch.manual_seed(0)
    net, image, right = filled(FCN8s), torch.rand(1, 3, 47, 66), fcn.crop
    monkeypatch.setattr(fcn, "crop", lambda x, size, offset: right(x, size, offset=offset + (offset == wrong)))
    with torch.no_grad():
        difference = (net(image) - by_matrices(net, image)).abs().max()
    assert difference > 1e-2
