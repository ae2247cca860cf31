"""What a training will take: memory and seconds, known before its first step.

In come the network, one image and the recipe; out go bytes and seconds. The bytes are counted on a copy of the network
without memory: weights, gradients, the optimiser's own numbers, and every tensor that the backward pass needs. The
seconds are those of a step on one or two images, whose traces are wiped out.
"""

import copy
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models import training_logits
from course_lib.training import dice

KEPT = {"sgd": 1, "rmsprop": 1, "adamw": 2}  # numbers that an optimiser keeps for each weight
BESIDE = 1.25  # what convolutions and the allocator take beside: 1.0 to 1.4 times the counted bytes were measured
CGROUPS = (("memory.max", "memory.current"), ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"))


@dataclass(frozen=True)
class Estimate:
    """The memory of one step and of one checkpoint, in bytes."""

    memory: int  # bytes of a step at its height
    stored: int  # bytes of a checkpoint

    @classmethod
    def of(cls, model: nn.Module, image: Tensor, label: Tensor, *, batch_size: int, optimizer: str) -> "Estimate":
        """For batches of such images, whatever the device: nothing is computed."""
        shadow = without_memory(model).train()
        weights = sum(p.numel() * p.element_size() for p in model.parameters())
        kept = weights * KEPT[optimizer]
        buffers = sum(b.numel() * b.element_size() for b in model.buffers())
        images = torch.empty(batch_size, *image.shape, device="meta")
        labels = torch.zeros(batch_size, *label.shape, dtype=torch.int64, device="meta")
        needed = backward_bytes(shadow, images, labels)
        return cls(round(BESIDE * (2 * weights + kept + buffers + needed)), weights + kept + buffers)


def without_memory(model: nn.Module) -> nn.Module:
    """A copy of the network on the meta device."""
    copies = {id(p): nn.Parameter(p.to("meta"), p.requires_grad) for p in model.parameters()}
    return copy.deepcopy(model, copies | {id(b): b.to("meta") for b in model.buffers()})


def loss_of(model: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """As `objective` computes it, for one process alone."""
    heads = training_logits(model, images)
    return sum(weight * F.cross_entropy(logits.float(), labels, ignore_index=255) for weight, logits in heads)


def backward_bytes(model: nn.Module, images: Tensor, labels: Tensor) -> int:
    """Of the batch and every tensor that waits for the backward pass; the largest counts twice, for its gradient."""
    weights = {p.untyped_storage()._cdata for p in model.parameters()}
    waiting: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        waiting[tensor.untyped_storage()._cdata] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        loss = loss_of(model, images, labels)
    sizes = [t.untyped_storage().nbytes() for key, t in waiting.items() if key not in weights]
    del loss
    return images.nbytes + labels.nbytes + sum(sizes) + 2 * max(sizes, default=0)


def seconds_of_step(model: nn.Module, image: Tensor, label: Tensor, *, batch_size: int, device: torch.device) -> float:
    """Measured on at most two images; network and dice are afterwards as before."""
    few = min(2, batch_size)
    before, training = copy.deepcopy(model.state_dict()), model.training
    images = torch.stack([image] * few).to(device, memory_format=torch.channels_last)
    labels = torch.stack([label] * few).to(device)
    taken = []
    try:
        with dice.kept():
            model.train()
            while len(taken) < 2 and sum(taken) < 10:  # the first one also prepares what later ones use
                begun = time.perf_counter()
                loss_of(model, images, labels).backward()
                if device.type == "cuda":
                    torch.cuda.synchronize(device)
                taken.append(time.perf_counter() - begun)
    finally:
        model.zero_grad()
        model.load_state_dict(before)
        model.train(training)
    return min(taken) * batch_size / few


def free_memory(device: torch.device) -> int | None:
    """Bytes that are free there; None where the system does not say."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    found = [*available(), *(limit - used for limit, used in limits())]
    return min(found) if found else None


def available() -> list[int]:
    """The free memory of this machine in bytes, as a list; empty if it cannot be found out."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return [int(lines["MemAvailable"].split()[0]) * 1024]
    except (OSError, KeyError, ValueError):
        pass
    if hasattr(os, "sysconf") and {"SC_PAGE_SIZE", "SC_PHYS_PAGES"} <= os.sysconf_names.keys():
        return [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    return []


def limits() -> list[tuple[int, int]]:
    """What a container may have and has, on Linux."""
    found = []
    for limit, used in CGROUPS:
        try:
            texts = [(Path("/sys/fs/cgroup") / name).read_text() for name in (limit, used)]
            found.append((int(texts[0]), int(texts[1])))
        except (OSError, ValueError):  # no container, or "max"
            continue
    return found


def free_disk(folder: Path) -> int:
    """Bytes that are free where `folder` is or will be."""
    while not folder.is_dir():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def gigabytes(size: int) -> str:
    """A number of bytes in GB or MB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{max(1, round(size / 1e6))} MB"


def spell(seconds: float) -> str:
    """ "40 seconds", "3 minutes", "5 hours", "12 days": one number, as exact as an estimate is."""
    for length, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 1.95 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{seconds:.0f} seconds" if seconds >= 1.5 else "1 second"
