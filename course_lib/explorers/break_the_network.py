"""Break the network: a scene that the student edits, and trained networks that answer side by side, live.

The knobs are those of the scenes and of `edited_scenes`; the networks those of `training.checkpoints`. All networks of
a world read the same picture, so that a difference between them is theirs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from course_lib import threads
from course_lib.explorers.edited_scenes import BOTH, CAB, ROAD, WATER, repainted, with_cab_slid, with_hull_at
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Pixel, Slider
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import CLASSES, Drag, Image, Map, Panel, Readout
from course_lib.metrics import Confusion
from course_lib.models import written
from course_lib.scenes import Scenes
from course_lib.training import checkpoints

STREET, VEHICLES, HARBOUR = "street", "long vehicles", "harbour"
NEAR, FAR = "sees 27 pixels", "sees 99 pixels"  # the fields of training.stacks
NETWORKS = {
    STREET: {written.network(name): f"{name}_street" for name in ("segnet", "unet", "fcn8s")},
    VEHICLES: {NEAR: "near_vehicles", FAR: "far_vehicles"},
    HARBOUR: {NEAR: "near_harbour", FAR: "far_harbour", written.network("pspnet50"): "pspnet50_harbour"},
}
SEED = 2_000_003  # neither the seed of the training nor that of the scores
SIDE, STEP = 64, 2  # of the picture, and pixels of it per place of the hull
NOTES = {
    STREET: "",
    VEHICLES: "Only the cab, yellow or red, tells a bus from a tram.",
    HARBOUR: "Click to put the hull elsewhere, or use the arrow keys: the nearer edge makes it a boat or a car. "
    "In training no picture had both edges.",
}


def break_the_network() -> Explorer:
    """Grow the bus, thin the pole, slide the cab away, move the boat onto the road, and see who still answers well."""
    street, vehicles, harbour = ({"world": [world]} for world in NETWORKS)
    controls = [
        Choice(name="world", label="World", values=tuple(NETWORKS), default=STREET),
        Slider(name="scene", label="Scene", values=range(12), default=0),
        Slider(name="bus", label="Length of the bus", values=range(16, 57, 4), default=36, unit="px", when=street),
        Slider(name="car", label="Length of cars", values=range(8, 33, 4), default=16, unit="px", when=street),
        Slider(name="pole", label="Width of poles", values=range(1, 7), default=2, unit="px", when=street),
        Slider(name="slid", label="Slide the cabs by", values=range(0, 57, 4), default=0, unit="px", when=vehicles),
        Slider(name="length", label="Longest vehicle", values=range(22, 63, 4), default=62, unit="px", when=vehicles),
        Choice(name="cabs", label="Cabs of", values=("any", "bus", "tram"), default="any", when=vehicles),
        Choice(name="surface", label="Edges", values=(BOTH, WATER, ROAD), default=BOTH, when=harbour),
        Pixel(name="hull", label="Place of the hull", size=(SIDE // STEP,) * 2, default=(16, 7), when=harbour),
    ]
    title = "Break the network: edit the scene, and trained networks answer"
    return Explorer(
        render,
        controls,
        name="break_the_network",
        title=title,
        table=False,
        guide=GUIDES["break_the_network"],
        ahead=[{"world": world} for world in (VEHICLES, HARBOUR)],
    )


@lru_cache(maxsize=16)
def trained(name: str) -> nn.Module:
    """The stored network of this name, loaded once."""
    return checkpoints.load(name)


@dataclass(frozen=True)
class Scene:
    """An edited picture and its truth."""

    image: Tensor
    truth: Tensor
    scenes: Scenes


def edited(world: str, scene: int, *, bus: int = 36, car: int = 16, pole: int = 2, slid: int = 0, length: int = 62,
           cabs: str = "any", surface: str = BOTH, hull: Sequence[int] = (16, 7)) -> Scene:  # fmt: skip
    """One scene with its knobs turned; dice that no knob touches fall as before."""
    shared = {"size": SIDE, "count": 12, "seed": SEED}
    if world == STREET:
        scenes = Scenes("street", **shared, bus_size=bus, car_size=car, pole_width=pole)
    elif world == VEHICLES:
        scenes = Scenes("long_vehicle", **shared, length=length, cab_width=CAB, kind=cabs)
        scenes = repainted(scenes, with_cab_slid, by=slid)
    else:
        place = [STEP * at + STEP // 2 for at in hull]
        scenes = repainted(Scenes("harbour", **shared), with_hull_at, edges=surface, place=place)
    image, truth, _ = scenes[scene]
    return Scene(image, truth, scenes)


def compute(shown: Scene, name: str) -> Tensor:
    """The network's label for each pixel."""
    with torch.inference_mode():
        return trained(name)(shown.image[None])[0].argmax(0)


@threads.one_thread()  # small maps: a second thread costs more than it brings
def render(*, world: str, scene: int, **knobs: object) -> list[Panel]:
    """The edited scene, its truth, each network's answer, and their scores."""
    shown = edited(world, scene, **knobs)
    names, colours = dict(enumerate(shown.scenes.classes)), shown.scenes.colours
    pixels = (255 * shown.image).round().byte().permute(1, 2, 0).numpy()
    answers = {title: compute(shown, name) for title, name in NETWORKS[world].items()}
    maps = [
        Map(title=title, values=label.numpy(), colours=CLASSES, names=names, palette=colours)
        for title, label in (("Truth", shown.truth), *answers.items())
    ]
    drags = [Drag(name=name, step=4) for name in ("bus", "slid")]  # whichever counts in this world
    return [
        Image(title="The scene: drag in it", pixels=pixels, note=NOTES[world], drags=drags),
        *maps,
        _numbers(world, answers, shown),
    ]


def _numbers(world: str, answers: dict[str, Tensor], shown: Scene) -> Readout:
    """One row for each measure, the networks from left to right."""
    classes = shown.scenes.classes
    scores = [Confusion(len(classes)).update(label, shown.truth) for label in answers.values()]
    rows = [("pixels right", " / ".join(f"{score.pixel_accuracy:.1%}" for score in scores))]
    if world != STREET:
        things = {VEHICLES: ("bus", "tram"), HARBOUR: ("boat", "car")}[world]
        there = torch.isin(shown.truth, torch.tensor([classes.index(thing) for thing in things]))
        right = [float((label == shown.truth)[there].float().mean()) for label in answers.values()]
        rows.append((f"pixels of {' and '.join(things)} right", " / ".join(f"{share:.1%}" for share in right)))
    for index in shown.truth.unique().tolist():
        rows.append((f"IoU of {classes[index]}", " / ".join(f"{score.iou[index]:.2f}" for score in scores)))
    return Readout(title=" / ".join(answers), rows=rows)
