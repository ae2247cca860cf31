"""Networks that others wrote, as they are: masks equal the twin's, to the pixel."""

import warnings

import pytest
import torchvision
from torch import nn
from twin_check import agree

# older segmentation_models import a package whose source makes Python warn
pytestmark = pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")

# the last layer before the global pooling, and one in the middle whose fields are smaller than the image
CLASSIFIERS = {
    "alexnet": ("features", "features.6"),
    "vgg11_bn": ("features", "features.10"),
    "vgg16": ("features", "features.20"),
    "resnet18": ("layer4", "layer2"),
    "resnet101": ("layer4", "layer2.3"),
    "densenet121": ("features", "features.denseblock2"),
    "googlenet": ("inception5b", "inception4a"),
    "inception_v3": ("Mixed_7c", "Mixed_5d"),
    "mobilenet_v2": ("features", "features.6"),
    "mobilenet_v3_small": ("features", "features.1"),
    "shufflenet_v2_x0_5": ("conv5", "stage2"),
    "mnasnet0_5": ("layers", "layers.9"),
    "regnet_x_400mf": ("trunk_output", "trunk_output.block2"),
    "regnet_y_400mf": ("trunk_output", "stem"),
    "efficientnet_b0": ("features", "features.0"),
    "convnext_tiny": ("features", "features.1"),
    "squeezenet1_0": ("classifier.3", "features.6"),
}


@pytest.fixture(autouse=True)
def undrawn(monkeypatch) -> None:
    """Weights stay as the memory was: neither side looks at their values, and to draw them takes a second a network."""
    for name in vars(nn.init):
        if name.endswith(("normal_", "uniform_")):
            monkeypatch.setattr(nn.init, name, lambda tensor, *_, **__: tensor)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_torchvision_classifier_agrees_with_the_twin(name):
    net = getattr(torchvision.models, name)(
        weights=None, **({"init_weights": False} if "inc" in name or "goo" in name else {})
    )
    for layer in CLASSIFIERS[name]:
        agree(net, (107, 139), layer=layer)


@pytest.mark.parametrize(
    "name",
    [
        "fcn_resnet50",
        "deeplabv3_resnet50",
        "deeplabv3_resnet101",
        "deeplabv3_mobilenet_v3_large",
        "lraspp_mobilenet_v3_large",
    ],
)
def test_torchvision_segmentation_agrees_with_the_twin(name):
    net = getattr(torchvision.models.segmentation, name)(weights=None, weights_backbone=None)
    agree(net, (97, 131))


@pytest.mark.parametrize(
    "name", ["Unet", "UnetPlusPlus", "Linknet", "FPN", "PSPNet", "PAN", "DeepLabV3", "DeepLabV3Plus", "UPerNet"]
)
def test_decoder_of_segmentation_models_agrees_with_the_twin(name):
    import segmentation_models_pytorch as smp

    net = getattr(smp, name)("resnet18", encoder_weights=None, classes=2)
    agree(net, (128, 160) if name == "PAN" else (96, 160))


def test_an_attention_decoder_is_an_upper_bound_and_says_so():
    import segmentation_models_pytorch as smp

    with pytest.warns(UserWarning, match="bmm"):
        agree(smp.MAnet("resnet18", encoder_weights=None, classes=2), (96, 128))


@pytest.mark.parametrize("name", ["swin_t", "vit_b_16"])
def test_transformers_are_an_upper_bound_and_say_so(name):
    from course_lib.receptive_field import theoretical

    net = getattr(torchvision.models, name)(weights=None)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        field = theoretical(net, (224, 224))
    assert any("upper bound" in str(w.message) for w in caught)
    assert not field.exact


def test_attention_in_windows_stays_inside_its_windows():
    """Swin's first block: windows of 7 x 7 patches of 4 x 4 pixels."""
    from course_lib.receptive_field import theoretical

    with pytest.warns(UserWarning, match="upper bound"):
        field = theoretical(torchvision.models.swin_t(weights=None), (224, 224))
    assert field.box((10, 3), "features.1.0") == (28, 0, 56, 28)
