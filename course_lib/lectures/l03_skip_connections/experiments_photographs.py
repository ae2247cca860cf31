"""03 Skip connections, on photographs: the skips of two trained networks are silenced, all and one by one."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack

import torch
from torch import Tensor

from course_lib.evidence import probe
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.real_photographs import BAND, SETTINGS, WIDTH, Scores, compared, network, of_fold
from course_lib.evidence.small_training import over_seeds
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.models import shipped
from course_lib.models.unet_light import COPIED, LightUNet
from course_lib.models.working_size import AtWorkingSize

NAME = "unet_pets"
Change = Callable[[Tensor], Tensor]


@claim(
    "S7",
    "M",
    "A trained U-Net loses the boundaries of cats and dogs when its skips are silenced.",
    seeds=5,
    painted=("S6", "all over none"),
    core=Core("all over none", "edge IoU, all", "edge IoU, none", bound=0.1,
              why="the bound of S6, the same question in the painted world, so that the two rows can be compared"),
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


SELFIE, COPIES = "selfie", (1, 2, 3)


@claim(
    "S8",
    "M",
    "The selfie network cannot do without its skips either: silence all three, and the outline is no longer its own.",
    seeds=5,
    core=Core("lost without any", "lost, none", bound=0.1,
              why="the bound of S7 and S6, which ask the same of a U-Net with the truth at hand"),
    secondary=tuple(Secondary(f"all three over {n} alone", "lost, none", f"lost, without {n}") for n in COPIES),
)  # fmt: skip
def selfie_silenced(seeds: Seeds) -> Evidence:
    """Varied: which skips of the trained network carry maps and which carry zeros. Equal: weights, photographs.

    The photographs show cats and dogs, which the network takes for people (T6), so its own whole answer stands for the
    truth: lost is one minus the mean IoU with it, within three pixels of its outline and, as a second number, in all.
    Skip 1 is the finest, at stride 2; skip 3 the coarsest, at stride 8. The control is each map's mean in its every
    place, which the gates of the skips let through by the same amount as the map itself.
    """
    net = network(SELFIE)
    asked = AtWorkingSize(net, shipped.card(SELFIE)["working_size"])
    muted = {**{f"without {n}": (n,) for n in COPIES}, "none": COPIES}

    @torch.no_grad()
    def answer(image: Tensor, skips: Sequence[int], change: Change) -> Tensor:
        with ExitStack() as stack:
            for up in (getattr(net, f"up{n}") for n in skips):
                stack.enter_context(up.register_forward_pre_hook(lambda _, given: (given[0], change(given[1]))))
            return asked(image[None].float() / 255)[0].argmax(0)

    def levels_of(fold: int) -> dict[str, float]:
        scores = Scores(2)
        for image, _ in of_fold(fold):
            whole = answer(image, (), torch.zeros_like)
            found = {word: answer(image, skips, torch.zeros_like) for word, skips in muted.items()}
            for word, prediction in (found | {"means for all": answer(image, COPIES, everywhere_its_mean)}).items():
                probe.note("", prediction.float().mean())
                scores.add(word, prediction, whole)
        return {
            word.replace("edge IoU", "lost").replace("mIoU", "lost of all pixels"): 1 - value
            for word, value in scores.values().items()
        }

    return Evidence(
        settings={
            **SETTINGS, "network": SELFIE, "silenced": "zeros in place of the copied maps",
            "boundary": f"{WIDTH} pixels from the outline of the network's own answer",
        },
        values=over_seeds(seeds, levels_of),
    )  # fmt: skip
