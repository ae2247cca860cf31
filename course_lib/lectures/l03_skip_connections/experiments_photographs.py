"""03 Skip connections, on photographs: the skips of a trained U-Net are silenced, all and one by one."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.real_photographs import BAND, SETTINGS, compared, network
from course_lib.evidence.small_training import over_seeds
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.models.unet_light import COPIED, LightUNet

NAME = "unet_pets"
Change = Callable[[Tensor], Tensor]


@claim(
    "S7",
    "M",
    "A trained U-Net loses the boundaries of cats and dogs when its skips are silenced.",
    seeds=5,
    painted=("S6", "all over none"),
    core=Core("all over none", "edge IoU, all", "edge IoU, none", bound=0.033,
              why="the bound of S6, the same question in the painted world: what two skips gained in FCN's table 2"),
    secondary=(
        *(Secondary(f"level {n}", "edge IoU, all", f"edge IoU, without {n}") for n in range(1, len(COPIED) + 1)),
        Secondary("all over means", "edge IoU, all", "edge IoU, means for all"),
    ),
)  # fmt: skip
def silenced(seeds: Seeds) -> Evidence:
    """Varied: which skips of the trained network carry maps and which carry zeros. Equal: weights, photographs.

    Nothing is trained again, so the row says what this network makes of its skips, and not what one without them could
    learn: that is row S6. Skip 1 is the finest, at stride 2; skip 4 the coarsest, at stride 16. Zeros are maps that the
    network has never met. So there is a control: each map's mean in its every place, which keeps all but the place.
    """
    net = network(NAME)
    levels = range(1, len(COPIED) + 1)
    muted = {"all": (), **{f"without {level}": (level,) for level in levels}, "none": tuple(levels)}

    def answers(image: Tensor) -> dict[str, Tensor]:
        maps = net.backbone.stages(image)
        found = {word: way_up(net, maps, skips, torch.zeros_like) for word, skips in muted.items()}
        return found | {"means for all": way_up(net, maps, levels, everywhere_its_mean)}

    def levels_of(fold: int) -> dict[str, float]:
        return compared(NAME, answers, fold)

    return Evidence(
        settings={**SETTINGS, **BAND, "network": NAME, "silenced": "zeros in place of the copied maps"},
        values=over_seeds(seeds, levels_of),
    )


def way_up(net: LightUNet, maps: Sequence[Tensor], changed: Sequence[int], change: Change) -> Tensor:
    """`LightUNet.scores` from the body's maps on, some of the copies changed."""
    copies = [maps[stage] for stage in COPIED]
    copies = [change(copy) if level in changed else copy for level, copy in enumerate(copies, start=1)]
    x = maps[-1]
    for up, copy in zip((net.up4, net.up3, net.up2, net.up1), reversed(copies)):
        x = up(x, copy)
    return net.score(x)


def everywhere_its_mean(maps: Tensor) -> Tensor:
    return maps.mean((2, 3), keepdim=True).expand_as(maps)
