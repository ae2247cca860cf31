"""00 Start here: the task, its metrics, and how they mislead."""

import torch
from torch import nn
from torch.nn import functional as F

from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.verdict import Core, Evidence, Fact
from course_lib.metrics import Confusion
from course_lib.scenes import Scenes

SMALL = ("car", "bicycle", "pole")


@claim(
    "T1",
    "E",
    "Segmentation labels every pixel; logits are N x C x H x W; the loss ignores the void label.",
    tests=("tests/lectures/test_claims_on_start.py::test_void_pixels_do_not_move_the_loss",),
)
def the_task(seeds: Seeds) -> Evidence:
    images, labels, _ = Scenes("street", count=2).batch(range(2))
    logits = nn.Conv2d(3, 6, kernel_size=1)(images).detach()
    framed = labels.clone()
    framed[:, :8] = 255
    changed = logits.clone()
    changed[:, 0, :8] += 100  # one class: a shift of all of them would not move any softmax
    losses = [F.cross_entropy(scores, framed, ignore_index=255).item() for scores in (logits, changed)]
    return Evidence(
        settings={"images": [2, 3, 64, 64], "classes": 6},
        facts=[
            Fact("shape of the logits", tuple(logits.shape), (2, 6, 64, 64)),
            Fact("names for each pixel", tuple(logits.argmax(1).shape), tuple(labels.shape)),
            Fact("change of the loss by answers on void", losses[1] - losses[0], 0.0),
        ],
    )


@claim(
    "T2",
    "E",
    "Pixel accuracy, mean accuracy, mean IoU and frequency-weighted IoU from one confusion matrix; a class absent from "
    "truth and prediction is left out, a class predicted but never true counts 0.",
    tests=("tests/lectures/test_claims_on_start.py::test_the_four_numbers_of_a_matrix",),
)
def the_metrics(seeds: Seeds) -> Evidence:
    matrix = [[50, 3, 2], [4, 20, 1], [6, 0, 14]]
    plain, invented = scored(matrix, classes=3), scored(matrix, classes=4, invented=3)
    absent = scored(matrix, classes=4)
    return Evidence(
        settings={"matrix": matrix},
        facts=[
            Fact("pixel accuracy", round(float(plain.pixel_accuracy), 7), 0.84),
            Fact("mean accuracy", round(float(plain.mean_accuracy), 7), 0.8030303),
            Fact("mean IoU", round(float(plain.mean_iou), 7), 0.6974040),
            Fact("frequency-weighted IoU", round(float(plain.frequency_weighted_iou), 7), 0.7233875),
            Fact("mean IoU with a class that is nowhere", round(float(absent.mean_iou), 7), 0.6974040),
            Fact("mean IoU with a class invented once", round(float(invented.mean_iou), 7), 0.5201393),
        ],
    )


def scored(matrix: list[list[int]], *, classes: int, invented: int | None = None) -> Confusion:
    """A Confusion that has seen exactly these counts, and once a class that is never true."""
    pairs = [(row, column) for row, counts in enumerate(matrix) for column, n in enumerate(counts) for _ in range(n)]
    if invented is not None:
        pairs.append((0, invented))
    target, prediction = torch.tensor(pairs).T
    confusion = Confusion(num_classes=classes)
    confusion.update(prediction, target)
    return confusion


@claim(
    "T3",
    "M",
    "Pixel accuracy flatters: a model blind to small classes keeps a high pixel accuracy while mean IoU falls.",
    seeds=5,
    paper="Long et al. 2015, table 2: FCN-8s has 90.3 % pixel accuracy and 62.7 % mean IoU on VOC 2011",
    core=Core("pixel accuracy above mean IoU", "pixel accuracy", "mean IoU", bound=0.276,
              why="the gap of FCN-8s, which is not blind (Long et al., table 2): blindness must open a wider one"),
)  # fmt: skip
def pixel_accuracy_flatters(seeds: Seeds) -> Evidence:
    """The truth itself, with every car, bicycle and pole taken for road: blind to small things, perfect otherwise."""
    accuracy, mean_iou = [], []
    for seed in seeds:
        street = Scenes("street", count=128, seed=seed)
        _, labels, _ = street.batch(range(128))
        small = torch.tensor([street.classes.index(name) for name in SMALL])
        blind = labels.masked_fill(torch.isin(labels, small), street.classes.index("road"))
        confusion = Confusion(street.num_classes)
        confusion.update(blind, labels)
        accuracy.append(float(confusion.pixel_accuracy))
        mean_iou.append(float(confusion.mean_iou))
    return Evidence(
        settings={"scenes": "street", "images": 128, "blind to": list(SMALL)},
        values={"pixel accuracy": accuracy, "mean IoU": mean_iou},
    )


@claim(
    "T4",
    "E",
    "Averaging the IoU of single images is not the IoU of the data set: the ranking of two models can flip.",
    tests=("tests/lectures/test_claims_on_start.py::test_the_mean_over_images_ranks_the_other_way",),
)
def two_means(seeds: Seeds) -> Evidence:
    """A thing of one pixel and one of nine: A finds the small one and half of the large one, B only the large one."""
    truth = torch.tensor([[1] + [0] * 9, [1] * 9 + [0]])
    a = torch.tensor([[1] + [0] * 9, [1] * 5 + [0] * 5])
    b = torch.tensor([[0] * 10, [1] * 9 + [0]])
    image_a, image_b = (sum(thing_iou(x[i], truth[i]) for i in range(2)) / 2 for x in (a, b))
    data_a, data_b = thing_iou(a, truth), thing_iou(b, truth)
    return Evidence(
        settings={"IoU of the thing": "two images of ten pixels"},
        facts=[
            Fact("mean over images: A above B", image_a > image_b, True),
            Fact("over the data set: B above A", data_b > data_a, True),
            Fact("A and B by image", [round(image_a, 3), round(image_b, 3)], [0.778, 0.5]),
            Fact("A and B over the data set", [round(data_a, 3), round(data_b, 3)], [0.6, 0.9]),
        ],
    )


def thing_iou(prediction: torch.Tensor, target: torch.Tensor) -> float:
    confusion = Confusion(num_classes=2)
    confusion.update(prediction, target)
    return float(confusion.iou[1])
