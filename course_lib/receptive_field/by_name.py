"""Networks by name, for the command line: nothing is imported before it is asked for.

    segnet                          a network of the course, where the package lies inside the course
    torchvision:deeplabv3_resnet101 a network of torchvision
    smp:Unet                        a network of segmentation_models_pytorch
    my.module:build                 any function or class of yours that returns a module

Always random weights: nothing is downloaded.
"""

import difflib
import importlib
import inspect
import warnings
from collections.abc import Callable, Iterable
from types import ModuleType

import torch
from torch import nn

NO_WEIGHTS = ("weights", "weights_backbone", "encoder_weights")


def load(name: str, options: dict[str, object], *, seed: int = 0) -> nn.Module:
    """The network of that name, its weights from the seed, in evaluation mode."""
    library, _, wanted = name.rpartition(":")
    if not wanted:
        raise ValueError(f"the model's name is empty after the colon: {name!r}")
    makers = {"": _of_the_course, "torchvision": _of_torchvision, "smp": _of_smp}
    make = makers[library](wanted) if library in makers else _of_module(library, wanted)
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a library's words about its own weights are not about ours
        try:
            net = make(**_without_weights(make), **options)
        except TypeError as error:
            raise ValueError(f"{name} cannot be built with the options {options or '(none)'}: {error}") from error
    if not isinstance(net, nn.Module):
        raise ValueError(f"{name} gives a {type(net).__name__}, expected a torch module")
    return net.eval()


def _of_the_course(name: str) -> Callable[..., nn.Module]:
    parent = (__package__ or "").rpartition(".")[0]
    try:
        if not parent:
            raise ModuleNotFoundError
        models = importlib.import_module(f"{parent}.models")
    except ModuleNotFoundError as error:
        raise ValueError(
            f"no network {name!r}: the course's networks are not beside this package; "
            "try torchvision:NAME, smp:NAME or your.module:function"
        ) from error
    _check(name, models.names(), "the course")
    return lambda **options: models.build(name, **options)


def _of_torchvision(name: str) -> Callable[..., nn.Module]:
    models = _library("torchvision.models", "torchvision")
    _check(name, models.list_models(), "torchvision")
    return models.get_model_builder(name)


def _of_smp(name: str) -> Callable[..., nn.Module]:
    library = _library("segmentation_models_pytorch", "segmentation_models_pytorch")
    classes = [key for key, kind in vars(library).items() if inspect.isclass(kind) and issubclass(kind, nn.Module)]
    _check(name, classes, "segmentation_models_pytorch")
    return getattr(library, name)


def _of_module(library: str, name: str) -> Callable[..., nn.Module]:
    module = _library(library, library)
    callables = [key for key, thing in vars(module).items() if callable(thing) and not key.startswith("_")]
    _check(name, callables, library)
    return getattr(module, name)


def _library(path: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(path)
    except ImportError as error:
        hint = difflib.get_close_matches(name, ["torchvision", "smp"], n=1)
        raise ValueError(
            f"there is no module {name!r} here" + (f"; did you mean {hint[0]}:...?" if hint else f" ({error})")
        ) from error


def _check(name: str, known: Iterable[str], where: str) -> None:
    known = list(known)
    if name in known:
        return
    folded = {entry.lower(): entry for entry in known}
    close = [folded[match] for match in difflib.get_close_matches(name.lower(), folded, n=3)]
    hint = f"did you mean {' or '.join(close)}?" if close else f"it has {', '.join(sorted(known)[:8])}, ..."
    raise ValueError(f"{where} has no network {name!r}; {hint}")


def _without_weights(make: Callable[..., nn.Module]) -> dict[str, None]:
    """What keeps a library from downloading."""
    return {name: None for name in NO_WEIGHTS if name in inspect.signature(make).parameters}
