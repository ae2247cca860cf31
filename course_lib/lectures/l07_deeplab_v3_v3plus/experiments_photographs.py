"""07 DeepLab v3 and v3+, on photographs: the output stride of a trained body, a decoder without details, and training
with and without image pooling.
"""

from functools import partial

import torch
from torch import Tensor, nn

from course_lib.evidence import photograph_training
from course_lib.evidence.claim import TRAININGS, Seeds, claim
from course_lib.evidence.photograph_training import Variant, kept
from course_lib.evidence.real_photographs import BAND, FOLDS, SETTINGS, compared, network
from course_lib.evidence.small_training import over_seeds
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.models.blocks import resize
from course_lib.models.deeplab_v3plus import DeepLabV3Plus

NAME = "deeplab_v3plus_pets"
RATES = {32: (2, 3, 5), 16: (3, 6, 9), 8: (6, 12, 18)}  # of ASPP: the same share of the picture, as far as rates allow
EVERY = 2  # half of the list: at output stride 8 the body takes four times as long, and both rows see the same ones
PART = {"of the list": "every second photograph"}
SMALL = 0.2  # of the picture: so small is the animal in a quarter of the list


@claim(
    "V11",
    "M",
    "In a trained body, strides traded for rates sharpen the boundaries without changing a weight: trained at output "
    "stride 16, the network is better at 8.",
    seeds=6,
    paper="Chen et al. 2018 (v3+), table 3: v3, trained at output stride 16, reaches 77.21 % mean IoU at 16 and "
    "78.51 % at 8 on VOC (ResNet-101)",
    core=Core("8 over 16", "edge IoU, output stride 8", "edge IoU, output stride 16", bound=0.013,
              why="the paper's gain from 16 to 8 over all pixels (table 3); beside the boundary it should be no less"),
    secondary=(
        Secondary("16 over 32", "edge IoU, output stride 16", "edge IoU, output stride 32"),
        Secondary("8 over 16, all pixels", "mIoU, output stride 8", "mIoU, output stride 16"),
        Secondary("8 over 16, the small", "mIoU of the small, output stride 8", "mIoU of the small, output stride 16"),
    ),
    remarks={
        "does not reproduce here": "The paper's gain is that of a network without a decoder. This one has a decoder, "
        "which reads maps of stride 4 at every output stride."
    },
)  # fmt: skip
def finer_without_training(seeds: Seeds) -> Evidence:
    """Varied: the output stride of the trained network, 32, 16 or 8. Equal: weights, decoder, photographs.

    The network was trained at 16. ASPP's rates double at 8, as in the paper, and are halved and rounded up at 32, so
    that its kernels span the same share of the picture. 32 is shown and decides nothing: nobody trains for it.
    """
    nets = {stride: network(NAME, output_stride=stride, rates=rates) for stride, rates in RATES.items()}

    def answers(image: Tensor) -> dict[str, Tensor]:
        return {f"output stride {stride}": net.scores(image) for stride, net in nets.items()}

    def strides(fold: int) -> dict[str, float]:
        return compared(NAME, answers, fold, every=EVERY, small=SMALL)

    small = f"photographs whose animal fills less than {SMALL:g} of them"
    part = f"every second photograph; fold {FOLDS} is a fifth of those between them"
    return Evidence(
        settings={**SETTINGS, **BAND, "of the list": part, "network": NAME, "ASPP": RATES, "the small": small},
        values=over_seeds(seeds, strides),
    )


@claim(
    "V12",
    "M",
    "The decoder of a trained DeepLab v3+ takes its boundaries from the low-level maps: without them they are worse.",
    seeds=5,
    painted=("V9", "over zeros, band of 1"),
    paper="Chen et al. 2018 (v3+), section 4.4: the decoder gains 4.8 % mean IoU at the narrowest band (ResNet-101); "
    "table 3: 77.21 without and 78.85 % with it over all pixels",
    core=Core("details over none", "edge IoU, all", "edge IoU, zeros", bound=0.048,
              why="the paper's own effect at its narrowest band"),
    secondary=(Secondary("details over their means", "edge IoU, all", "edge IoU, means"),),
)  # fmt: skip
def without_details(seeds: Seeds) -> Evidence:
    """Varied: the 24 low-level maps that join the encoder's, as they are or silenced. Equal: weights, photographs.

    Silenced means zeros, which the decoder has met wherever a map's ReLU was shut. The control is each map's mean in
    its every place: what it loses too is due to the place of the details, not to their absence. The paper compares with
    a network that was trained without a decoder; this one was trained with it, and cannot help itself.
    """
    net = network(NAME)

    def details_of(fold: int) -> dict[str, float]:
        return compared(NAME, partial(with_details, net), fold, every=EVERY)

    silenced = "what the decoder's 1x1 makes of the low level"
    return Evidence(
        settings={**SETTINGS, **BAND, **PART, "network": NAME, "silenced": silenced},
        values=over_seeds(seeds, details_of),
    )


def with_details(net: DeepLabV3Plus, image: Tensor) -> dict[str, Tensor]:
    """`DeepLabV3Plus.scores` with the low-level maps as they are, as zeros, and each as its mean."""
    low_level, features = net.encode(image)
    encoded, details = net.aspp(features), net.decoder.reduce(low_level)
    encoded = resize(encoded, details.shape[-2:], align_corners=True)
    means = details.mean((2, 3), keepdim=True).expand_as(details)
    used = {"all": details, "zeros": torch.zeros_like(details), "means": means}
    return {word: net.score(net.decoder.refine(torch.cat([encoded, maps], 1))) for word, maps in used.items()}


def unpooled(net: nn.Module) -> None:
    """ASPP's last branch sees each place alone: the same 1x1 layer, without the average before it."""
    net.aspp.image_pooling[0] = nn.Identity()


BRANCHES = {"with": Variant("imagenet"), "without": Variant("unpooled", change=unpooled)}


@claim(
    "V13",
    "M",
    "Image pooling beside ASPP's rates helps a network that ImageNet began, on photographs.",
    seeds=3,
    painted=("V3", "global evidence"),
    paper="Chen et al. 2017 (v3): 76.58 without and 77.21 % mean IoU with image pooling on VOC (ResNet-101)",
    core=Core("image pooling", "mIoU, with", "mIoU, without", bound=0.0063, why="the paper's own gain"),
    secondary=(Secondary("the same on val", "mIoU on val, with", "mIoU on val, without"),),
)
def pooling_in_training(seeds: Seeds) -> Evidence:
    """Varied: whether ASPP's last branch averages the whole map or sees each place alone. Equal: all weights at the
    start, parameters, photographs and their order, steps.

    In the paper the branch is missing altogether, so that its network without is smaller, too.
    """
    spent = []

    def branches(seed: int) -> dict[str, float]:
        found = {word: kept(variant, seed) for word, variant in BRANCHES.items()}
        spent.extend(run["seconds"] for run in found.values())
        return {
            f"{name}, {word}": run[split]
            for name, split in (("mIoU", "test"), ("mIoU on val", "val"))
            for word, run in found.items()
        }

    values = over_seeds(seeds, branches)
    return Evidence(settings={**photograph_training.SETTINGS, TRAININGS: sum(spent)}, values=values)
