"""What a metric may be given: label maps of whole numbers, of one shape, with classes within range."""

from collections.abc import Sequence

import torch
from torch import Tensor

COMMON = (torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)  # torch finds the extremes of these


def label_maps(prediction: Tensor, target: Tensor, num_classes: int, ignore: int | None) -> tuple[Tensor, Tensor]:
    """Both in one signed type, once they are known to be label maps of these classes.

    The type is the smallest that holds the labels and num_classes squared: what follows reads each pixel several
    times, and eight bytes a pixel would cost more than the arithmetic. On void the prediction may be anything.
    """
    prediction, target = of_one_kind(prediction, target, num_classes, ignore)
    known_labels(prediction, target, num_classes, ignore)
    return prediction, target


def counted_labels(
    prediction: Tensor, target: Tensor, num_classes: int, ignore: int | None
) -> tuple[Tensor, Tensor, int | Tensor]:
    """The same for whoever counts them: void pixels are class 0 in both, and their number comes along."""
    return known_labels(*of_one_kind(prediction, target, num_classes, ignore), num_classes, ignore)


def of_one_kind(prediction: Tensor, target: Tensor, num_classes: int, ignore: int | None) -> list[Tensor]:
    """Whole numbers of one shape, on one device and in one type."""
    whole_number("num_classes", num_classes, 1)
    if ignore is not None:
        whole_number("ignore", ignore, None)
    prediction, target = torch.as_tensor(prediction), torch.as_tensor(target)
    whole_labels("prediction", prediction)
    whole_labels("target", target)
    if prediction.shape != target.shape:
        hint = ""
        if prediction.dim() == target.dim() + 1:
            hint = "; one dimension too many: are these scores? Pass scores.argmax(dim=1)"
        raise ValueError(
            f"prediction and target must have one shape, got {tuple(prediction.shape)} and {tuple(target.shape)}{hint}"
        )
    if prediction.device != target.device:
        raise ValueError(f"prediction is on {prediction.device}, target on {target.device}; move one to the other")
    return in_small_type([prediction, target], 0 if ignore is None else ignore, num_classes**2)


def known_labels(
    prediction: Tensor, target: Tensor, num_classes: int, ignore: int | None
) -> tuple[Tensor, Tensor, int | Tensor]:
    """Void set to class 0, by products: masked_fill takes five times as long, and picking out the rest ten times."""
    void, or_void = 0, ""
    if ignore is not None:
        known = target != ignore
        prediction, target, void = prediction * known, target * known, known.numel() - known.count_nonzero()
        or_void = f" or void ({ignore})"
    within_range("target", target, num_classes, or_void)
    within_range("prediction", prediction, num_classes)
    return prediction, target, void


def in_small_type(maps: Sequence[Tensor], *numbers: int) -> list[Tensor]:
    """All in the smallest signed type that holds every label and these numbers, and has its two ends free."""
    maps = [labels if labels.dtype in COMMON else labels.long() for labels in maps]
    ends = [int(end) for labels in maps if labels.numel() for end in labels.aminmax()] + list(numbers)
    types = (torch.iinfo(dtype) for dtype in (torch.int16, torch.int32, torch.int64))
    fitting = next((t for t in types if t.min < min(ends) and max(ends) < t.max), torch.iinfo(torch.int64))
    return [labels.to(getattr(torch, fitting.dtype)) for labels in maps]


def whole_labels(name: str, labels: Tensor) -> None:
    """Refuses labels that are not whole numbers: scores, probabilities, NaN."""
    if labels.is_floating_point():
        if bool(labels.isnan().any()):
            raise ValueError(f"{name} holds NaN: the network has diverged, or a division by zero came before")
        raise ValueError(
            f"{name} must hold class labels (whole numbers), got {labels.dtype}: "
            "scores or probabilities? Pass scores.argmax(dim=1)"
        )
    if labels.is_complex():
        raise ValueError(f"{name} must hold class labels (whole numbers), got {labels.dtype}")


def within_range(name: str, labels: Tensor, num_classes: int, or_void: str = "") -> None:
    """Refuses labels outside the classes, and names the first few."""
    if labels.numel() == 0:
        return
    least, most = labels.aminmax()
    if least < 0 or most >= num_classes:
        found = labels[(labels < 0) | (labels >= num_classes)].unique()[:5].tolist()
        raise ValueError(f"{name} must hold classes 0 to {num_classes - 1}{or_void}, got {', '.join(map(str, found))}")


def pictures(*maps: Tensor) -> list[Tensor]:
    """Each map as N x H x W."""
    shape = maps[0].shape
    if len(shape) not in (2, 3) or 0 in shape:
        raise ValueError(f"label maps must be H x W or N x H x W, got {tuple(shape)}")
    return [each.view(-1, *shape[-2:]) if len(shape) == 2 else each for each in maps]


def whole_number(name: str, value: int, least: int | None) -> None:
    """Refuses an argument that is not a whole number of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
        at_least = "" if least is None else f" of at least {least}"
        raise ValueError(f"{name} must be a whole number{at_least}, got {value!r}")
