"""Each public function of data sets, networks and training against thirty kinds of bad values, argument by argument.

Either the value is one that the argument may have (GOOD), or the error names the argument, comes from this course and
not from deep inside torch, and is one line.
"""

import traceback
from pathlib import Path

import numpy as np
import pytest
import torch
from training_own import own_pictures
from training_tiny import Blobs, TinyNet

from course_lib import models
from course_lib.datasets import VOC2012, CamVid, Folder, Pets, photos
from course_lib.training import checkpoint, checkpoints, evaluate, fit, median_frequency

READ_ONLY = np.arange(3.0)
READ_ONLY.flags.writeable = False
BAD = {
    "none": None, "empty text": "", "text": "nonsense", "bytes": b"xx", "zero": 0, "minus": -1, "fraction": 1.5,
    "nan": float("nan"), "inf": float("inf"), "minus inf": float("-inf"), "huge": 10**30, "true": True, "list": [],
    "dict": {}, "tuple": (), "set": {1}, "object": object(), "function": lambda *values: None, "class": int,
    "complex": 1j, "numpy": np.array([1, 2, 3]), "read only": READ_ONLY, "empty": torch.empty(0),
    "half": torch.ones(3).half(), "float64": torch.ones(3).double(), "nan tensor": torch.full((3,), float("nan")),
    "strided": torch.ones(3, 6)[:, ::2], "channels last": torch.ones(1, 3, 4, 4).to(memory_format=torch.channels_last),
    "meta": torch.empty(3, device="meta"), "missing": Path("missing/deep"), "numpy number": np.int64(2),
    "number in a text": "2",
}  # fmt: skip
WHOLE = {"numpy number"}
PATHS = {"text", "missing", "number in a text"}
# function: (how it is called, {argument: kinds that it may have})
CALLS = {
    "build": (
        lambda **given: models.build(**{"name": "segnet_basic", "num_classes": 3, "width": 0.05, **given}),
        {"name": (), "num_classes": {"numpy number"}, "width": {"fraction", "numpy number"}, "weights": {"none"},
         "backbone_weights": {"none"}, "device": {"none"}},
    ),
    "fit": (
        lambda **given: fit(**{"model": TinyNet(), "data": Blobs(4), "steps": 1, "batch_size": 2, "progress": False,
                               **given}),
        {"model": (), "data": (), "steps": WHOLE, "batch_size": WHOLE, "optimizer": (),
         "learning_rate": {"none", "fraction", "huge", "numpy number"},
         "weight_decay": {"zero", "fraction", "huge", "numpy number"}, "ignore": (),
         "clip": {"none", "fraction", "huge", "numpy number"}, "validation": {"none", "list", "tuple"},
         "validate_every": WHOLE | {"none"}, "checkpoint": PATHS | {"none"}, "checkpoint_every": WHOLE,
         "log": PATHS | {"none"}, "seed": WHOLE | {"zero", "minus"}, "workers": WHOLE | {"zero"}, "device": {"none"}},
    ),
    "evaluate": (
        lambda **given: evaluate(**{"model": TinyNet(), "data": Blobs(4), "progress": False, **given}),
        {"model": (), "data": (), "num_classes": {"none"}, "batch_size": WHOLE, "ignore": (),
         "workers": WHOLE | {"zero"}, "device": {"none"}},
    ),
    "median_frequency": (
        lambda **given: median_frequency(**{"data": Blobs(4), "progress": False, **given}),
        {"data": (), "num_classes": {"none"}},
    ),
    "Folder": (
        lambda **given: Folder(**{"root": "own", "classes": ("background", "animal"), **given}),
        {"root": (), "classes": (), "split": {"none"}, "images": (), "masks": (),
         "colours": {"none", "dict"}, "void": WHOLE | {"zero"}},
    ),
    "CamVid": (lambda **given: CamVid(**{"root": "own", **given}), {"root": (), "split": ()}),
    "Pets": (
        lambda **given: Pets(**{"root": "own", "download": False, **given}), {"root": (), "split": (), "border": ()},
    ),
    "VOC2012": (lambda **given: VOC2012(**{"root": "own", "download": False, **given}), {"root": (), "split": ()}),
    "photos.load": (photos.load, {"name": ()}),
    "photos.coarse": (
        lambda **given: photos.coarse(**{"name": "cat", **given}),
        {"name": (), "stride": {"numpy number"}, "confidence": {"zero"}},
    ),
    "checkpoint.load": (checkpoint.load, {"path": ()}),
    "checkpoints.load": (
        lambda **given: checkpoints.load(**{"name": "far_vehicles", **given}), {"name": (), "device": {"none"}},
    ),
}  # fmt: skip
UNTRIED = {  # processes are slow to start, and what a function of one's own raises is one's own
    ("fit", "workers", "numpy number"), ("evaluate", "workers", "numpy number"), ("fit", "optimizer", "class"),
}  # fmt: skip
OTHER_WORDS = {  # where the error has a better name for what is wrong than the argument's
    ("build", "weights"): "file", ("build", "backbone_weights"): "weights", ("build", "name"): "network",
    ("Folder", "root"): "folder", ("Folder", "images"): "folder", ("Folder", "masks"): "folder",
    ("Folder", "split"): "folder", ("CamVid", "root"): "folder", ("Pets", "root"): "folder",
    ("VOC2012", "root"): "VOCdevkit", ("photos.load", "name"): "photograph", ("photos.coarse", "name"): "photograph",
    ("checkpoint.load", "path"): "file", ("checkpoints.load", "name"): "checkpoint", ("fit", "data"): "data set",
    ("evaluate", "data"): "data set", ("median_frequency", "data"): "data", ("fit", "validation"): "data set",
    ("evaluate", "ignore"): "label",
    ("median_frequency", "num_classes"): "label", ("fit", "ignore"): "label", ("fit", "log"): "path",
}  # fmt: skip


@pytest.fixture
def place(tmp_path, monkeypatch):
    own_pictures(tmp_path / "own")
    monkeypatch.chdir(tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("function, argument", [(name, each) for name, (_, known) in CALLS.items() for each in known])
def test_a_bad_value_is_named_or_works(place, function, argument):
    call, known = CALLS[function]
    wrong = {}
    for kind, value in BAD.items():
        if (function, argument, kind) not in UNTRIED:
            found = outcome(call, argument, value, OTHER_WORDS.get((function, argument), argument))
            if found != ("works" if kind in known[argument] else "named"):
                wrong[kind] = found
    assert not wrong, wrong


def outcome(call, argument: str, value: object, word: str) -> str:
    """ "works", "named", or what is wrong with the error."""
    try:
        call(**{argument: value})
    except (ValueError, TypeError, OSError) as error:
        text, last = str(error), traceback.extract_tb(error.__traceback__)[-1].filename
        if "course_lib" not in last:
            return f"raised in {Path(last).name}: {text[:80]}"
        if "\n" in text or not (argument in text or word in text):
            return f"says: {text[:120]}"
        return "named"
    return "works"
