"""Class weights: median frequency balancing (Eigen and Fergus 2015), as SegNet trains.

A class's frequency is its pixels divided by all pixels, void too, of the images it occurs in; its weight is the median
of all frequencies divided by its own. A rare class weighs more than 1, the road much less.
"""

import torch
from torch import Tensor
from torch.utils.data import Dataset
from tqdm import tqdm

from course_lib import checks
from course_lib.datasets.pairs import Pairs


def median_frequency(
    data: Dataset, num_classes: int | None = None, *, ignore: int = 255, progress: bool = True
) -> Tensor:
    """One weight per class; 0 for a class that never occurs."""
    checks.data(data=data)
    checks.whole(-(2**63), ignore=ignore)
    if num_classes is not None:
        checks.whole(1, num_classes=num_classes)
    num_classes = num_classes or getattr(data, "num_classes", None)
    if not num_classes:
        raise ValueError("the data do not say how many classes they have: give num_classes=")
    if not len(data):
        raise ValueError("the data set is empty: its classes have no frequency")
    pixels, room = torch.zeros(num_classes, dtype=torch.float64), torch.zeros(num_classes, dtype=torch.float64)
    for index in tqdm(range(len(data)), desc="counting classes", delay=1, leave=False, disable=not progress):
        # The masks as they lie on the disk: an augmented one would give other weights each time.
        label = data.load(index)[1].long() if isinstance(data, Pairs) else data[index][1]
        counts = torch.bincount(label[label != ignore].flatten(), minlength=num_classes).double()
        if len(counts) > num_classes:
            raise ValueError(f"item {index} holds the label {len(counts) - 1}; expected 0 to {num_classes - 1}")
        pixels += counts
        room += label.numel() * (counts > 0)
    seen = pixels > 0
    frequency = pixels / room.clamp(min=1)
    weights = torch.zeros(num_classes, dtype=torch.float64)
    # torch.median takes the lower middle of an even number; the definition wants the mean of both.
    weights[seen] = torch.quantile(frequency[seen], 0.5) / frequency[seen]
    return weights.float()
