"""The laptop preset: one of the course's networks for photographs learns a student's own classes in minutes.

    python -m course_lib.training --preset laptop --data folder --root my_pictures --classes wall cat

It starts from weights in data/checkpoints that know cats and dogs, and learns with the recipe that made them. Only the
layers that give the scores begin anew, because the classes are others. Pictures are shrunk to the size of
those that the weights know, so a telephone's pictures may stay as they are.
"""

from dataclasses import replace

from torch import nn

from course_lib.datasets.pairs import Transform
from course_lib.datasets.transforms import Joint, Normalise, Shrink, augment
from course_lib.models import shipped
from course_lib.training.photographs import FINE_TUNING, LITE, MEAN, STD, Photographed
from course_lib.training.recipes import Recipe

NETWORKS = {"deeplab_v3plus": "deeplab_v3plus_pets", "unet": "unet_pets", "fcn8s": "fcn8s_pets"}
USUAL = "deeplab_v3plus"
OPTIONS = LITE
LONGER_SIDE = 256  # of the photographs that the weights were trained on
WORKING_SIZE = Photographed.working_size
RECIPE: Recipe = replace(FINE_TUNING, source=f"the laptop preset: {FINE_TUNING.source}", steps=200)
LOOK = {"mean": MEAN, "std": STD}


def looks(recipe: Recipe) -> tuple[Transform, Transform]:
    """What training and scoring do to a picture and its mask."""
    varied = augment(crop=recipe.crop, scale=recipe.scale, colour=Photographed.colour, **LOOK)
    return Joint([Shrink(LONGER_SIDE), varied]), Normalise(**LOOK)


def begin(net: nn.Module, model: str) -> list[str]:
    """Fill the network with the shipped weights, but for its scores; the names of those that begin anew."""
    kept = {name: value for name, value in shipped.tensors(NETWORKS[model]).items() if not name.startswith("score")}
    anew = net.load_state_dict(kept, strict=False)
    if anew.unexpected_keys:
        raise ValueError(f"{model} was built with other options than {NETWORKS[model]}: expected {OPTIONS}")
    return anew.missing_keys
