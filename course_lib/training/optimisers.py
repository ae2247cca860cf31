"""The optimiser, its schedule and its precision, by name.

A schedule is a function from progress (0 at the first step, towards 1 at the last) to a factor on the learning rate.
It has no state: where training is decides the rate.
"""

import contextlib
import inspect
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import torch
from torch import nn

from course_lib import checks
from course_lib.datasets.pairs import check_name

Schedule = Callable[[float], float]
Kind = TypeVar("Kind", bound=type[torch.optim.Optimizer])


def light(kind: Kind) -> Kind:
    """The same optimiser without the wrappers through which torch loads its compiler at the first step.

    Nothing here is compiled, and the compiler takes 150 MB and 5 seconds. The updates are the same to the last digit.
    Steps through which one can differentiate are torch's own.
    """
    wrapped = ("step", "zero_grad", "add_param_group", "state_dict", "load_state_dict")
    plain = {name: inspect.unwrap(getattr(kind, name)) for name in wrapped}
    quick = torch.no_grad()(plain["step"])

    def step(self: torch.optim.Optimizer, *args: Any, **named: Any) -> Any:
        return (kind.step if self.defaults.get("differentiable") else quick)(self, *args, **named)

    return cast(Kind, type(kind.__name__, (kind,), plain | {"step": step}))


SGD, AdamW, RMSprop = light(torch.optim.SGD), light(torch.optim.AdamW), light(torch.optim.RMSprop)
# name: (how to make it, learning rate when none is given)
OPTIMISERS: dict[str, tuple[Callable, float]] = {
    "sgd": (lambda p, lr, decay: SGD(p, lr=lr, momentum=0.9, weight_decay=decay), 1e-2),
    "adamw": (lambda p, lr, decay: AdamW(p, lr=lr, weight_decay=decay), 4e-3),
    "rmsprop": (lambda p, lr, decay: RMSprop(p, lr=lr, weight_decay=decay), 1e-3),
}


def poly(progress: float) -> float:
    """(1 - progress) ** 0.9: DeepLab v2, PSPNet and everything after."""
    return (1 - progress) ** 0.9


def one_cycle(progress: float) -> float:
    """Up along a cosine from 1/25 over the first 30 %, down to nearly nothing over the rest (Smith 2018)."""
    low, peak, end = 1 / 25, 0.3, 1e-4 / 25
    if progress < peak:
        return low + (1 - low) * (1 - math.cos(math.pi * progress / peak)) / 2
    return end + (1 - end) * (1 + math.cos(math.pi * (progress - peak) / (1 - peak))) / 2


def stairs(progress: float, share: float = 1 / 3, fall: float = 0.1) -> float:
    """A tenth after each third of the way: DeepLab v1. Others fall after another share, by another factor."""
    return fall ** int(progress / share)


def constant(progress: float) -> float:
    """The schedule that changes nothing."""
    return 1.0


SCHEDULES: dict[str, Schedule] = {"poly": poly, "one_cycle": one_cycle, "stairs": stairs, "constant": constant}


def schedule_of(schedule: str | Schedule) -> Schedule:
    """A schedule by its name, or the function itself."""
    if callable(schedule):
        return schedule
    check_name(schedule, list(SCHEDULES), "schedule")
    return SCHEDULES[schedule]


def optimizer_of(
    optimizer: str | torch.optim.Optimizer | Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
    model: nn.Module,
    learning_rate: float | None,
    weight_decay: float,
) -> torch.optim.Optimizer:
    """A torch optimiser from a name, from a function of the parameters, or as it comes."""
    if isinstance(optimizer, str):
        check_name(optimizer, list(OPTIMISERS), "optimizer")
        make, usual = OPTIMISERS[optimizer]
        rate = usual if learning_rate is None else learning_rate
        checks.above_zero(learning_rate=rate)
        checks.real(weight_decay=weight_decay)
        if weight_decay < 0:
            raise ValueError(f"weight_decay must be at least 0, got {weight_decay}")
        optimizer = make([p for p in model.parameters() if p.requires_grad], rate, weight_decay)
    elif learning_rate is not None:
        raise ValueError("learning_rate goes with an optimizer's name; an optimizer of your own brings its rate along")
    elif not isinstance(optimizer, torch.optim.Optimizer):
        made = optimizer([p for p in model.parameters() if p.requires_grad]) if callable(optimizer) else optimizer
        if not isinstance(made, torch.optim.Optimizer):
            raise TypeError(
                f"optimizer must be a name ({', '.join(OPTIMISERS)}), a torch optimiser or a function that makes one "
                f"of the parameters, got {checks.shown(made)}"
            )
        optimizer = made
    for group in optimizer.param_groups:
        group.setdefault("initial_lr", group["lr"])
    return optimizer


def set_rate(optimizer: torch.optim.Optimizer, factor: float) -> float:
    """Scale every group's own rate, which is noted at the first time; answers the first group's."""
    for group in optimizer.param_groups:
        group["lr"] = group.setdefault("initial_lr", group["lr"]) * factor
    return optimizer.param_groups[0]["lr"]


def described(optimizer: torch.optim.Optimizer) -> dict:
    """What a checkpoint remembers of it, to continue with the same."""
    groups = optimizer.param_groups
    return {
        "optimizer": type(optimizer).__name__,
        "learning_rates": [group["initial_lr"] for group in groups],
        "weight_decays": [group.get("weight_decay", 0.0) for group in groups],
    }


def precision(device: torch.device, amp: bool | None) -> tuple[Callable, torch.amp.GradScaler]:
    """Mixed precision: bfloat16 where the GPU has it, else float16, whose small gradients must be scaled."""
    on = device.type == "cuda" if amp is None else amp
    if not on:
        return contextlib.nullcontext, torch.amp.GradScaler(device.type, enabled=False)
    half = device.type == "cuda" and torch.cuda.get_device_capability(device) < (8, 0)
    dtype = torch.float16 if half else torch.bfloat16
    return lambda: torch.autocast(device.type, dtype), torch.amp.GradScaler(device.type, enabled=half)
