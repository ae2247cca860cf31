"""evaluate: a network's score on a data set, as a Confusion.

Images may differ in size; those of one batch that agree go through the network together. With several processes each
scores its share and all know the sum.
"""

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from course_lib import checks
from course_lib.metrics import Confusion
from course_lib.training import dice, distributed
from course_lib.training.feed import check_labels, check_sample, deaf
from course_lib.training.naming import named
from course_lib.training.objective import classes_of


@torch.no_grad()
def evaluate(
    model: nn.Module,
    data: Dataset,
    num_classes: int | None = None,
    *,
    batch_size: int = 16,
    ignore: int | None = 255,
    workers: int = 0,
    device: str | torch.device | None = None,
    progress: bool = True,
) -> Confusion:
    """The confusion matrix of `model` over `data`: rows are the truth; .mean_iou and the rest are computed from it."""
    checks.network(model=model)
    checks.data(data=data)
    checks.whole(1, batch_size=batch_size, **({} if num_classes is None else {"num_classes": num_classes}))
    checks.whole(0, workers=workers)
    if ignore is not None:
        checks.whole(-(2**63), ignore=ignore)
    device = checks.device(device) or next(model.parameters()).device
    model.to(device)
    with dice.kept():
        found = classes_of(model, data, device)
    if num_classes not in (None, found):
        raise ValueError(f"num_classes is {num_classes} but the network has {found} classes")
    loader = DataLoader(
        Shown(data), batch_size=None, sampler=shares(len(data), batch_size), num_workers=workers,
        worker_init_fn=deaf, generator=torch.Generator(),
    )  # fmt: skip
    confusion = Confusion(found, ignore=ignore)
    training = model.training
    model.eval()
    hidden = not progress or distributed.rank() != 0
    try:
        for groups in tqdm(loader, desc="scoring", delay=1, leave=False, disable=hidden):
            for images, labels, indices in groups:
                check_labels(labels, indices, num_classes=found, ignore=ignore)
                with named(data, indices[0]):
                    logits = model(images.to(device, memory_format=torch.channels_last))
                confusion.update(logits.argmax(1), labels.to(device))
    finally:
        model.train(training)
    return gathered(confusion, device)


def shares(length: int, batch_size: int) -> list[list[int]]:
    """This process's batches of indices; no image is seen twice."""
    mine = list(range(distributed.rank(), length, distributed.world()))
    return [mine[start : start + batch_size] for start in range(0, len(mine), batch_size)]


class Shown(Dataset):
    """Indices in, groups of images of one size out."""

    def __init__(self, data: Dataset):
        self.data = data

    def __getitem__(self, indices: list[int]) -> list[tuple[Tensor, Tensor, list[int]]]:
        if hasattr(type(self.data), "batch"):
            return [(*self.data.batch(indices)[:2], indices)]
        groups: dict[torch.Size, list[int]] = {}
        samples = {index: self.data[index][:2] for index in indices}
        for index, (image, label) in samples.items():
            check_sample(image, label, index)
            groups.setdefault(image.shape, []).append(index)
        return [
            (torch.stack([samples[i][0] for i in group]), torch.stack([samples[i][1] for i in group]), group)
            for group in groups.values()
        ]


def gathered(confusion: Confusion, device: torch.device) -> Confusion:
    """The sum over all processes."""
    if distributed.running():
        confusion.matrix = distributed.total(confusion.matrix.to(device))
    return confusion
