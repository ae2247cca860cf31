"""The trained networks of data/checkpoints, by name."""

import json

import pytest
import torch

from course_lib import models
from course_lib.models import shipped


def test_each_card_has_its_tensors_and_the_size_it_says():
    for name in shipped.names():
        file = shipped.folder() / f"{name}.pt"
        assert shipped.card(name)["bytes"] == file.stat().st_size <= 8_000_000, name


def test_build_fills_a_network_by_the_name_of_its_weights():
    net = models.build("unet", 6, 0.1, weights="unet_street")
    stored = torch.load(shipped.folder() / "unet_street.pt", weights_only=True)
    assert all(torch.equal(value, stored[name].to(value.dtype)) for name, value in net.state_dict().items())
    assert {p.dtype for p in net.parameters()} == {torch.float32}


def test_weights_of_another_network_are_answered_with_the_line_that_builds_theirs():
    expected = r'build it with models.build\("unet", num_classes=6, width=0.1, weights="unet_street"\)'
    with pytest.raises(ValueError, match=expected):
        models.build("unet", 6, 0.2, weights="unet_street")
    with pytest.raises(ValueError, match=expected):
        models.build("segnet", 6, 0.1, weights="unet_street")


def test_the_line_builds_the_network():
    line = shipped.call("unet_street")
    assert (
        sum(p.numel() for p in eval(line, {"models": models}).parameters()) == shipped.card("unet_street")["parameters"]
    )


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="no trained weights 'selfi' in data/checkpoints; did you mean 'selfie'"):
        shipped.card("selfi")


def test_the_body_of_imagenet_goes_under_another_network():
    net = models.build(
        "deeplab_v3plus", 3, backbone="efficientnet_lite0", backbone_weights="efficientnet_lite0_imagenet"
    )
    state = shipped.tensors("efficientnet_lite0_imagenet")
    assert all(torch.equal(v, state[f"body.{k}"].to(v.dtype)) for k, v in net.backbone.state_dict().items())


@pytest.mark.parametrize("options", [{"width": 0.5}, {"in_channels": 1}])
def test_a_body_of_another_shape_is_refused_in_words(options):
    with pytest.raises(ValueError, match=r"does not fit EfficientNet-Lite0 .* with width=1.0 and in_channels=3"):
        models.build(
            "unet", 3, backbone="efficientnet_lite0", backbone_weights="efficientnet_lite0_imagenet", **options
        )


def test_what_is_stored_as_int8_comes_back_within_half_a_step(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "folder", lambda: tmp_path)
    from course_lib.training.import_imagenet import stored

    torch.manual_seed(0)
    state = {"score.weight": torch.randn(5, 7, 1, 1), "score.bias": torch.randn(5)}
    torch.save(stored(state), tmp_path / "small.pt")
    (tmp_path / "small.json").write_text(json.dumps({}))
    found = shipped.tensors("small")
    assert list(found) == list(state)
    steps = state["score.weight"].abs().amax((1, 2, 3), keepdim=True) / 127
    assert ((found["score.weight"] - state["score.weight"]).abs() <= steps / 2 + 1e-6).all()
    assert torch.equal(found["score.bias"], state["score.bias"])
