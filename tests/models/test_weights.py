"""Weights from elsewhere, served by a machine of our own: files of torchvision's keys and shapes."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import ResNet50_Weights, VGG16_BN_Weights, VGG16_Weights
from torchvision.models.segmentation import DeepLabV3_ResNet50_Weights

from course_lib import models
from course_lib.files import download, tensors

SERVED = {
    "resnet50": ResNet50_Weights.IMAGENET1K_V1,
    "vgg16": VGG16_Weights.IMAGENET1K_V1,
    "vgg16_bn": VGG16_BN_Weights.IMAGENET1K_V1,
    "deeplabv3_resnet50": DeepLabV3_ResNet50_Weights.COCO_WITH_VOC_LABELS_V1,
}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server on this machine, and a cache of downloads that is empty."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    (tmp_path / "served").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "served")))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def serve(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Serves a checkpoint in place of torchvision's; every tensor holds one number, its place in the model."""

    def put(model: str, *, damaged: bool = False) -> dict[str, Tensor]:
        state = numbered(model)
        # as in the oldest files: a BN's statistics first, and no counters
        names = sorted(state, key=lambda name: (name.rsplit(".", 1)[0], "running" not in name))
        file = tmp_path / "served" / "new.pth"
        torch.save({name: state[name] for name in names if "num_batches" not in name}, file)
        checksum = "0" * 8 if damaged else hashlib.sha256(file.read_bytes()).hexdigest()[:8]
        file.rename(file.with_name(f"{model}-{checksum}.pth"))
        monkeypatch.setattr(SERVED[model].value, "url", f"{address}/{model}-{checksum}.pth")
        return state

    return put


def numbered(model: str) -> dict[str, Tensor]:
    options = {"aux_loss": True, "weights_backbone": None} if model.startswith("deeplab") else {}
    with torch.device("meta"):
        shapes = torchvision.models.get_model(model, **options).state_dict()
    # expanded: a file of a few kilobytes has the shapes of one of 160 megabytes
    return {name: torch.tensor(float(place)).expand(t.shape) for place, (name, t) in enumerate(shapes.items())}


def number(net: nn.Module, tensor: str) -> float:
    """The one number that a tensor holds."""
    values = net.state_dict()[tensor]
    assert (values == values.flatten()[0]).all()
    return values.flatten()[0].item()


def test_all_of_torchvisions_deeplab_v3(serve) -> None:
    theirs = serve("deeplabv3_resnet50")
    net = models.build("deeplab_v3_resnet50", variant="torchvision", auxiliary=True, weights="COCO_WITH_VOC_LABELS_V1")
    for mine, place in (
        ("backbone.stem.0.weight", "backbone.conv1.weight"),
        ("backbone.conv3.0.shortcut.1.running_var", "backbone.layer2.0.downsample.1.running_var"),
        ("backbone.conv5.2.conv3.weight", "backbone.layer4.2.conv3.weight"),
        ("aspp.branches.3.0.weight", "classifier.0.convs.3.0.weight"),
        ("aspp.image_pooling.1.weight", "classifier.0.convs.4.1.weight"),
        ("aspp.project.0.weight", "classifier.0.project.0.weight"),
        ("extra.0.weight", "classifier.1.weight"),
        ("score.bias", "classifier.4.bias"),
        ("auxiliary.2.bias", "aux_classifier.4.bias"),
    ):
        assert number(net, mine) == theirs[place].flatten()[0].item(), mine


def test_without_auxiliary_head_its_weights_are_left_aside(serve) -> None:
    theirs = serve("deeplabv3_resnet50")
    net = models.build("deeplab_v3_resnet50", variant="torchvision", weights="COCO_WITH_VOC_LABELS_V1")
    assert number(net, "score.bias") == theirs["classifier.4.bias"][0].item()


@pytest.mark.parametrize(
    "name, options",
    [
        ("deeplab_v3_resnet50", {}),
        ("pspnet50", {"stem": "plain", "stride_on": "3x3"}),
        ("deeplab_v3plus", {"backbone": "resnet50"}),
    ],
)
def test_imagenet_backbone(serve, name: str, options: dict) -> None:
    theirs = serve("resnet50")
    net = models.build(name, backbone_weights="IMAGENET1K_V1", **options)
    assert number(net, "backbone.stem.0.weight") == 0
    last = theirs["layer4.2.bn3.running_var"].flatten()[0].item()
    assert number(net, "backbone.conv5.2.bn3.running_var") == last
    assert net.aspp.project[0].weight.std() > 0 if hasattr(net, "aspp") else net.conv6.weight.std() > 0


@pytest.mark.parametrize("name, model", [("deeplab_v2_vgg16", "vgg16"), ("segnet", "vgg16_bn")])
def test_vgg16_backbone(serve, name: str, model: str) -> None:
    theirs = serve(model)
    net = models.build(name, backbone_weights="IMAGENET1K_V1")
    trunk = [tensor for tensor in net.state_dict() if ".conv1_1." in tensor or ".conv5_3." in tensor]
    features = [tensor for tensor in theirs if tensor.startswith("features.")]
    assert number(net, trunk[0]) == theirs[features[0]].flatten()[0].item()
    biases = [tensor for tensor in trunk if tensor.endswith("conv5_3.conv.bias")]
    assert number(net, biases[0]) == theirs[{"vgg16": "features.28.bias", "vgg16_bn": "features.40.bias"}[model]][0]


def test_a_file_that_arrives_damaged_is_refused(serve) -> None:
    serve("resnet50", damaged=True)
    with pytest.raises(OSError, match=r"another file \(sha256 \w{8}, expected 00000000\)"):
        models.build("deeplab_v3_resnet50", backbone_weights="IMAGENET1K_V1")


def test_a_file_that_was_damaged_in_the_cache_is_refused(serve, tmp_path: Path) -> None:
    serve("resnet50")
    models.build("deeplab_v3_resnet50", backbone_weights="IMAGENET1K_V1")
    (kept,) = (tmp_path / "home" / "hub" / "checkpoints").iterdir()
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 1
    kept.write_bytes(content)
    with pytest.raises(OSError, match=r"resnet50-\w{8}\.pth is another file or not whole: .* Delete it and run again"):
        models.build("deeplab_v3_resnet50", backbone_weights="IMAGENET1K_V1")


def test_no_network_is_told_with_what_to_fetch_by_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(ResNet50_Weights.IMAGENET1K_V1.value, "url", "http://127.0.0.1:9/resnet50-00000000.pth")
    with pytest.raises(OSError, match=r"resnet50-00000000\.pth could not be fetched:\n  http://127.0.0.1:9") as caught:
        models.build("deeplab_v3_resnet50", backbone_weights="IMAGENET1K_V1")
    assert f"put it at\n  {tmp_path / 'hub' / 'checkpoints'}" in str(caught.value)


def test_a_file_of_ours_comes_back(tmp_path: Path) -> None:
    net = models.build("segnet", num_classes=3, width=0.05)
    torch.save(net.state_dict(), tmp_path / "segnet.pt")
    again = models.build("segnet", num_classes=3, width=0.05, weights=tmp_path / "segnet.pt")
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), again.state_dict().values()))


def test_a_trainings_checkpoint_gives_its_weights(tmp_path: Path) -> None:
    net = models.build("segnet", num_classes=3, width=0.05)
    tensors.save(tmp_path / "c.pt", {"plan": {"steps": 3}, "model": net.state_dict(), "optimizer": {}})
    again = models.build("segnet", num_classes=3, width=0.05, weights=tmp_path / "c.pt")
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), again.state_dict().values()))


class Evil:
    def __reduce__(self):
        return (Path.mkdir, (Path("evil"),))


SMALL = {"num_classes": 3, "width": 0.05}


def written(path: Path, kind: str) -> None:
    """One of the many files that are no weights of SegNet."""
    state = models.build("segnet", **SMALL).state_dict()
    torch.save(state, path)
    whole = path.read_bytes()
    contents = {"text": b"weights, please", "empty": b"", "truncated": whole[:-2000], "half": whole[: len(whole) // 2]}
    payloads = {
        "pickled": {"net": models.build("segnet", **SMALL)}, "evil": {"net": Evil()}, "list": [1, 2],
        "nothing": {}, "numbers": {"score.bias": 3}, "other": models.build("unet", **SMALL).state_dict(),
        "other classes": models.build("segnet", 4, 0.05).state_dict(),
        "nan": {**state, next(iter(state)): torch.full_like(next(iter(state.values())), float("nan"))},
    }  # fmt: skip
    if kind in contents:
        path.write_bytes(contents[kind])
    elif kind == "old":
        torch.save(state, path, _use_new_zipfile_serialization=False)
    elif kind == "overwritten":
        middle = len(whole) // 2
        path.write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])
    else:
        torch.save(payloads[kind], path)


@pytest.mark.parametrize(
    "kind, words",
    [
        ("text", r"not a whole file of weights \(it begins with b'weig'; expected PK"),
        ("empty", r"not a whole file of weights \(it is empty\): save or copy it again"),
        ("truncated", r"\(its end is missing or damaged\)"),
        ("half", r"\(its end is missing or damaged\)"),
        ("overwritten", r"\(its part .* is damaged: its checksum is another\)"),
        ("old", r"expected PK, as torch writes since version 1\.6.*save it again with torch\.save"),
        ("pickled", "holds more than tensors, numbers and texts, course_lib.*, and could run code"),
        ("evil", "holds more than tensors, numbers and texts.*, and could run code; expected a state_dict"),
        ("list", "holds a list; expected a dictionary of tensors"),
        ("nothing", "holds a dictionary of nothing; expected a dictionary of tensors"),
        ("numbers", r"holds a dictionary of 'score\.bias'; expected a dictionary of tensors"),
        ("other", r"holds another network \(.*: missing there, \(.*\) now\): build it with the same model"),
        ("other classes", r"holds another network \(.*: \(4,\) there, \(3,\) now\)"),
        ("nan", "holds weights that are no numbers"),
    ],
)
def test_a_file_that_is_no_weights_is_refused_in_one_sentence(tmp_path: Path, monkeypatch, kind: str, words: str):
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "w.pt", kind)
    with pytest.raises(ValueError, match=words) as caught:
        models.build("segnet", **SMALL, weights=tmp_path / "w.pt")
    assert str(caught.value).startswith(f"{tmp_path / 'w.pt'} ")
    assert "weights_only" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not Path("evil").exists()


@pytest.mark.parametrize(
    "name, options, words",
    [
        ("segnet", {"weights": "COCO_WITH_VOC_LABELS_V1"}, "torchvision has no checkpoint of this network"),
        ("deeplab_v3_resnet50", {"weights": "COCO_WITH_VOC_LABELS_V1"}, 'variant="torchvision"'),
        ("deeplab_v3_resnet50", {"backbone_weights": "IMAGENET1K"}, "did you mean 'IMAGENET1K_V[12]'"),
        ("deeplab_v3_resnet50", {"backbone_weights": "coco"}, "it has: IMAGENET1K_V1, IMAGENET1K_V2"),
        (
            "deeplab_v3plus",
            {"backbone_weights": "IMAGENET1K_V1"},
            "no ImageNet weights for the backbone of DeepLabV3Plus",
        ),
        ("unet", {"backbone_weights": "IMAGENET1K_V1"}, "no ImageNet weights for the backbone of UNet"),
        ("pspnet50", {"backbone_weights": "IMAGENET1K_V1"}, 'build it with stem="plain"'),
        ("deeplab_v3_resnet50", {"backbone_weights": "IMAGENET1K_V1", "device": "meta"}, "meta device has no memory"),
        ("segnet", {"weights": "elsewhere.pt"}, "there is no file elsewhere.pt"),
    ],
)
def test_weights_that_cannot_be_had(name: str, options: dict, words: str) -> None:
    width = {} if "weights" in options else {"width": 0.05}
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        models.build(name, **width, **options)


def test_another_width_or_class_count_is_explained(serve) -> None:
    serve("resnet50")
    with pytest.raises(ValueError, match=r"stem.0.weight has shape \(32, 3, 7, 7\), .* width=1.0 and in_channels=3"):
        models.build("deeplab_v3_resnet50", width=0.5, backbone_weights="IMAGENET1K_V1")
    serve("deeplabv3_resnet50")
    with pytest.raises(ValueError, match="the number of classes they were trained for"):
        models.build("deeplab_v3_resnet50", 5, variant="torchvision", weights="COCO_WITH_VOC_LABELS_V1")


def test_a_stride_that_the_weights_were_not_trained_for_is_said(serve) -> None:
    serve("resnet50")
    with pytest.warns(UserWarning, match='stride_on="3x3" makes them meet'):
        models.build("deeplab_v3_resnet50", stride_on="1x1", backbone_weights="IMAGENET1K_V1")
