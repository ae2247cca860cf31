"""Every network by its name: what `names` lists and `build` makes.

A new network is one line in NETWORKS; its options are the keyword arguments of its class, so that they are written down
only once.
"""

import difflib
import inspect
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from os import PathLike

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from course_lib import checks
from course_lib.models import weights as checkpoints
from course_lib.models.blocks import at_least_one, one_of
from course_lib.models.deconvnet import DeconvNet
from course_lib.models.deeplab_v1 import DeepLabV1
from course_lib.models.deeplab_v2 import DeepLabV2ResNet101, DeepLabV2VGG16
from course_lib.models.deeplab_v3 import DeepLabV3
from course_lib.models.deeplab_v3plus import DeepLabV3Plus
from course_lib.models.dilatednet import DilatedNet
from course_lib.models.efficientnet_lite import EfficientNetLite0Classifier
from course_lib.models.fc_densenet import fc_densenet56, fc_densenet67, fc_densenet103
from course_lib.models.fcn import FCN8s, FCN8sAtOnce, FCN16s, FCN32s
from course_lib.models.fcn_light import LightFCN8s
from course_lib.models.pspnet import PSPNet
from course_lib.models.segnet import SegNet, SegNetBasic
from course_lib.models.selfie import Selfie
from course_lib.models.unet import UNet
from course_lib.models.unet_light import LightUNet


def unet(
    num_classes: int = 21,
    *,
    backbone: str | None = None,
    variant: str = "paper",
    dropout: float | None = None,
    in_channels: int = 3,
    width: float = 1.0,
) -> nn.Module:
    """The paper's U-Net, or its way up on a body that ImageNet trained."""
    options: dict = {"in_channels": in_channels, "width": width} | ({} if dropout is None else {"dropout": dropout})
    if backbone is None:
        return UNet(num_classes, variant=variant, **options)
    check_body("U-Net", backbone, changed=variant != "paper", variant=variant)
    return LightUNet(num_classes, **options)


def fcn8s(
    num_classes: int = 21,
    *,
    backbone: str | None = None,
    learn_upsampling: bool = False,
    in_channels: int = 3,
    width: float = 1.0,
) -> nn.Module:
    """The paper's FCN-8s on VGG16, or on a lighter classifier."""
    options: dict = {"in_channels": in_channels, "width": width}
    if backbone is None:
        return FCN8s(num_classes, learn_upsampling=learn_upsampling, **options)
    check_body("FCN-8s", backbone, changed=learn_upsampling, learn_upsampling=learn_upsampling)
    return LightFCN8s(num_classes, **options)


def check_body(paper: str, backbone: str, *, changed: bool, **option) -> None:
    """The one body there is, without an option that only the paper's own network has."""
    one_of(("efficientnet_lite0",), backbone=backbone)
    if changed:
        ((name, value),) = option.items()
        raise ValueError(
            f"{name}={value!r} is an option of the paper's {paper}; leave it out, or leave out backbone={backbone!r}"
        )


NETWORKS: dict[str, Callable[..., nn.Module]] = {
    "fcn32s": FCN32s,
    "fcn16s": FCN16s,
    "fcn8s": fcn8s,
    "fcn8s_at_once": FCN8sAtOnce,
    "deconvnet": DeconvNet,
    "segnet": SegNet,
    "segnet_basic": SegNetBasic,
    "unet": unet,
    "fc_densenet56": fc_densenet56,
    "fc_densenet67": fc_densenet67,
    "fc_densenet103": fc_densenet103,
    "deeplab_v1": DeepLabV1,
    "dilatednet_frontend": DilatedNet,
    "dilatednet_basic": partial(DilatedNet, context="basic"),
    "dilatednet_large": partial(DilatedNet, context="large"),
    "deeplab_v2": DeepLabV2ResNet101,
    "deeplab_v2_vgg16": DeepLabV2VGG16,
    "pspnet50": partial(PSPNet, 50, stride_on="1x1"),
    "pspnet101": partial(PSPNet, 101, stride_on="3x3"),
    "deeplab_v3_resnet50": partial(DeepLabV3, 50),
    "deeplab_v3_resnet101": partial(DeepLabV3, 101),
    "deeplab_v3plus": DeepLabV3Plus,
}
# Real networks of other make: `build` knows them, the lectures' list of names does not.
OTHERS: dict[str, Callable[..., nn.Module]] = {
    "selfie": Selfie,
    "efficientnet_lite0": EfficientNetLite0Classifier,
}


def names() -> list[str]:
    """The networks of the lectures, sorted; `build` also knows those of OTHERS."""
    return sorted(NETWORKS)


def build(
    name: str,
    num_classes: int = 21,
    width: float = 1.0,
    *,
    weights: str | PathLike | None = None,
    backbone_weights: str | None = None,
    device: str | torch.device | None = None,
    **options,
) -> nn.Module:
    """A network by its name, in training mode, as torch builds everything.

    width scales every channel count and keeps the topology: 0.125 trains on a laptop.
    options are the network's own, such as output_stride=8; a wrong one is answered with the list of right ones.
    weights names a trained network of data/checkpoints ("deeplab_v3plus_pets"), a checkpoint of torchvision
    ("COCO_WITH_VOC_LABELS_V1") or a file saved from this network; backbone_weights an ImageNet one ("IMAGENET1K_V1",
    and "efficientnet_lite0_imagenet", which comes with the course). device="meta" builds in no time and without memory.
    """
    make = find(name)
    check_options(name, make, options)
    checks.whole(1, num_classes=num_classes)
    checks.number(width=width)
    at_least_one(in_channels=options.get("in_channels", 3))
    place = checks.device(device)
    with nullcontext() if place is None else place, NothingToFill():
        net = make(num_classes, width=width, **options)
    if backbone_weights is not None:
        checks.text(backbone_weights=backbone_weights)
        checkpoints.load_backbone(net, backbone_weights)
    if weights is not None:
        checks.paths(weights=weights)
        checkpoints.load(net, weights)
    return net


class NothingToFill(TorchFunctionMode):
    """Spares tensors without memory their Gaussian start, for which torch would import half of itself."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func.__name__ == "normal_" and (tensor := args[0] if args else kwargs["tensor"]).is_meta:
            return tensor
        return func(*args, **(kwargs or {}))


def training_logits(net: nn.Module, image: Tensor) -> list[tuple[float, Tensor]]:
    """What a loss needs from any network: pairs of weight and logits at the image's size.

    One pair of weight 1 for most; PSPNet adds its auxiliary head at 0.4. The loss is the weighted sum:
    `sum(weight * loss(logits, labels) for weight, logits in training_logits(net, image))`.
    """
    own = getattr(net, "training_logits", None)
    return own(image) if own else [(1.0, net(image))]


def find(name: str) -> Callable[..., nn.Module]:
    """The class, or the closest names in an error."""
    checks.text(name=name)
    known = NETWORKS | OTHERS
    if name in known:
        return known[name]
    raise ValueError(f"there is no network {name!r}; {suggestion(name, sorted(known))}")


def suggestion(name: str, known: list[str]) -> str:
    """ "did you mean 'segnet'?", or everything that is known."""
    close = difflib.get_close_matches(str(name).lower(), known, n=3, cutoff=0.5)
    if close:
        return "did you mean " + " or ".join(repr(one) for one in close) + "?"
    return "known: " + ", ".join(known)


def check_options(name: str, make: Callable[..., nn.Module], options: dict) -> None:
    """Options that the network does not have, before Python complains about a class the caller never named."""
    taken = [p.name for p in inspect.signature(make).parameters.values() if p.kind is p.KEYWORD_ONLY]
    free = [option for option in taken if option != "width"]
    for option in options:
        if option not in free:
            close = difflib.get_close_matches(option, free, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise ValueError(f"{name} has no option {option!r}; {hint}it takes: {', '.join(sorted(free))}")
