"""Every network of the VGG family at a sixteenth of its width: any size, both modes, other formats, and compiled."""

from functools import partial

import pytest
import torch
from golden import goldenlib
from torch import nn

from course_lib.models.deconvnet import DeconvNet
from course_lib.models.deeplab_v1 import DeepLabV1
from course_lib.models.dilatednet import DilatedNet
from course_lib.models.fc_densenet import fc_densenet56, fc_densenet103
from course_lib.models.fcn import FCN8s, FCN8sAtOnce, FCN16s, FCN32s
from course_lib.models.segnet import SegNet, SegNetBasic
from course_lib.models.unet import UNet

NETWORKS = {
    "fcn32s": FCN32s,
    "fcn16s": FCN16s,
    "fcn8s": FCN8s,
    "fcn8s_at_once": FCN8sAtOnce,
    "deconvnet": partial(DeconvNet, fc6_kernel=2),
    "segnet": SegNet,
    "segnet_basic": SegNetBasic,
    "unet": UNet,
    "unet_release": partial(UNet, variant="release"),
    "fc_densenet56": fc_densenet56,
    "fc_densenet103": fc_densenet103,
    "deeplab_v1": DeepLabV1,
    "dilatednet_frontend": DilatedNet,
    "dilatednet_basic": partial(DilatedNet, context="basic"),
    "dilatednet_large": partial(DilatedNet, context="large"),
}
DEEPER = "fc_densenet103"  # more of the blocks of fc_densenet56
SIZES = [(33, 47), (64, 64), (75, 58)]


@pytest.fixture(
    params=[pytest.param(name, marks=[pytest.mark.once] * (name == DEEPER)) for name in NETWORKS], scope="module"
)
def network(request) -> nn.Module:
    """A narrow network for three classes; the tests leave it in evaluation mode and float32."""
    torch.manual_seed(0)
    return filled(NETWORKS[request.param](3, width=0.0625)).eval()


def filled(net: nn.Module) -> nn.Module:
    """Score layers that start at 0 would hide what comes before them."""
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.requires_grad and not parameter.any():
                parameter.normal_(std=0.1)
    return net


def image(height: int = 33, width: int = 47, batch: int = 1) -> torch.Tensor:
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("size", SIZES)
def test_logits_have_the_images_size(network, size):
    with torch.no_grad():
        logits = network(image(*size))
    assert logits.shape == (1, 3, *size)
    assert logits.isfinite().all()
    assert logits.std() > 0


def test_one_image_trains_every_parameter(network):
    network.train()
    network.zero_grad()
    network(image(33, 33)).square().sum().backward()
    for name, parameter in network.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert parameter.grad.isfinite().all(), name
    network.eval()


def test_images_of_a_batch_do_not_meet(network):
    with torch.no_grad():
        both = network(image(batch=2))
        torch.testing.assert_close(both[1:], network(image(batch=2)[1:]), rtol=1e-4, atol=1e-4)


def test_half_precision_follows(network):
    with torch.no_grad():
        logits = network.to(torch.bfloat16)(image().to(torch.bfloat16))
    network.to(torch.float32)
    assert logits.dtype == torch.bfloat16
    assert logits.isfinite().all()


def test_the_memory_format_changes_nothing(network):
    with torch.no_grad():
        usual = network(image())
        network.to(memory_format=torch.channels_last)
        other = network(image().to(memory_format=torch.channels_last))
        network.to(memory_format=torch.contiguous_format)
    torch.testing.assert_close(other, usual, rtol=1e-4, atol=1e-4 * usual.abs().max().item())


@pytest.mark.parametrize("network", [name for name in NETWORKS if name != DEEPER], indirect=True)
def test_compiles_without_a_break(network):
    torch._dynamo.reset()
    with torch.no_grad():
        compiled = torch.compile(network, fullgraph=True, backend="eager")(image())
        torch.testing.assert_close(compiled, network(image()), rtol=1e-4, atol=1e-4)


def test_exports(network):
    with torch.no_grad():
        program = torch.export.export(network, (image(),)).module()
        torch.testing.assert_close(program(image()), network(image()), rtol=1e-4, atol=1e-4)


def test_layers_are_registered_in_the_order_of_the_forward_pass(network):
    _, executed = goldenlib.trace(network, image())
    registered = dict.fromkeys(name.rpartition(".")[0] for name, _ in network.named_parameters())
    assert [node.name for node in executed] == list(registered)


def test_scores_are_what_the_logits_come_from(network):
    with torch.no_grad():
        picture = image(412, 412)  # legal for the valid maps of U-Net (16k + 12) and DilatedNet (8k + 372)
        scores = network.scores(picture)
    expected = {"UNet": 412 - 184, "DilatedNet": (412 - 372) // 8, "DeepLabV1": 53}.get(type(network).__name__, 412)
    assert scores.shape == (1, 3, expected, expected)


@pytest.mark.parametrize(
    "wrong, words",
    [
        (torch.rand(3, 64, 64), "add the batch dimension"),
        (torch.rand(1, 1, 64, 64), "reads 3 channels, the image has 1"),
        (torch.zeros(1, 3, 64, 64, dtype=torch.uint8), "must be floating point"),
        (torch.rand(1, 3, 20, 64), "at least 33 x 33 pixels, got 20 x 64"),
    ],
    ids=["rank", "channels", "integers", "size"],
)
def test_an_image_that_cannot_be_read_is_explained(network, wrong, words):
    with pytest.raises(ValueError, match=words):
        network(wrong)


@pytest.mark.parametrize("name", NETWORKS)
def test_options_that_cannot_work_are_explained(name):
    with pytest.raises(ValueError, match=r"width 0\.001 rounds"):
        NETWORKS[name](3, width=0.001)
    with pytest.raises(ValueError, match="num_classes must be at least 1, got 0"):
        NETWORKS[name](0, width=0.0625)
    with pytest.raises(ValueError, match="in_channels must be at least 1, got 0"):
        NETWORKS[name](3, in_channels=0, width=0.0625)


@pytest.mark.parametrize("name", NETWORKS)
def test_other_images_than_colour(name):
    with torch.device("meta"):
        assert NETWORKS[name](3, in_channels=5, width=0.0625)(torch.zeros(1, 5, 40, 40)).shape == (1, 3, 40, 40)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_the_gpu_agrees(network):
    # float64: a rounding that moves one maximum would move its value in the unpooled map
    picture = image(64, 64).double()
    with torch.no_grad():
        here, there = network.double()(picture), network.cuda()(picture.cuda()).cpu()
    network.float().cpu()
    torch.testing.assert_close(there, here)
