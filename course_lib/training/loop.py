"""fit: the training loop.

In come a network and data; the network learns in place, and a History comes out. Everything the loop stands on lies
in the files beside it; what is left here can be read from top to bottom.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from course_lib import checks, memory
from course_lib.training import dice, distributed
from course_lib.training.evaluation import evaluate
from course_lib.training.feed import Checked, Order, batches
from course_lib.training.history import History
from course_lib.training.identity import identity
from course_lib.training.objective import Objective, classes_of, weights_of
from course_lib.training.optimisers import described, optimizer_of, precision, schedule_of, set_rate
from course_lib.training.saver import Saver
from course_lib.training.watch import Clock, Interruption, Watch


def fit(
    model: nn.Module,
    data: Dataset,
    *,
    steps: int | None = None,
    epochs: float | None = None,
    batch_size: int = 16,
    optimizer: str | torch.optim.Optimizer | Callable = "adamw",
    learning_rate: float | None = None,
    weight_decay: float = 1e-4,
    schedule: str | Callable[[float], float] = "one_cycle",
    class_weights: Sequence[float] | Tensor | None = None,
    ignore: int | None = 255,
    clip: float | None = 5.0,
    amp: bool | None = None,
    validation: Dataset | None = None,
    validate_every: int | None = None,
    checkpoint: str | Path | None = None,
    checkpoint_every: int = 100,
    log: str | Path | None = None,
    facts: Mapping[str, object] | None = None,
    seed: int = 0,
    workers: int = 0,
    device: str | torch.device | None = None,
    progress: bool = True,
) -> History:
    """Train `model` on `data`, a data set of (image, label, ...).

    steps or epochs: how long; a step sees batch_size images, over all processes together.
    schedule: "one_cycle", "poly", "stairs", "constant" or a function of progress.
    amp: mixed precision; None means on CUDA yes, elsewhere no.
    checkpoint: a file; if it is there training continues from it, bit for bit on a processor.
    facts: what else must be the same to continue, and the checkpoint cannot know, such as {"crop": 321}.
    Ctrl-C or the stop button ends training after the step in hand; what was learned stays.
    """
    checks.network(model=model)
    checks.data(data=data, **({} if validation is None else {"validation": validation}))
    checks.whole(0, workers=workers)
    checks.whole(-(2**63), seed=seed, **({} if ignore is None else {"ignore": ignore}))
    checks.paths(**{name: path for name, path in (("checkpoint", checkpoint), ("log", log)) if path is not None})
    check_numbers(clip=clip, checkpoint_every=checkpoint_every, validate_every=validate_every)
    device = checks.device(device) or next(model.parameters()).device
    model.to(device, memory_format=torch.channels_last)
    with dice.kept():
        num_classes = classes_of(model, data, device)
    steps = length(steps, epochs, len(data), batch_size)
    optimizer = optimizer_of(optimizer, model, learning_rate, weight_decay)
    weights = weights_of(class_weights, num_classes)
    factor = schedule_of(schedule)
    autocast, scaler = precision(device, amp)
    plan = {
        "steps": steps, "batch_size": batch_size, "seed": seed, "images": len(data), "clip": clip, "ignore": ignore,
        "class_weights": None if weights is None else weights.tolist(), "schedule": getattr(factor, "__name__", "own"),
        "data": distributed.from_first(lambda: identity(data, progress=progress)) if checkpoint else None,
        "facts": dict(facts or {}), **described(optimizer),
    }  # fmt: skip
    save = Saver(model, optimizer, scaler, plan=plan, path=checkpoint, log=log)
    with save.alone() as history, dice.kept(), Interruption() as interruption:
        objective = distributed.joined(Objective(model, class_weights=weights, ignore=ignore).to(device), device)
        order = Order(
            len(data), batch_size=batch_size, start=history.steps, steps=steps, seed=seed,
            rank=distributed.rank(), world=distributed.world(),
        )  # fmt: skip
        checked = Checked(data, num_classes=num_classes, ignore=ignore, seed=seed)
        feed = batches(checked, order, workers=workers, pin=device.type == "cuda")
        watch = Watch(history, steps=steps, images=len(data), num_classes=num_classes, ignore=ignore, progress=progress)
        parameters = list(model.train().parameters())
        try:
            for step, (images, labels) in enumerate(Clock(history).timed(feed), history.steps):
                dice.throw_for_step(seed, step, distributed.rank(), device)
                rate = set_rate(optimizer, factor(step / steps))
                watch.look(labels)
                images = images.to(device, memory_format=torch.channels_last, non_blocking=True)
                labels = labels.to(device, non_blocking=True)
                with autocast():
                    loss, logits = objective(images, labels)
                optimizer.zero_grad()
                scaler.scale(loss).backward()
                norm = None
                if clip is not None:
                    scaler.unscale_(optimizer)
                    norm = nn.utils.clip_grad_norm_(parameters, clip)
                watch.alarm(loss, None if scaler.is_enabled() else norm)
                scaler.step(optimizer)
                scaler.update()
                watch.step(rate, logits, labels)
                if validation is not None and validate_every and (step + 1) % validate_every == 0:
                    score = evaluate(model, validation, batch_size=batch_size, workers=workers, progress=False)
                    history.validations.append([step + 1, float(score.mean_iou)])
                if interruption.asked:
                    history.interrupted = True
                    break
                if (step + 1) % checkpoint_every == 0 and step + 1 < steps:
                    watch.settle()
                    save(history)
            watch.settle()
            save(history)
        except FloatingPointError as error:
            raise FloatingPointError(f"{error}. For now {save.stands()}") from error
        except KeyboardInterrupt:  # in the middle of a step: the last checkpoint is the better start
            history.interrupted = True
        finally:
            watch.close()
    memory.give_back()  # the maps of its steps; the next network has maps of other sizes
    return history


def check_numbers(*, clip: float | None, checkpoint_every: int, validate_every: int | None) -> None:
    """Below 0 a clipped gradient points backwards; at 0 nothing is learned."""
    if clip is not None:
        checks.above_zero(clip=clip)
    checks.whole(1, checkpoint_every=checkpoint_every)
    if validate_every is not None:
        checks.whole(1, validate_every=validate_every)


def length(steps: int | None, epochs: float | None, images: int, batch_size: int) -> int:
    """The number of steps, given as such or in epochs."""
    if (steps is None) == (epochs is None):
        raise ValueError(f"give steps= or epochs=, one of them, got steps={steps} and epochs={epochs}")
    checks.whole(1, batch_size=batch_size)
    if steps is not None:
        checks.whole(1, steps=steps)
    else:
        checks.above_zero(epochs=epochs)
    if batch_size % distributed.world():
        raise ValueError(f"batch_size {batch_size} cannot be shared evenly by {distributed.world()} processes")
    return steps if steps is not None else -int(-epochs * images // batch_size)
