"""EfficientNet-Lite0 against timm's, and the trade of strides for rates."""

import pytest
import torch
from torch.nn import functional as F

from course_lib import models
from course_lib.datasets import photos
from course_lib.models import shipped
from course_lib.models.efficientnet_lite import EfficientNetLite0, EfficientNetLite0Classifier, SameConvolution

IMAGENET = "efficientnet_lite0_imagenet"


def lively(net: torch.nn.Module) -> torch.nn.Module:
    """BN with statistics of its own, so that each of them matters."""
    torch.manual_seed(0)
    for layer in net.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
            torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
            torch.nn.init.normal_(layer.bias, 0, 0.1)
    return net.eval()


@pytest.fixture(scope="module")
def twins():
    """timm's network, and ours with its weights, copied in order."""
    import timm  # seconds, for that worker alone which comes here

    torch.manual_seed(0)
    theirs, ours = lively(timm.create_model("tf_efficientnet_lite0")), EfficientNetLite0Classifier()
    own = ours.state_dict()
    copied = zip(own, theirs.state_dict().values(), strict=True)
    ours.load_state_dict({name: value.reshape(own[name].shape) for name, value in copied})
    return theirs, ours.eval()


@torch.no_grad()
@pytest.mark.parametrize("height, width", [(224, 224), (161, 190), (65, 97)])
def test_equals_timms_with_weights_copied_in_order(twins, height, width):
    theirs, ours = twins
    image = torch.randn(2, 3, height, width)
    expected = theirs(image)
    assert expected.std() > 1e-2
    torch.testing.assert_close(ours.classify(image), expected, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_a_symmetric_padding_would_be_noticed(twins, monkeypatch):
    theirs, ours = twins
    image = torch.randn(1, 3, 224, 224)
    monkeypatch.setattr(
        SameConvolution,
        "forward",
        lambda self, x: F.conv2d(
            x, self.weight, None, self.stride, self.kernel_size[0] // 2 * self.dilation[0], self.dilation, self.groups
        ),
    )
    assert (ours.classify(image) - theirs(image)).abs().max() > 1e-3


def test_parameters_are_counted_to_the_digit(parameters_of):
    assert parameters_of(EfficientNetLite0Classifier) == 4_652_008
    assert parameters_of(EfficientNetLite0) == 2_958_848


def coarse_places(side: int, output_stride: int) -> list[int]:
    """Where the cells of stride 32 lie on the denser map: an even side is read from its second pixel on."""
    stride8 = -(-side // 8)
    stride16 = -(-stride8 // 2)
    places = [2 * cell + 1 - stride16 % 2 for cell in range(-(-stride16 // 2))]
    return [2 * place + 1 - stride8 % 2 for place in places] if output_stride == 8 else places


@torch.no_grad()
@pytest.mark.parametrize("output_stride", [16, 8])
@pytest.mark.parametrize("height, width", [(128, 128), (129, 97), (100, 163)])
def test_strides_traded_for_rates_give_the_same_values_on_the_coarse_grid(output_stride, height, width):
    torch.manual_seed(1)
    coarse, dense = lively(EfficientNetLite0()), EfficientNetLite0(output_stride=output_stride).eval()
    dense.load_state_dict(coarse.state_dict())
    image = torch.randn(1, 3, height, width)
    expected, found = coarse(image)[1], dense(image)[1]
    assert found.shape[-2:] == (-(-height // output_stride), -(-width // output_stride))
    rows, columns = coarse_places(height, output_stride), coarse_places(width, output_stride)
    torch.testing.assert_close(found[:, :, rows][..., columns], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kernel_size, rate, height, width", [(5, 2, 13, 17), (3, 2, 12, 11), (5, 4, 13, 25)])
def test_training_computes_the_same_dilated_convolution(kernel_size, rate, height, width):
    torch.manual_seed(0)
    layer = SameConvolution(4, 4, kernel_size, dilation=rate, groups=4, bias=False).double()
    image = torch.randn(2, 4, height, width, dtype=torch.double)
    answers, gradients = [], []
    for training in (True, False):
        answers.append(layer.train(training)(image))
        gradients.append(torch.autograd.grad(answers[-1].square().sum(), layer.weight)[0])
    torch.testing.assert_close(*answers)
    torch.testing.assert_close(*gradients)


def test_imagenets_network_names_the_cat_and_the_heat_lies_on_it():
    net = models.build("efficientnet_lite0", 1000, weights=IMAGENET).eval()
    told = shipped.card(IMAGENET)
    photo = photos.load("cat")
    image = (photo.image[None].float() / 255 - told["mean"]) / told["std"]
    with torch.no_grad():
        heat = net.scores(image)[0]
    assert told["classes"][int(heat.mean((1, 2)).argmax())] in ("Egyptian cat", "tabby", "tiger cat")
    cats = torch.logsumexp(heat[281:286], 0)[None, None]
    there = F.interpolate(cats, photo.mask.shape, mode="bilinear")[0, 0]
    assert there[photo.mask == 1].mean() > there[photo.mask == 0].mean()


def test_the_mean_of_the_heat_map_is_the_classifiers_answer(twins):
    _, ours = twins
    image = torch.randn(1, 3, 96, 96)
    with torch.no_grad():
        torch.testing.assert_close(ours.scores(image).mean((2, 3)), ours.classify(image))
        assert ours(image).shape == (1, 1000, 96, 96)


def test_an_impossible_output_stride_is_named():
    with pytest.raises(ValueError, match="output_stride must be 8, 16 or 32, got 4"):
        EfficientNetLite0(output_stride=4)
