"""00 Start here, on photographs: are scores as right as they are sure, and why is a cat a person?"""

import torch
from torch import Tensor

from course_lib.evidence import probe
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.real_photographs import SETTINGS, network, of_fold, probabilities
from course_lib.evidence.small_training import over_seeds
from course_lib.evidence.verdict import Core, Evidence, Secondary
from course_lib.models import shipped
from course_lib.models.working_size import AtWorkingSize

NAME, BINS = "deeplab_v3plus_pets", 10
TOLD = range(5, BINS)  # the lower ones are nearly empty: the highest of three scores is at least 1/3


@claim(
    "T5",
    "M",
    "The scores of a trained network are not probabilities: over all pixels, score and accuracy differ by 0.02 or "
    "more.",
    seeds=5,
    paper="Guo et al. 2017, table 1: expected calibration error 5.48 % for ResNet-152 on ImageNet, 1.86 % after "
    "temperature scaling (15 bins)",
    core=Core("error beyond chance", "calibration error", "calibration error, labels drawn from the scores", bound=0.02,
              why="Guo et al. leave 1.9 % after they have mended a classifier: a smaller error needs no mending"),
)  # fmt: skip
def calibration(seeds: Seeds) -> Evidence:
    """Varied: whether the true label decides what is right, or a label drawn from the scores. Equal: all else.

    The expected calibration error sorts pixels into ten bins by the highest score and takes the mean distance between
    score and accuracy, weighted by pixels. Labels drawn from the scores themselves are the control: by them every score
    is a probability, and what error is left is the chance of counting.

    The border of the annotation is void and counts nowhere; there the network is least sure, and nobody knows if it is
    right.
    """

    def reliability(fold: int) -> dict[str, float]:
        true, drawn = Reliability(), Reliability()
        net, generator = network(NAME), torch.Generator().manual_seed(fold)
        for image, label in of_fold(fold):
            scores = probabilities(net, NAME, image, label)
            probe.note("", scores.max(0).values.mean())
            known = label != 255
            true.add(scores[:, known], label[known])
            drawn.add(scores[:, known], draw(scores[:, known], generator))
        return {
            "calibration error": true.error(),
            "calibration error, labels drawn from the scores": drawn.error(),
            "mean score of the label": true.mean_score(),
            "accuracy": true.accuracy(),
            **{f"right, of scores from {low / BINS:.1f}": true.right_in(low) for low in TOLD},
            **{f"pixels, with scores from {low / BINS:.1f}": true.share_of(low) for low in TOLD},
        }

    return Evidence(
        settings={**SETTINGS, "network": NAME, "bins": BINS, "bin": "from the number named to 0.1 above it"},
        values=over_seeds(seeds, reliability),
    )


def draw(scores: Tensor, generator: torch.Generator) -> Tensor:
    """A label for each pixel (C x pixels), thrown with the scores as probabilities."""
    return (torch.rand(scores.shape[1], generator=generator) > scores.cumsum(0)[:-1]).sum(0)


class Reliability:
    """How sure and how right, for the pixels of each of ten bins of the highest score."""

    def __init__(self) -> None:
        self.pixels, self.sure, self.right = (torch.zeros(BINS, dtype=torch.float64) for _ in range(3))

    def add(self, scores: Tensor, label: Tensor) -> None:
        """scores: C x pixels, which sum to 1."""
        score, found = scores.max(0)
        bins = (score * BINS).long().clamp(max=BINS - 1)
        for total, some in ((self.pixels, torch.ones_like(score)), (self.sure, score), (self.right, found == label)):
            total.index_add_(0, bins, some.double())

    def error(self) -> float:
        """Expected calibration error (Naeini et al. 2015)."""
        return float((self.sure - self.right).abs().sum() / self.pixels.sum())

    def mean_score(self) -> float:
        return float(self.sure.sum() / self.pixels.sum())

    def accuracy(self) -> float:
        return float(self.right.sum() / self.pixels.sum())

    def right_in(self, which: int) -> float:
        """The accuracy in a bin; 0 where it is empty."""
        return float(self.right[which] / self.pixels[which].clamp_min(1))

    def share_of(self, which: int) -> float:
        return float(self.pixels[which] / self.pixels.sum())


SELFIE = "selfie"


@claim(
    "T6",
    "M",
    "A network that knows only people calls cats and dogs a person because of what is inside their outline: painted "
    "flat in its mean colour, the animal is called a person less than half as often.",
    seeds=5,
    core=Core("inside over outline", "animal called person", "animal called person, painted flat", bound=0.4,
              why="half of the share that it calls a person on val, .79: then what is inside decides more than "
              "outline, place and surroundings together"),
    secondary=(
        Secondary("animal over background", "animal called person", "background called person"),
        Secondary("cut out over painted flat", "animal called person, alone", "animal called person, painted flat"),
        Secondary("a flat outline over nothing", "animal called person, painted flat", "animal called person, gone"),
    ),
)  # fmt: skip
def called_a_person(seeds: Seeds) -> Evidence:
    """Varied: what stands inside the animal's outline, and what around it. Equal: network, photographs, outlines.

    Flat is one colour, the mean of what it replaces. Painted flat, the animal keeps outline, place and surroundings;
    alone, it keeps itself on a flat ground; gone, its outline is filled with the background's mean. The void border
    goes with the animal and counts nowhere. Shares are counted over all pixels of a fold.
    """
    net = AtWorkingSize(network(SELFIE), shipped.card(SELFIE)["working_size"])

    def calls(fold: int) -> dict[str, float]:
        found: dict[str, list[int]] = {}
        for image, label in of_fold(fold):
            animal, background = (label == 1) | (label == 2), label == 0
            for word, shown in shown_as(image, animal, background).items():
                with torch.no_grad():
                    person = net(shown[None].float() / 255)[0].argmax(0) == 1
                probe.note("", person.float().mean())
                for part, where in (
                    (f"animal called person{word}", animal),
                    (f"background called person{word}", background),
                ):
                    total = found.setdefault(part, [0, 0])
                    total[0] += int(person[where].sum())
                    total[1] += int(where.sum())
        return {word: person / pixels for word, (person, pixels) in found.items()}

    return Evidence(settings={**SETTINGS, "network": SELFIE}, values=over_seeds(seeds, calls))


def shown_as(image: Tensor, animal: Tensor, background: Tensor) -> dict[str, Tensor]:
    """The photograph (3 x H x W, uint8) as it is, and with one part flat; what is neither goes with the animal."""
    coat, ground = (image[:, where].float().mean(1).byte()[:, None, None] for where in (animal, background))
    return {
        "": image,
        ", painted flat": image.where(background, coat),
        ", alone": image.where(~background, ground),
        ", gone": image.where(background, ground),
    }
