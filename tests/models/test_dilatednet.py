"""DilatedNet against the authors' networks, its borders, and the start of its context module."""

import pytest
import torch
from torch.nn import functional as F
from unfilled import unfilled

from course_lib.models.dilatednet import ContextModule, DilatedNet

NETWORKS = {
    "dilated_frontend": lambda: DilatedNet(21),
    "dilation8_camvid_basic": lambda: DilatedNet(11, context="basic"),
    "dilation8_voc_large": lambda: DilatedNet(21, context="large"),
}
LONG = (1, 1, 2, 4, 8, 16, 32, 64, 1, 1)
MODULES = {
    "context_basic": lambda: ContextModule(11),
    "context_large": lambda: ContextModule(21, "large"),
    "context_dilation10": lambda: ContextModule(19, dilations=LONG),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_equals_the_authors_network(golden, name):
    report = golden(name, unfilled(NETWORKS[name]), scores=True)
    assert report, report


@pytest.mark.parametrize("name", MODULES)
def test_the_context_module_equals_the_authors(golden, name):
    report = golden(name, unfilled(MODULES[name]))
    assert report, report


@pytest.mark.parametrize(
    "classes, context, dilations, expected",  # networks.md 2.1; the authors' Dilation10 adds a deconvolution of 4,864
    [
        (21, None, None, 134_346_581),
        (19, None, None, 134_338_387),
        (11, None, None, 134_305_611),
        (21, "basic", None, 134_374_973),
        (11, "basic", None, 134_313_443),
        (21, "large", None, 141_149_720),
        (19, "basic", LONG, 134_373_043 - 4_864),
        (11, "basic", (1, 1, 2, 4, 8, 1, 1), 134_312_343),
    ],
)
def test_parameters_are_counted_to_the_digit(parameters_of, classes, context, dilations, expected):
    options = {"dilations": dilations} if dilations else {}
    assert parameters_of(DilatedNet, classes, context=context, **options) == expected


@pytest.mark.parametrize("side, cells", [(900, 66), (404, 4), (1396, 128), (380, 1)])  # networks.md 2.3
@pytest.mark.parametrize("context", [None, "basic", "large"])
def test_scores_are_those_of_the_valid_map(side, cells, context):
    with torch.device("meta"):
        net = DilatedNet(5, context=context, width=0.0625)
        assert net.scores(torch.zeros(1, 3, side, side)).shape == (1, 5, cells, cells)


def test_an_image_too_small_for_a_valid_map_is_told_what_would_work():
    with pytest.raises(ValueError, match=r"at least 373 x 373 pixels, got 300 x 400; net\(image\) mirrors the border"):
        DilatedNet(5, width=0.0625).scores(torch.zeros(1, 3, 300, 400))


def test_the_border_is_mirrored_and_the_scores_enlarged():
    torch.manual_seed(0)
    net, image = DilatedNet(3, width=0.0625).eval(), torch.rand(1, 3, 190, 195)
    mirrored = F.pad(image, (186, 191, 186, 188), mode="reflect")  # 564 x 572: both 372 + 8k
    with torch.no_grad():
        scores = net.scores(mirrored)
        assert scores.shape == (1, 3, 24, 25)
        logits = net(image)
    enlarged = F.interpolate(scores, scale_factor=8, mode="bilinear", align_corners=False)
    assert torch.equal(logits, enlarged[..., :190, :195])


def test_enlarging_is_the_authors_deconvolution_but_for_four_pixels():
    from course_lib.models.blocks import bilinear_upsampling

    x = torch.rand(1, 3, 5, 6)
    fixed = bilinear_upsampling(3, kernel_size=16, stride=8)(x)[..., 4:-4, 4:-4]  # k16 s8 p4
    ours = F.interpolate(x, scale_factor=8, mode="bilinear", align_corners=False)
    torch.testing.assert_close(fixed[..., 4:-4, 4:-4], ours[..., 4:-4, 4:-4])


@pytest.mark.parametrize("kind", ["basic", "large"])
def test_at_first_the_module_hands_its_input_on(kind):
    torch.manual_seed(0)
    x = torch.rand(1, 7, 20, 24)
    with torch.no_grad():
        y = ContextModule(7, kind)(x)
    torch.testing.assert_close(y, x, rtol=0, atol=0 if kind == "basic" else 0.5)
    assert torch.corrcoef(torch.stack([x.flatten(), y.flatten()]))[0, 1] > 0.97


def test_the_large_modules_shares_are_the_papers():
    # networks.md 1.7, equation 5: C / c_out where the groups match; here 2C after C, then 4C after 2C
    net = ContextModule(3, "large")
    first, third = net.layers[0].conv.weight[:, :, 1, 1], net.layers[2].conv.weight[:, :, 1, 1]
    assert first[:2, 0].tolist() == [0.5, 0.5]
    assert third[4:8, 2:4].tolist() == [[0.25, 0.25]] * 4
    assert first[2:, 0].abs().max() < 0.05


def test_width_scales_the_multiples_and_keeps_the_identity():
    net = ContextModule(3, "large", width=0.125)
    assert [layer.conv.out_channels for layer in net.layers[:-1]] == [3, 3, 3, 3, 6, 12, 12]
    x = torch.rand(1, 3, 9, 9)
    with torch.no_grad():
        torch.testing.assert_close(net(x), x, rtol=0, atol=0.5)


@pytest.mark.parametrize("how, noisy", [("identity", False), ("release", True)])
def test_the_release_adds_noise_to_basic(how, noisy):
    weight = ContextModule(7, initialisation=how).layers[0].conv.weight
    assert (weight[0, 1].abs().max() > 0) == noisy


def test_the_usual_start_hands_nothing_on():
    torch.manual_seed(0)
    x = torch.rand(1, 7, 40, 40)
    with torch.no_grad():
        y = ContextModule(7, initialisation="xavier")(x)
    assert torch.corrcoef(torch.stack([x.flatten(), y.flatten()]))[0, 1].abs() < 0.5


@pytest.mark.parametrize("kind, pads", [("basic", [1, 1, 2, 4, 8, 16, 1]), ("large", [33, 0, 0, 0, 0, 0, 0])])
def test_padding_is_where_the_release_has_it(kind, pads):
    assert [layer.conv.padding[0] for layer in ContextModule(3, kind, width=0.25).layers[:-1]] == pads


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"dilations": (1, 1, 0, 1)}, "dilation must be at least 1, got 0"),
        ({"dilations": ()}, "dilation must be at least 1, got 0"),
        ({"dilations": (1, 1, 2)}, "the last layer is 1x1 and needs dilation 1"),
        ({"kind": "basics"}, "did you mean 'basic'"),
        ({"initialisation": "xavir"}, "did you mean 'xavier'"),
    ],
)
def test_options_that_cannot_work_are_explained(arguments, words):
    with pytest.raises(ValueError, match=words):
        ContextModule(3, **arguments)


def test_an_unknown_context_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="context must be one of 'basic', 'large', got 'larg'; did you mean 'large'"):
        DilatedNet(3, width=0.0625, context="larg")


def test_score_maps_of_another_number_are_refused():
    with pytest.raises(ValueError, match=r"reads 3 score maps, got shape \(1, 4, 9, 9\)"):
        ContextModule(3)(torch.zeros(1, 4, 9, 9))
