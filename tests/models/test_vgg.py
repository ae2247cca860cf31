"""VGG16, and torchvision's weights in it."""

import pytest
import torch
from torch import nn

from course_lib.models import vgg

WIDTH = 1 / 16


def theirs(norm: bool) -> nn.Module:
    """torchvision's layers at our width, with a classifier of the same shape as VGG16's."""
    from torchvision.models.vgg import make_layers

    plan = [w if w == "M" else vgg.scaled(w, WIDTH) for w in (64, 64, "M", 128, 128, "M", *(256,) * 3, "M")]
    plan += [w if w == "M" else vgg.scaled(w, WIDTH) for w in (*(512,) * 3, "M", *(512,) * 3, "M")]
    net = nn.Module()
    net.features = make_layers(plan, batch_norm=norm)
    net.classifier = nn.Sequential(nn.Linear(32 * 49, 256), nn.ReLU(), nn.Dropout(), nn.Linear(256, 256), nn.ReLU())
    return net.eval()


@pytest.mark.parametrize("classes, expected", [(1000, 138_357_544), (None, 14_714_688)])  # networks.md 2.1
def test_parameters_are_counted_to_the_digit(classes, expected):
    with torch.device("meta"):
        assert sum(p.numel() for p in vgg.vgg16(classes).parameters()) == expected


@pytest.mark.parametrize("norm", [False, True])
def test_torchvisions_weights_give_torchvisions_features(norm):
    torch.manual_seed(0)
    reference, ours = theirs(norm), vgg.vgg16(None, width=WIDTH, norm=norm).eval()
    ours.load_state_dict(vgg.from_torchvision(reference.state_dict(), ours))
    image = torch.rand(1, 3, 64, 75)
    torch.testing.assert_close(ours(image), reference.features(image))


def test_torchvisions_linear_layers_become_convolutions():
    torch.manual_seed(0)
    reference, ours = theirs(False), vgg.vgg16(5, width=WIDTH).eval()
    missing, unexpected = ours.load_state_dict(vgg.from_torchvision(reference.state_dict(), ours), strict=False)
    assert missing == ["fc8.weight", "fc8.bias"]
    assert not unexpected
    x = torch.rand(2, 32, 7, 7)
    torch.testing.assert_close(ours.fc7(ours.fc6(x)).flatten(1), reference.classifier(x.flatten(1)))


def test_weights_of_the_other_kind_are_named():
    with pytest.raises(ValueError, match="try vgg16_bn"):
        vgg.from_torchvision(theirs(False).state_dict(), vgg.vgg16(None, width=WIDTH, norm=True))


def test_weights_of_another_width_are_refused():
    with pytest.raises(ValueError, match=r"conv1_1.conv.weight has shape \(8, 3, 3, 3\), not VGG16's"):
        vgg.from_torchvision(theirs(False).state_dict(), vgg.vgg16(None, width=2 * WIDTH))


def test_the_classifier_answers_any_size():
    net = vgg.vgg16(10, width=WIDTH)
    assert net(torch.rand(2, 3, 33, 70)).shape == (2, 10)


def test_rates_below_one_are_refused():
    with pytest.raises(ValueError, match="dilation must be at least 1, got 0"):
        vgg.stage(5, 4, 4, dilation=0)
