"""The bench of the rows on photographs: a stored network, asked about the test list of pets that it has never seen.

The photographs are not in the repository: they lie in ../shared/datasets/pets beside it, or where BEYOND_FCN_PETS says,
in a folder as `datasets.Listed` reads it. So do those of CamVid (BEYOND_FCN_CAMVID), of which only numbers come in.
Without them a row stays as it was measured.

Nothing is trained here, so no seed makes a difference; what a row spreads over are folds. Fold k of five holds every
fifth photograph of the list, from the k-th on; every variant of a network sees the same ones.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from course_lib import models, paths
from course_lib.datasets import Listed
from course_lib.evidence import probe
from course_lib.evidence.claim import NeedsPhotographs
from course_lib.metrics import Confusion, trimap
from course_lib.models import shipped
from course_lib.models.blocks import resize
from course_lib.models.working_size import AtWorkingSize

VARIABLE = "BEYOND_FCN_PETS"
CAMVID = "BEYOND_FCN_CAMVID"
FOLDS, PROBED = 5, 8
WIDTH = 3  # pixels beside the boundary
SETTINGS = {
    "photographs": "the test list of pets",
    "seeds": f"folds: fold k of {FOLDS} holds every fifth photograph, the same for every variant",
}
BAND = {"boundary": f"{WIDTH} pixels from the border of the annotation, which is void and counts nowhere"}
Answers = Callable[[Tensor], dict[str, Tensor]]  # scores of each variant for one normalised picture, at any stride


def folder(variable: str = VARIABLE) -> Path:
    """Where the photographs lie that this variable of the environment stands for."""
    named, name = os.environ.get(variable), variable.removeprefix("BEYOND_FCN_").lower()
    found = Path(named) if named else paths.data().parents[1] / "shared" / "datasets" / name
    if not (found / "test.txt").is_file():
        raise NeedsPhotographs(
            f"found no photographs in {found}; expected images, masks and test.txt of {name}. "
            f"Say where they are with {variable}=FOLDER; the numbers in data/claims.json stay as they were measured"
        )
    return found


def of_fold(fold: int, *, every: int = 1, limit: int | None = None) -> Iterator[tuple[Tensor, Tensor]]:
    """The photographs and labels of a fold; with `every`, of the list's first, (every + 1)th and so on alone.

    Folds from FOLDS on share out the photographs that `every` left out: no photograph stands in two folds.
    """
    later, fold = divmod(fold, FOLDS)
    if later >= every:
        raise ValueError(f"got fold {later * FOLDS + fold}, expected one below {FOLDS * every}: the list has no more")
    return photographs("test", slice(fold * every + later, None, FOLDS * every), limit)


def photographs(split: str, chosen: slice, limit: int | None = None) -> Iterator[tuple[Tensor, Tensor]]:
    """Photographs (3 x H x W, uint8) and their labels (H x W) from a list, `limit` at most; a probe takes 8."""
    data = Listed(folder(), split)
    numbers = range(len(data))[chosen][:limit]
    probe.note(f"pets {split}: {len(numbers)} of {len(data)}, {numbers}")
    for number in numbers[: probe.at_most(len(numbers), PROBED)]:
        image, label = data.load(number)
        yield image, label.long()


def network(name: str, **options: object) -> nn.Module:
    """A stored network by its name; options that change no weight may differ from those it was trained with."""
    told = shipped.card(name)
    net = models.build(told["model"], len(told["classes"]), told["width"], **told["options"] | options, weights=name)
    return net.eval()


def seen(name: str, image: Tensor) -> Tensor:
    """A photograph as a stored network gets it: normalised, at its working size, 1 x 3 x h x w."""
    told = shipped.card(name)
    normal = shipped.normalised(image.float() / 255, told)
    return AtWorkingSize(nn.Identity(), told["working_size"]).resized(normal[None])


def enlarged(scores: Tensor, working: Tensor, label: Tensor) -> Tensor:
    """Scores at the size of the label, by the way that the card's mIoU was measured."""
    return resize(resize(scores, working.shape[-2:], align_corners=True), label.shape[-2:], align_corners=False)


@torch.no_grad()
def probabilities(net: nn.Module, name: str, image: Tensor, label: Tensor) -> Tensor:
    """What a stored network says of a photograph, C x H x W at the photograph's own size."""
    working = seen(name, image)
    return enlarged(net.scores(working), working, label).softmax(1)[0]


def beside_boundary(label: Tensor, width: int = WIDTH) -> Tensor:
    """The label within `width` pixels of a boundary, void elsewhere; the boundary is drawn in void, as in VOC."""
    return label.where(trimap(label, width, void_edges=True), 255)


class Scores:
    """Mean IoU of the variants of a network over photographs, each from one matrix: beside boundaries, and in all."""

    def __init__(self, classes: int):
        self.classes = classes
        self.matrices: dict[str, Confusion] = {}

    def add(self, variant: str, prediction: Tensor, label: Tensor, width: int = WIDTH, also: str = "") -> None:
        """Count the labels that a variant gave one photograph (H x W); `also`: under a further name, too."""
        truths = {f"edge IoU, {variant}": beside_boundary(label, width), f"mIoU, {variant}": label}
        if also:
            truths[f"{also}, {variant}"] = label
        for word, truth in truths.items():
            self.matrices.setdefault(word, Confusion(self.classes)).update(prediction, truth)

    def values(self) -> dict[str, float]:
        """One number for everything that was counted, boundaries first."""
        names = sorted(self.matrices, key=lambda name: name.startswith("mIoU"))
        return {name: self.matrices[name].mean_iou for name in names}


@torch.no_grad()
def compared(name: str, answers: Answers, fold: int, every: int = 1, small: float = 0) -> dict[str, float]:
    """The scores of all variants on one fold; all see the same working picture.

    With `small`, also the mean IoU over the photographs of which less than this share is not background.
    """
    found = Scores(len(shipped.card(name)["classes"]))
    for image, label in of_fold(fold, every=every):
        working, known = seen(name, image), label[label != 255]
        also = "mIoU of the small" if (known > 0).float().mean() < small else ""
        for variant, scores in answers(working).items():
            probe.note("", scores.mean(), scores.std())
            found.add(variant, enlarged(scores, working, label).argmax(1)[0], label, also=also)
    return found.values()
