"""DeconvNet against the authors' network, and what keeps it usable."""

import pytest
import torch
from unfilled import unfilled

from course_lib.models.deconvnet import DeconvNet


def test_equals_the_authors_network(golden):
    report = golden("deconvnet", unfilled(lambda: DeconvNet().double()), dtype=torch.float64)
    assert report, report


def test_parameters_are_counted_to_the_digit(parameters_of):
    assert parameters_of(DeconvNet) == 251_805_653  # networks.md 2.1


def test_one_cell_sees_the_whole_image():
    torch.manual_seed(0)
    net, image = DeconvNet(2, width=0.0625).eval(), torch.rand(1, 3, 224, 224)
    sizes = []
    net.fc6.register_forward_hook(lambda layer, inputs, output: sizes.append((inputs[0].shape[-1], output.shape[-1])))
    assert net(image).shape == (1, 2, 224, 224)
    assert sizes == [(7, 1)]


def test_a_small_image_is_told_what_would_work():
    net = DeconvNet(2, width=0.0625)
    with pytest.raises(
        ValueError, match="at least 193 x 193 pixels, got 192 x 200; a smaller fc6_kernel reads smaller"
    ):
        net(torch.rand(1, 3, 192, 200))
    assert net.eval()(torch.rand(1, 3, 193, 200)).shape == (1, 2, 193, 200)


@pytest.mark.parametrize("kernel, size", [(1, 33), (2, 33), (3, 65), (5, 129)])
def test_a_smaller_fc6_reads_smaller_images(kernel, size):
    net = DeconvNet(2, width=0.0625, fc6_kernel=kernel).eval()
    assert net(torch.rand(1, 3, size, size)).shape == (1, 2, size, size)
    with pytest.raises(ValueError, match=f"at least {size} x {size}"):
        net(torch.rand(1, 3, size - 1, size))


def test_one_image_through_one_cell_trains():
    torch.manual_seed(0)
    net = DeconvNet(2, width=0.0625, fc6_kernel=2).train()
    net(torch.rand(1, 3, 64, 64)).square().mean().backward()
    assert net.fc7.conv.weight.grad.abs().sum() > 0
    assert net.fc7.norm.running_mean.abs().sum() == 0


def test_every_shift_starts_at_a_thousandth():
    # networks.md 1.2: BN scale 1, shift 0.001
    shifts = [p for name, p in DeconvNet(2, width=0.0625).named_parameters() if name.endswith("norm.bias")]
    assert len(shifts) == 29
    assert all((p == 0.001).all() for p in shifts)


def test_weights_are_filled_only_once(monkeypatch):
    filled = []
    once = torch.Tensor.uniform_
    monkeypatch.setattr(torch.nn.init, "uniform_", lambda weight, a, b: filled.append(weight.numel()) or weight)
    monkeypatch.setattr(torch.Tensor, "uniform_", lambda *a, **k: pytest.fail("filled twice") or once(*a, **k))
    monkeypatch.setattr(torch.Tensor, "normal_", lambda *a, **k: pytest.fail("filled twice"))
    net = DeconvNet(2, width=0.0625)
    assert sum(filled) == sum(p.numel() for name, p in net.named_parameters() if p.ndim == 4)
