"""How networks and layers are written where somebody reads them: in titles, legends, tables, read-outs and alt texts.

    written.network("unet")                    "U-Net"
    written.network("unet_pets")               "U-Net", the network that is stored under this name
    written.layer("conv4.conv4_3.relu")        "conv4_3, ReLU"
    written.layer("backbone.blocks.4.1")       "stage 5, block 2"

Code keeps the names that are typed, `models.build("unet")`; what is drawn or told asks here.
"""

from torch import nn

from course_lib.models import shipped
from course_lib.models.families import FAMILIES

NETWORKS = {
    "fcn32s": "FCN-32s",
    "fcn16s": "FCN-16s",
    "fcn8s": "FCN-8s",
    "fcn8s_at_once": "FCN-8s at once",
    "deconvnet": "DeconvNet",
    "segnet": "SegNet",
    "segnet_basic": "SegNet-Basic",
    "unet": "U-Net",
    "fc_densenet56": "FC-DenseNet56",
    "fc_densenet67": "FC-DenseNet67",
    "fc_densenet103": "FC-DenseNet103",
    "deeplab_v1": "DeepLab v1",
    "dilatednet_frontend": "DilatedNet's front end",
    "dilatednet_basic": "DilatedNet with the basic context module",
    "dilatednet_large": "DilatedNet with the large context module",
    "deeplab_v2": "DeepLab v2",
    "deeplab_v2_vgg16": "DeepLab v2 on VGG16",
    "pspnet50": "PSPNet-50",
    "pspnet101": "PSPNet-101",
    "deeplab_v3_resnet50": "DeepLab v3 on ResNet-50",
    "deeplab_v3_resnet101": "DeepLab v3 on ResNet-101",
    "deeplab_v3plus": "DeepLab v3+",
    "selfie": "MediaPipe's selfie segmenter",
    "efficientnet_lite0": "EfficientNet-Lite0",
    "stack": "a stack of 3x3 layers",
}
AROUND = ("backbone", "vgg", "front_end", "layers", "branches", "levels", "block")  # they hold layers and say nothing
WORDS = {"blocks": "stage", "relu": "ReLU", "norm": "BN", "conv": "convolution"}


def network(net: str | nn.Module) -> str:
    """A network as its paper writes it; a name or a class that is no paper's stays as it is."""
    if isinstance(net, str):
        stored = net not in NETWORKS and net in shipped.names()
        return NETWORKS.get(shipped.card(net)["model"] if stored else net, net)
    name = type(net).__name__
    own = type(net).__module__.startswith("course_lib.")  # a student's MyUNet is no U-Net
    close = [words for words in (*FAMILIES, *NETWORKS.values()) if letters(words) in letters(name)]
    return max(close, key=len) if own and close else name


def letters(words: str) -> str:
    """What "DeepLab v3+" and DeepLabV3Plus have in common."""
    return "".join(one for one in words.lower().replace("+", "plus") if one.isalnum())


def layer(name: str) -> str:
    """A layer as a reader says it: without what only holds it, counted from 1."""
    parts = [part for part in name.split(".") if part not in AROUND]
    said: list[str] = []
    for number, part in enumerate(parts):
        before, after = parts[number - 1 : number], parts[number + 1 : number + 2]
        if part.isdigit() and before and not before[0].isdigit():
            said[-1] += f" {int(part) + 1}"
        elif part.isdigit():
            said.append(f"{'block' if before else 'layer'} {int(part) + 1}")
        elif not (after and after[0].startswith(part.removesuffix("_D"))):  # conv4_3 says that it is of conv4
            said.append(WORDS.get(part, part))
    return ", ".join(said)
