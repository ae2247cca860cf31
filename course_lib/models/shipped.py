"""The trained networks in data/checkpoints, each by the name of its file, each with its card.

A card holds model, options, classes, data, credit, licence, scores and the command that trained it. `build(...,
weights=name)` fills a network with one of them.
"""

import difflib
import json
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from course_lib import paths
from course_lib.files import tensors as files

MEND = "restore it with git checkout data/checkpoints, or install the course again"


def folder() -> Path:
    """Where the weights and their cards lie."""
    return paths.data() / "checkpoints"


def names() -> list[str]:
    """The names of all trained networks."""
    return sorted(path.stem for path in folder().glob("*.json"))


def card(name: str) -> dict:
    """What the JSON beside the weights says; an unknown name is an error that lists the closest."""
    if name not in names():
        close = difflib.get_close_matches(str(name), names(), n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"it has {', '.join(names())}"
        raise ValueError(f"there are no trained weights {name!r} in data/checkpoints; {hint}")
    return json.loads((folder() / f"{name}.json").read_text(encoding="utf-8"))


def normalised(image: Tensor, told: Mapping) -> Tensor:
    """A picture in 0..1 as the network of this card reads it: as it is, where the card says no more."""
    return (image - told.get("mean", 0.0)) / told.get("std", 1.0)


def tensors(name: str) -> Mapping[str, Tensor]:
    """In the order of the network; filters in half precision."""
    told = card(name)
    stored = files.read(folder() / f"{name}.pt", sha256=told.get("sha256", ""), what="checkpoint", mend=MEND)
    return rescaled(stored)


def rescaled(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What is stored as int8 becomes floating point again, times the scale of its row."""
    state = {}
    for key, value in stored.items():
        if key.endswith(".int8"):
            key = key.removesuffix(".int8")
            value = value * stored[f"{key}.scale"]
        if not key.endswith(".scale"):
            state[key] = value
    return state


def fill(net: nn.Module, name: str) -> None:
    """Copy a stored network into one that was built like it; it computes in its own precision."""
    state, own = tensors(name), net.state_dict()
    shapes = [{key: tuple(value.shape) for key, value in one.items()} for one in (state, own)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"the weights {name!r} belong to another network; build it with {call(name)}")
    net.load_state_dict(state)


def call(name: str) -> str:
    """The line of Python that builds the network of a card."""
    told = card(name)
    options = {"num_classes": len(told["classes"])} | ({} if told["width"] == 1 else {"width": told["width"]})
    words = [repr(told["model"]), *(f"{key}={value!r}" for key, value in (options | told["options"]).items())]
    return f"models.build({', '.join(words)}, weights={name!r})".replace("'", '"')
