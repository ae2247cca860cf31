"""Every network by its name; errors that say what would work."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import torch

from course_lib import models

ROOT = Path(__file__).resolve().parents[2]
# architecture.md
NAMES = [
    "deconvnet",
    "deeplab_v1",
    "deeplab_v2",
    "deeplab_v2_vgg16",
    "deeplab_v3_resnet101",
    "deeplab_v3_resnet50",
    "deeplab_v3plus",
    "dilatednet_basic",
    "dilatednet_frontend",
    "dilatednet_large",
    "fc_densenet103",
    "fc_densenet56",
    "fc_densenet67",
    "fcn16s",
    "fcn32s",
    "fcn8s",
    "fcn8s_at_once",
    "pspnet101",
    "pspnet50",
    "segnet",
    "segnet_basic",
    "unet",
]
DEEP = {"deeplab_v2", "deeplab_v3_resnet101", "deeplab_v3plus", "fc_densenet103", "fc_densenet67", "pspnet101"}
EACH = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in DEEP else name for name in NAMES]
)


def test_names_are_those_of_the_lectures() -> None:
    assert models.names() == NAMES == sorted(NAMES)


@EACH
def test_every_network_answers_for_every_pixel(name: str) -> None:
    net = models.build(name, num_classes=5, width=0.125, in_channels=4, device="meta").eval()
    image = torch.empty(2, 4, 380, 396, device="meta")  # sides that U-Net and DilatedNet take without a mirror
    assert net(image).shape == (2, 5, 380, 396)
    assert net.scores(image).shape[:2] == (2, 5)
    assert {p.device.type for p in net.parameters()} == {"meta"}


@pytest.mark.usefixtures("shapes_alone")
@EACH
def test_training_logits_are_weighted_maps_at_the_images_size(name: str) -> None:
    net = models.build(name, width=0.125, device="meta").eval()
    pairs = models.training_logits(net, torch.empty(1, 3, 225, 225, device="meta"))
    assert pairs[0][0] == 1.0
    assert all(0 < weight <= 1 and logits.shape == (1, 21, 225, 225) for weight, logits in pairs)


@pytest.mark.usefixtures("shapes_alone")
@EACH
def test_parameters_are_registered_in_the_order_of_the_forward_pass(name: str) -> None:
    net = models.build(name, width=0.125, device="meta").eval()
    order: list[str] = []
    for layer, module in net.named_modules():
        if list(module.parameters(recurse=False)):
            module.register_forward_hook(lambda module, inputs, output, layer=layer: order.append(layer))
    net(torch.empty(1, 3, 225, 225, device="meta"))
    registered = [n for n, m in net.named_modules() if list(m.parameters(recurse=False)) and "auxiliary" not in n]
    assert order == registered


@EACH
def test_width_keeps_the_topology(name: str) -> None:
    def skeleton(width: float) -> list[str]:
        return [type(m).__name__ for m in models.build(name, width=width, device="meta").modules()]

    assert skeleton(0.125) == skeleton(1.0)


@pytest.mark.slow
@pytest.mark.newest  # torch 2.6 itself imports sympy for meta tensors
def test_building_on_meta_wakes_nothing() -> None:
    """To fill tensors without memory, torch would import sympy and a thousand modules: five seconds."""
    code = """
import sys
from course_lib import models
for name in models.names():
    models.build(name, device="meta")
print("sympy" in sys.modules, "torchvision" in sys.modules, "torchinfo" in sys.modules)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert found.stdout.split() == ["False"] * 3


def test_the_default_device_is_respected() -> None:
    with torch.device("meta"):
        assert next(models.build("segnet", width=0.125).parameters()).is_meta
    assert next(models.build("segnet", width=0.125).parameters()).device.type == "cpu"


def test_same_seed_same_network() -> None:
    def build() -> torch.Tensor:
        torch.manual_seed(3)
        return next(models.build("deeplab_v2", width=0.05).parameters())

    assert torch.equal(build(), build())


@pytest.mark.parametrize(
    "name, words",
    [
        ("deeplab_v3", "there is no network 'deeplab_v3'; did you mean 'deeplab_v"),
        ("SegNet", "did you mean 'segnet'"),
        ("u-net", "did you mean 'unet'"),
        ("xyz", "known: deconvnet, deeplab_v1"),
    ],
)
def test_unknown_names_suggest_the_closest(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        models.build(name)


def test_unknown_options_list_the_known_ones() -> None:
    with pytest.raises(
        ValueError, match=r"did you mean 'output_stride'\? it takes: auxiliary, in_channels, multi_grid"
    ):
        models.build("deeplab_v3_resnet50", outputstride=8)
    with pytest.raises(ValueError, match="segnet has no option 'output_stride'; it takes: in_channels"):
        models.build("segnet", output_stride=8)


@EACH
@pytest.mark.parametrize(
    "options, words",
    [
        ({"num_classes": 0}, "num_classes must be at least 1, got 0"),
        ({"in_channels": 0}, "in_channels must be at least 1, got 0"),
        ({"width": 0.001}, "width 0.001 rounds"),
        ({"width": -1.0}, "width -1 rounds"),
        ({"width": float("nan")}, "width nan rounds"),
    ],
)
def test_impossible_numbers_are_named(name: str, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        models.build(name, device="meta", **options)


@cache
def narrow(name: str) -> torch.nn.Module:
    """One network for all images that it refuses."""
    return models.build(name, width=0.125, device="meta")


@EACH
@pytest.mark.parametrize(
    "image, words",
    [
        (torch.empty(1, 4, 225, 225), "reads 3 channels, the image has 4"),
        (torch.empty(3, 225, 225), r"image\[None\]"),
        (torch.empty(1, 3, 225, 225, dtype=torch.uint8), "floating point"),
        (torch.empty(1, 3, 225, 32), "at least .* pixels, got 225 x 32"),
    ],
)
def test_impossible_images_are_explained(name: str, image: torch.Tensor, words: str) -> None:
    net = narrow(name)
    for ask in (net, net.scores, lambda image: models.training_logits(net, image)):
        with pytest.raises(ValueError, match=words):
            ask(image.to("meta"))
