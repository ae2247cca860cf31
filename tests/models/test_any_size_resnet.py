"""Every network on ResNet or Xception at a sixteenth of its width: any size, both modes, other formats, compiled."""

import pytest
import torch
from torch import Tensor, nn

from course_lib import models

NETWORKS = {
    "deeplab_v2": {},
    "deeplab_v2 multi_scale": {"multi_scale": True},
    "deeplab_v2_vgg16": {},
    "pspnet50": {},
    "pspnet101": {},
    "deeplab_v3_resnet50": {},
    "deeplab_v3_resnet50 output_stride 8": {"output_stride": 8},
    "deeplab_v3_resnet101 torchvision": {"variant": "torchvision", "auxiliary": True},
    "deeplab_v3plus": {},
    "deeplab_v3plus output_stride 8": {"output_stride": 8},
    "deeplab_v3plus resnet50": {"backbone": "resnet50"},
}
# the same modules as another of these, more of them or with another rate: the compiler reads no new line of ours
TWINS = ("pspnet101", "deeplab_v3_resnet50 output_stride 8", "deeplab_v3plus output_stride 8")


def narrow(title: str) -> nn.Module:
    """For three classes, in evaluation mode."""
    torch.manual_seed(0)
    return models.build(title.split()[0], num_classes=3, width=0.0625, **NETWORKS[title]).eval()


@pytest.fixture(
    params=[pytest.param(title, marks=[pytest.mark.once] * (title in TWINS)) for title in NETWORKS], scope="module"
)
def network(request) -> nn.Module:
    """The tests leave it in evaluation mode and float32."""
    return narrow(request.param)


def image(height: int = 33, width: int = 47, batch: int = 1) -> Tensor:
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("size", [(33, 33), (33, 47), (64, 64), (75, 58)])
def test_logits_have_the_images_size(network: nn.Module, size: tuple[int, int]) -> None:
    with torch.no_grad():
        logits = network(image(*size))
    assert logits.shape == (1, 3, *size)
    assert logits.isfinite().all()
    assert logits.std() > 0


def test_one_image_of_the_smallest_size_trains_every_parameter(network: nn.Module) -> None:
    network.train()
    network.zero_grad()
    pairs = models.training_logits(network, image(33, 33))
    sum(weight * logits.square().mean() for weight, logits in pairs).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
    network.eval()


def test_images_of_a_batch_do_not_meet(network: nn.Module) -> None:
    with torch.no_grad():
        both = network(image(batch=2))
        torch.testing.assert_close(network(image(batch=2)[1:]), both[1:], rtol=1e-4, atol=1e-4)


def test_channels_last_changes_nothing(network: nn.Module) -> None:
    x = image()
    with torch.no_grad():
        expected = network(x)
        network.to(memory_format=torch.channels_last)
        found = network(x.contiguous(memory_format=torch.channels_last))
        network.to(memory_format=torch.contiguous_format)
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-3 * expected.abs().max().item())


def test_bfloat16_stays_near_float32(network: nn.Module) -> None:
    x = image()
    with torch.no_grad():
        expected = network(x)
        found = network.to(torch.bfloat16)(x.to(torch.bfloat16))
        network.float()
    assert found.dtype == torch.bfloat16
    # a hundred layers of eight bits each
    assert (found.float() - expected).abs().mean() < 0.1 * expected.abs().mean()


@pytest.mark.parametrize("title", [title for title in NETWORKS if title not in TWINS])
def test_compiles_without_a_graph_break(title: str) -> None:
    net, x = narrow(title), image(65, 49)
    torch._dynamo.reset()
    with torch.no_grad():
        expected = net(x)
        found = torch.compile(net, backend="eager", fullgraph=True)(x)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("title", ["deeplab_v2_vgg16", "deeplab_v3_resnet50"])
def test_compiles_in_training_mode_too(title: str) -> None:
    net = narrow(title).train()
    torch._dynamo.reset()
    logits = torch.compile(net, backend="eager", fullgraph=True)(image(49, 33))
    assert logits.requires_grad


@pytest.mark.parametrize("title", NETWORKS)
def test_exports(title: str) -> None:
    net, x = narrow(title), image(65, 49)
    with torch.no_grad():
        exported = torch.export.export(net, (x,)).module()
        torch.testing.assert_close(exported(x), net(x))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_runs_on_cuda(network: nn.Module, dtype: torch.dtype) -> None:
    x = image().cuda().to(dtype)
    with torch.no_grad():
        logits = network.cuda().to(dtype)(x)
        network.cpu().float()
    assert logits.device.type == "cuda"
    assert logits.isfinite().all()
