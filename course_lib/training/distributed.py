"""Several processes as one: what torchrun starts, torch's own distributed data parallel joins.

With one process every function here does nothing, so the loop reads the same.
"""

import contextlib
import importlib
import os
from collections import deque
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn
from torch import distributed as dist

# Torch's threads release the tensors they have summed a little later. If theirs were the last reference, this would
# need Python's lock, which the thread that ends the group may hold while it waits for them.
_summed: deque[Tensor] = deque(maxlen=64)


def running() -> bool:
    """Whether several processes have joined."""
    return dist.is_available() and dist.is_initialized()


def rank() -> int:
    """This process's number; 0 for the first, or alone."""
    return dist.get_rank() if running() else 0


def world() -> int:
    """How many processes there are."""
    return dist.get_world_size() if running() else 1


def total(value: Tensor) -> Tensor:
    """The sum over all processes."""
    if running():
        value = value.clone()
        _summed.append(value)
        dist.all_reduce(value)
    return value


def from_first(make: Callable[[], object]) -> object:
    """What the first process makes, on all of them; the others need not see its disk."""
    if not running():
        return make()
    box = [make() if rank() == 0 else None]
    dist.broadcast_object_list(box, src=0)
    return box[0]


def joined(objective: nn.Module, device: torch.device) -> nn.Module:
    """The objective with its gradients averaged over all processes."""
    if not running():
        return objective
    if device.type == "cuda":
        objective = nn.SyncBatchNorm.convert_sync_batchnorm(objective)
        return nn.parallel.DistributedDataParallel(objective, device_ids=[device.index or 0])
    return nn.parallel.DistributedDataParallel(objective)


@contextlib.contextmanager
def started() -> Iterator[None]:
    """Joins the processes that torchrun started; alone, does nothing."""
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        yield
        return
    # Its functions keep the group there is at their first import as a default for ever. Imported before there is one,
    # they let the group and its threads end below, and not while Python shuts down, where such a thread aborts.
    importlib.import_module("torch.distributed.nn")
    dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()
        _summed.clear()


def device() -> torch.device:
    """This process's GPU, or the processor."""
    if not torch.cuda.is_available():
        return torch.device("cpu")
    index = int(os.environ.get("LOCAL_RANK", 0))
    torch.cuda.set_device(index)
    return torch.device("cuda", index)
