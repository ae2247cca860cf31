"""What a metric may be given: label maps of whole numbers, of one shape, with classes within range."""

import torch
from torch import Tensor


def label_maps(prediction: Tensor, target: Tensor, num_classes: int, ignore: int | None) -> tuple[Tensor, Tensor]:
    """Both as int64, once they are known to be label maps of these classes."""
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
    prediction, target = prediction.long(), target.long()
    within_range("target", target, num_classes, ignore)
    # What is predicted on void does not matter; everywhere else it must be a class.
    within_range("prediction", prediction if ignore is None else prediction[target != ignore], num_classes, None)
    return prediction, target


def whole_labels(name: str, labels: Tensor) -> None:
    if labels.is_floating_point():
        if bool(labels.isnan().any()):
            raise ValueError(f"{name} holds NaN: the network has diverged, or a division by zero came before")
        raise ValueError(
            f"{name} must hold class labels (whole numbers), got {labels.dtype}: "
            "scores or probabilities? Pass scores.argmax(dim=1)"
        )
    if labels.is_complex():
        raise ValueError(f"{name} must hold class labels (whole numbers), got {labels.dtype}")


def within_range(name: str, labels: Tensor, num_classes: int, ignore: int | None) -> None:
    wrong = (labels < 0) | (labels >= num_classes)
    if ignore is not None:
        wrong &= labels != ignore
    if bool(wrong.any()):
        found = labels[wrong].unique()[:5].tolist()
        void = "" if ignore is None else f" or void ({ignore})"
        raise ValueError(f"{name} must hold classes 0 to {num_classes - 1}{void}, got {', '.join(map(str, found))}")


def pictures(*maps: Tensor) -> list[Tensor]:
    """Each map as N x H x W."""
    shape = maps[0].shape
    if len(shape) not in (2, 3) or 0 in shape:
        raise ValueError(f"label maps must be H x W or N x H x W, got {tuple(shape)}")
    return [each.view(-1, *shape[-2:]) if len(shape) == 2 else each for each in maps]


def whole_number(name: str, value: int, least: int | None) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
        at_least = "" if least is None else f" of at least {least}"
        raise ValueError(f"{name} must be a whole number{at_least}, got {value!r}")
