"""Weights from elsewhere: torchvision's checkpoints, ImageNet backbones, data/checkpoints, files of one's own.

`load` and `load_backbone` fill a network in place. Files come from torchvision's own addresses and are kept in torch's
cache. Each carries a checksum in its name, which is compared whenever the file is read. Reading runs no code.

torchvision's names are not ours. Both list their layers in the order of the forward pass, so the tensors are paired
in that order, and each pair must have one shape. The order is that of torchvision's model and not of the file: old
files list a BN's statistics before its weight, and lack its counter.
"""

import difflib
import re
import warnings
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib.files import download as files
from course_lib.files import tensors
from course_lib.models import shipped
from course_lib.models.deeplab_v3 import DeepLabV3
from course_lib.models.efficientnet_lite import EfficientNetLite0
from course_lib.models.resnet import ResNet
from course_lib.models.vgg import from_torchvision, is_trunk
from course_lib.vision import torchvision

IMAGENET_BODY = "efficientnet_lite0_imagenet"


def load(net: nn.Module, source: str | PathLike) -> None:
    """All weights of a network: a file saved from it (.pt, .pth), a name in data/checkpoints, or one of torchvision."""
    refuse_meta(net)
    if Path(source).suffix in (".pt", ".pth"):
        load_file(net, Path(source))
        return
    if str(source) in shipped.names():
        shipped.fill(net, str(source))
        return
    if not isinstance(net, DeepLabV3) or net.variant != "torchvision":
        raise ValueError(
            f"weights={source!r} is no .pt or .pth file and none of data/checkpoints ({', '.join(shipped.names())}), "
            "and torchvision has no checkpoint of this network; "
            'it has them for deeplab_v3_resnet50 and deeplab_v3_resnet101 with variant="torchvision"'
        )
    model = f"deeplabv3_resnet{net.backbone.depth}"
    state = download(model, str(source), aux_loss=True)
    if net.auxiliary is None:
        state = {name: value for name, value in state.items() if not name.startswith("aux_classifier.")}
    copy_in_order(state, net)


def load_file(net: nn.Module, path: Path) -> None:
    """A file that torch or the training of this course wrote from the network's own state_dict()."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}; expected weights saved from this network (.pt or .pth)")
    state = tensors.read(path, mend="save or copy it again", what="file of weights")
    if isinstance(state, Mapping) and "plan" in state and "model" in state:
        state = state["model"]  # a training's checkpoint holds more than the weights
    tensors.check_state(state, net, path, "or give the weights of this one")
    net.load_state_dict(state)


def load_backbone(net: nn.Module, checkpoint: str) -> None:
    """The layers that ImageNet trained: a body without its classifier, VGG16's with fc6 and fc7 where they fit."""
    refuse_meta(net)
    backbone = getattr(net, "backbone", None)
    if isinstance(backbone, EfficientNetLite0):
        load_body(net, checkpoint)
        return
    if isinstance(backbone, ResNet):
        load_resnet(backbone, checkpoint)
        return
    trunk = [name for name in net.state_dict() if is_trunk(name)]
    if not trunk:
        raise ValueError(
            f"torchvision has no ImageNet weights for the backbone of {type(net).__name__}; it has them for networks "
            "on ResNet-50, ResNet-101 and VGG16"
        )
    model = "vgg16_bn" if any(name.endswith("running_mean") for name in trunk) else "vgg16"
    net.load_state_dict(from_torchvision(download(model, checkpoint), net), strict=False)


def load_body(net: nn.Module, checkpoint: str) -> None:
    """The classifier that comes with the course: its body, and its head where the network has one."""
    parts = {name.replace("body.", "backbone."): value for name, value in shipped.tensors(checkpoint).items()}
    own = {name: value for name, value in net.state_dict().items() if name.startswith(("backbone.", "head."))}
    if any(name not in parts or parts[name].shape != value.shape for name, value in own.items()):
        raise ValueError(
            f"{checkpoint!r} does not fit EfficientNet-Lite0 as it was built here; "
            f"backbone_weights={IMAGENET_BODY!r} does, with width=1.0 and in_channels=3"
        )
    net.load_state_dict({name: parts[name] for name in own}, strict=False)


def load_resnet(backbone: ResNet, checkpoint: str) -> None:
    """Copy torchvision's weights into a ResNet with the same stem."""
    if len(backbone.stem) > 3:
        raise ValueError(
            "torchvision's ResNets begin with one 7x7 convolution, this network with three 3x3: "
            'build it with stem="plain" to use their weights'
        )
    if backbone.stride_on == "1x1":
        warnings.warn(
            "torchvision trained its ResNets with the stride on the 3x3 convolution; this network strides on the 1x1, "
            'so their weights fit but mean something else. stride_on="3x3" makes them meet',
            stacklevel=4,
        )
    state = download(f"resnet{backbone.depth}", checkpoint)
    copy_in_order({name: value for name, value in state.items() if not name.startswith("fc.")}, backbone)


def download(model: str, checkpoint: str, **options) -> dict[str, Tensor]:
    """torchvision's checkpoint of one of its models, with every tensor in the order of that model."""
    torchvision_models = torchvision().models
    known = torchvision_models.get_model_weights(model).__members__
    if checkpoint not in known:
        close = difflib.get_close_matches(checkpoint, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has: {', '.join(known)}"
        raise ValueError(f"torchvision has no weights {checkpoint!r} for {model}; {hint}")
    state = fetch(known[checkpoint].url, megabytes=known[checkpoint].meta.get("_file_size", 1000))
    if model.startswith("deeplab"):
        options["weights_backbone"] = None
    with torch.device("meta"):
        expected = torchvision_models.get_model(model, **options).state_dict()
    counter = torch.zeros((), dtype=torch.long)
    absent = [n for n in expected if n not in state and not n.endswith("num_batches_tracked")]
    if absent:
        raise ValueError(
            f"the file {known[checkpoint].url} lacks {len(absent)} tensors of {model}, first {absent[0]!r}"
        )
    return {name: state.get(name, counter) for name in expected}


def fetch(url: str, *, megabytes: float) -> Mapping[str, Tensor]:
    """The file behind an address, from torch's cache or the network; its name ends in the beginning of its SHA-256."""
    name = url.rsplit("/", 1)[-1]
    checksum = re.search(r"-([0-9a-f]{8,})\.", name)
    if checksum is None:
        raise ValueError(f"the file {url} has no checksum in its name; expected NAME-0123abcd.pth")
    remote = files.Remote(name, (url,), md5="", size=round(megabytes * 2**20), sha256=checksum[1])
    path = files.fetch(remote, Path(torch.hub.get_dir()) / "checkpoints")
    return tensors.read(path, checked=True, mend="delete it and run again", what="file of weights")


def copy_in_order(state: Mapping[str, Tensor], net: nn.Module) -> None:
    """Pairs theirs and ours one by one; a different number or shape says where."""
    own = net.state_dict()
    if len(own) != len(state):
        raise ValueError(f"the checkpoint has {len(state)} tensors, the network {len(own)}")
    for (mine, here), (theirs, there) in zip(own.items(), state.items()):
        if here.shape != there.shape:
            raise ValueError(
                f"{mine} has shape {tuple(here.shape)}, the checkpoint's {theirs} {tuple(there.shape)}; "
                f"its weights need {needs(mine, theirs)}"
            )
    net.load_state_dict(dict(zip(own, state.values())))


def needs(mine: str, theirs: str) -> str:
    """What to build so that the shapes meet."""
    if mine.endswith((".weight", ".bias")) and theirs.startswith(("classifier.4", "aux_classifier.4")):
        return "the number of classes they were trained for (21 for COCO_WITH_VOC_LABELS_V1)"
    return "width=1.0 and in_channels=3"


def refuse_meta(net: nn.Module) -> None:
    """Refuse a network on the meta device."""
    if next(net.parameters()).is_meta:
        raise ValueError("a network on the meta device has no memory for weights; build it on the cpu or on cuda")
