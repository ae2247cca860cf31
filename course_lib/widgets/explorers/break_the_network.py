"""Break the network: a scene that the student edits, and trained networks that answer side by side, live.

The knobs are those of the scenes; the networks those of `training.checkpoints`. All networks of a world read the same
picture, so that a difference between them is theirs.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from course_lib import palette
from course_lib.metrics import Confusion
from course_lib.scenes import Scenes
from course_lib.training import checkpoints

from ..controls import Choice, Slider
from ..explorer import Explorer
from ..panels import CLASSES, Image, Map, Panel, Readout

STREET, HARBOUR = "street", "harbour"
NETWORKS = {
    STREET: ("segnet_street", "unet_street", "fcn8s_street"),
    HARBOUR: ("pspnet50_harbour",),
}
SEED = 2_000_003  # neither the seed of the training nor that of the scores


def break_the_network() -> Explorer:
    """Grow the bus, thin the pole, exchange water and road, and see who still answers well."""
    street, harbour = {"world": [STREET]}, {"world": [HARBOUR]}
    controls = [
        Choice(name="world", label="World", values=(STREET, HARBOUR), default=STREET),
        Slider(name="scene", label="Scene", values=range(12), default=0),
        Slider(name="bus", label="Length of the bus", values=range(16, 57, 4), default=36, unit="px", when=street),
        Slider(name="car", label="Length of cars", values=range(8, 33, 4), default=16, unit="px", when=street),
        Slider(name="pole", label="Width of poles", values=range(1, 7), default=2, unit="px", when=street),
        Choice(name="surface", label="Beside the boat lies", values=("water", "road"), default="water", when=harbour),
        Slider(
            name="gap", label="Distance to it, at least", values=range(0, 27, 2), default=18, unit="px", when=harbour
        ),
    ]
    title = "Break the network: edit the scene, and trained networks answer"
    return Explorer(render, controls, name="break_the_network", title=title, table=False)


@lru_cache(maxsize=8)
def trained(name: str) -> nn.Module:
    return checkpoints.load(name)


@dataclass(frozen=True)
class Scene:
    """An edited picture and its truth."""

    image: Tensor
    truth: Tensor
    scenes: Scenes


def edited(world: str, scene: int, bus: int, car: int, pole: int, surface: str, gap: int) -> Scene:
    """One scene with its knobs turned; dice that no knob touches fall as before."""
    knobs = {"bus_size": bus, "car_size": car, "pole_width": pole}
    if world == HARBOUR:
        knobs = {"surface": surface, "gap": gap}
    scenes = Scenes(world, size=64, count=12, seed=SEED, **knobs)
    image, truth, _ = scenes[scene]
    return Scene(image, truth, scenes)


def compute(shown: Scene, name: str) -> Tensor:
    """The network's label for each pixel."""
    with torch.no_grad():
        return trained(name)(shown.image[None])[0].argmax(0)


def render(*, world: str, scene: int, bus: int, car: int, pole: int, surface: str, gap: int) -> list[Panel]:
    shown = edited(world, scene, bus, car, pole, surface, gap)
    names, colours = dict(enumerate(shown.scenes.classes)), shown.scenes.colours
    pixels = (255 * shown.image).round().byte().permute(1, 2, 0).numpy()
    truth = Map(title="Truth", values=shown.truth.numpy(), colours=CLASSES, names=names, palette=colours)
    answers, scores = [], {}
    for name in NETWORKS[world]:
        title, label = checkpoints.describe(name)["model"], compute(shown, name)
        answers.append(Map(title=title, values=label.numpy(), colours=CLASSES, names=names, palette=colours))
        scores[title] = Confusion(len(names)).update(label, shown.truth)
    if len(answers) == 1:
        wrong = (torch.as_tensor(answers[0].values) != shown.truth).long()
        answers.append(Map(title="Errors", values=wrong.numpy(), colours=CLASSES, names={0: "right", 1: "wrong"},
                           palette=(palette.LIGHT, palette.VERMILION)))  # fmt: skip
    return [Image(title="The scene", pixels=pixels), truth, *answers, _numbers(scores, shown)]


def _numbers(scores: dict[str, Confusion], shown: Scene) -> Readout:
    """One row for each measure, the networks from left to right."""
    rows = [("pixels right", " / ".join(f"{score.pixel_accuracy:.1%}" for score in scores.values()))]
    for index in shown.truth.unique().tolist():
        found = " / ".join(f"{score.iou[index]:.2f}" for score in scores.values())
        rows.append((f"IoU of {shown.scenes.classes[index]}", found))
    return Readout(title=" / ".join(scores), rows=rows)
