"""02 DeconvNet and SegNet, measured: indices against fixed corners, and the checkerboard of transposed convolutions."""

from functools import partial

import torch

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.mirrored import STEPS, places
from course_lib.evidence.small_training import (
    over_seeds,
    started,
)
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.lectures.l02_deconvnet_segnet.networks import KINDS, three_steps
from course_lib.metrics.checkerboard import index


@claim(
    "D3",
    "M",
    "Indices matter: unpooling to the true places beats unpooling to a fixed corner.",
    seeds=3,
    core=Core("edges", "edge IoU, indices", "edge IoU, corners", bound=0.01,
              why="one point: the smallest gain that the papers of this course print as one"),
    secondary=(Secondary("whole", "mIoU, indices", "mIoU, corners"),),
)  # fmt: skip
def indices(seeds: Seeds) -> Evidence:
    """Varied: where the values go back. Equal: parameters, steps, pictures; the maps are as sparse in both."""
    return Evidence(
        settings={"scenes": "street", "steps": STEPS, "pools": 3},
        values=over_seeds(seeds, places),
    )


@claim(
    "D10",
    "M",
    "A transposed convolution whose kernel is not divisible by its stride leaves a checkerboard; resize-convolution "
    "does not.",
    seeds=5,
    paper="Odena et al. 2016: uneven overlap makes the pattern; models with even overlap often learn it all the same",
    core=Core("over resize-convolution", "kernel 3", "resize-convolution", bound=0.1,
              why="a pattern with less than a tenth of the fine variance does not show in a picture"),
    secondary=(
        Secondary("over bilinear initialisation", "kernel 3", "bilinear, kernel 4"),
        Secondary("over a divisible kernel", "kernel 3", "kernel 4"),
    ),
    remarks={
        "holds": "With random weights divisible kernels leave as strong a checkerboard, as Odena et al. say: an even "
        "overlap makes an even answer possible, and only the weights make it so."
    },
)  # fmt: skip
def checkerboard(seeds: Seeds) -> Evidence:
    """Three steps of 2x each on flat maps with a little noise, before training.

    Varied: the kind of step. Equal: maps, channels.

    The index is the share of the fine variance that depends only on whether row and column are even or odd. The control
    is a kernel of 4, which is divisible: with random weights it has a checkerboard, too, because its overlap is even
    but its weights are not. So divisibility allows an even answer and does not bring it about.
    """

    def steps(seed: int) -> dict[str, float]:
        flat = 1 + 0.1 * torch.randn(4, 8, 12, 12, generator=torch.Generator().manual_seed(seed))
        return {kind: index(started(partial(three_steps, kind), seed), flat) for kind in KINDS}

    return Evidence(
        settings={"steps": 3, "channels": 8, "trained": False},
        values=over_seeds(seeds, steps),
    )
