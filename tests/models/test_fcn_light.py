"""FCN-8s on a lighter classifier."""

import pytest
import torch

from course_lib import models
from course_lib.models import shipped
from course_lib.models.fcn import FCN8s
from course_lib.models.fcn_light import LightFCN8s

IMAGENET = "efficientnet_lite0_imagenet"


def light(**options):
    return models.build("fcn8s", 3, backbone="efficientnet_lite0", **options)


@torch.no_grad()
@pytest.mark.parametrize("height, width", [(33, 33), (64, 97), (130, 75)])
def test_answers_at_the_size_of_any_picture(height, width):
    net = light(width=0.25).eval()
    assert net(torch.rand(1, 3, height, width)).shape == (1, 3, height, width)
    assert net.scores(torch.rand(1, 3, height, width)).shape == (1, 3, -(-height // 8), -(-width // 8))


def test_without_a_backbone_it_is_the_papers():
    assert type(models.build("fcn8s", 3, 0.0625)) is FCN8s
    assert type(light(width=0.25)) is LightFCN8s


def test_parameters_are_counted_to_the_digit(parameters_of):
    assert parameters_of(LightFCN8s, 3) == 3_375_313


@torch.no_grad()
def test_every_score_starts_at_zero_and_each_skip_is_added():
    net, image = light(width=0.5).eval(), torch.rand(1, 3, 65, 65)
    assert not net(image).any()
    for name in ("score_fr", "score_pool4", "score_pool3"):
        torch.nn.init.normal_(getattr(net, name).weight)
        assert net(image).any()
        torch.nn.init.zeros_(getattr(net, name).weight)


def test_the_classifiers_own_head_comes_along():
    net, state = light(backbone_weights=IMAGENET), shipped.tensors(IMAGENET)
    assert torch.equal(net.head[0].weight, state["head.0.weight"])
    assert not net.score_fr.weight.any()


def test_an_option_of_the_papers_network_is_refused():
    with pytest.raises(ValueError, match=r"learn_upsampling=True is an option of the paper's FCN-8s; leave it out"):
        light(learn_upsampling=True)
