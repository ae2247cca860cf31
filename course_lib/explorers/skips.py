"""Skips: a trained FCN-8s or U-Net whose skips a student switches off one by one.

`compute` runs the network of `training.checkpoints` with some of its skips silenced: the map that crosses is replaced
by zeros where it joins, and nothing else is touched. Errors are counted by where they are. On the photograph the maps
themselves are shown, by along_the_u.py.
"""

from collections.abc import Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import torch
from torch import Tensor, nn

from course_lib import palette, threads
from course_lib.datasets import photos
from course_lib.explorers.along_the_u import LAYERS, STAGES, collage, drawing
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Slider, Switch
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import (
    CLASSES,
    Chart,
    Collage,
    Image,
    Line,
    Map,
    Panel,
    Readout,
)
from course_lib.metrics import Confusion
from course_lib.metrics.boundary import trimap
from course_lib.models import activations, shipped, written
from course_lib.scenes.dataset import Sample, Scenes
from course_lib.training import checkpoints

FCN, UNET = written.network("fcn8s"), written.network("unet")
PHOTO = f"{UNET} on a photograph"
NETWORKS = {FCN: "fcn8s_street", UNET: "unet_street", PHOTO: "unet_pets"}
STRIDES = {FCN: (16, 8), UNET: (8, 4, 2, 1), PHOTO: (16, 8, 4, 2)}  # of the bridges, the deepest first
SCENES = 8
SMALL, BAND = 16, 2  # things of at most so many pixels are small; this wide is the boundary
RIGHT, BOUNDARY, SMALL_THING, INSIDE = range(4)
PLACES = ("right", "boundary", "small thing", "inside")
COLOURS = (palette.LIGHT, palette.VERMILION, palette.BLUE, palette.BLACK)


def skips() -> Explorer:
    """What each skip brings back of edges and small things."""
    controls = [
        Choice(name="network", label="Network", values=tuple(NETWORKS), default=UNET),
        Slider(name="scene", label="Scene", values=range(SCENES), default=0, when={"network": [FCN, UNET]}),
        Switch(name="first", label="Skip 1, the deepest", default=True),
        Switch(name="second", label="Skip 2", default=True),
        Switch(name="third", label="Skip 3", default=True, when={"network": [UNET, PHOTO]}),
        Switch(name="fourth", label="Skip 4, the finest", default=True, when={"network": [UNET, PHOTO]}),
        Choice(
            name="stage",
            label="Follow the map",
            values=STAGES,
            default=STAGES[-1],
            play=True,
            when={"network": [PHOTO]},
        ),
    ]
    return Explorer(
        render,
        controls,
        name="skips",
        title="What the skips carry across",
        table=False,
        main=1,
        guide=GUIDES["skips"],
        ahead=[{"network": network} for network in (FCN, PHOTO)],
    )


@dataclass(frozen=True)
class Answer:
    """A picture, its truth, the prediction, and where each pixel's error is; what is void counts as right.

    `maps` are those along the way, on the photograph only.
    """

    image: Tensor
    truth: Tensor
    prediction: Tensor
    places: Tensor
    kinds: Tensor
    maps: Mapping[str, Tensor]


@cache
def trained(network: str) -> nn.Module:
    """The stored network with this title, loaded once."""
    return checkpoints.load(NETWORKS[network])


def joints(net: nn.Module) -> list[nn.Module]:
    """The modules through which each skip arrives, the deepest first."""
    if hasattr(net, "score_pool4"):
        return [net.score_pool4, net.score_pool3]
    return [net.up4, net.up3, net.up2, net.up1]


@contextmanager
def silenced(net: nn.Module, on: tuple[bool, ...]):
    """The network with zeros in place of the skips that are off."""
    with ExitStack() as hooks:
        for joint, kept in zip(joints(net), on):
            if kept:
                continue
            if isinstance(joint, nn.Conv2d):  # FCN adds the joint's scores
                handle = joint.register_forward_hook(lambda module, inputs, out: torch.zeros_like(out))
            else:  # U-Net's joint reads (map from below, copy)
                handle = joint.register_forward_pre_hook(
                    lambda module, inputs: (inputs[0], torch.zeros_like(inputs[1]))
                )
            hooks.callback(handle.remove)
        yield net


@lru_cache(maxsize=256)
def compute(network: str, scene: int, on: tuple[bool, ...]) -> Answer:
    """The network's answer to one scene, or to the photograph, with some of its skips switched off."""
    if network == PHOTO:
        image, truth, size = _photograph()
        asked = shipped.normalised(image, shipped.card(NETWORKS[PHOTO]))
    else:
        images, truths, extras = _scenes(network)[1]
        image, truth, size = images[scene], truths[scene], extras["object_size"][scene]
        asked = image
    net = trained(network)
    watched = activations(net, *LAYERS) if network == PHOTO else nullcontext({})
    with torch.inference_mode(), silenced(net, on), watched as maps:
        prediction = net(asked[None])[0].argmax(0)
    kinds = where(truth, size)
    right = (prediction == truth) | (truth == photos.VOID)
    return Answer(
        image,
        truth,
        prediction,
        torch.where(right, RIGHT, kinds),
        kinds,
        {layer: one[0] for layer, one in maps.items()},
    )


@cache
def _photograph() -> tuple[Tensor, Tensor, Tensor]:
    """The cat at the size that its network was trained for, its mask, and no small things."""
    height, width = photos.load("cat").image.shape[1:]
    longer = shipped.card(NETWORKS[PHOTO])["working_size"]
    image, truth, _ = photos.resized("cat", (round(longer * height / width), longer))
    return image / 255, truth, torch.zeros_like(truth)


@cache
def _scenes(network: str) -> tuple[Scenes, Sample]:
    """All scenes at once: eight take hardly longer to paint than one."""
    scenes = checkpoints.unseen(NETWORKS[network])
    return scenes, scenes.batch(range(SCENES))


def _classes(network: str) -> tuple[tuple[str, ...], tuple]:
    """The names of the classes, and their colours."""
    if network == PHOTO:
        return tuple(shipped.card(NETWORKS[PHOTO])["classes"]), palette.ORDER
    scenes, _ = _scenes(network)
    return scenes.classes, scenes.colours


def where(truth: Tensor, object_size: Tensor) -> Tensor:
    """Each pixel is on a small thing, else near a boundary, else inside something large."""
    kinds = torch.full_like(truth, INSIDE)
    kinds[trimap(truth, BAND)] = BOUNDARY
    kinds[(object_size > 0) & (object_size <= SMALL)] = SMALL_THING
    return kinds


@threads.one_thread()  # small maps: a second thread costs more than it brings
def render(
    *, network: str, scene: int, first: bool, second: bool, third: bool, fourth: bool, stage: str
) -> list[Panel]:
    """The network and, on the photograph, its maps; truth, prediction, errors, and what the switched-off skips cost."""
    on = (first, second, third, fourth)[: 2 if network == FCN else 4]
    now, full = compute(network, scene, on), compute(network, scene, (True,) * len(on))
    classes, colours = _classes(network)
    void, looks = len(classes), {"colours": CLASSES, "palette": (*colours[: len(classes)], palette.VOID_COLOUR)}
    looks["names"] = dict(enumerate((*classes, "void, not counted")))
    maps = [
        Map(title=title, values=values.numpy(), **looks)
        for title, values in (
            ("Truth", now.truth.where(now.truth != photos.VOID, void)), ("Prediction", now.prediction),
        )
    ]  # fmt: skip
    wrong = int((now.places != RIGHT).sum())
    errors = Map(
        title="Errors by place",
        values=now.places.numpy(),
        colours=CLASSES,
        names=dict(enumerate(PLACES)),
        palette=COLOURS,
        note=f"{wrong:,} of {now.truth.numel():,} pixels are wrong; small thing: at most {SMALL} pixels long; "
        f"boundary: elsewhere, within {BAND} pixels of another class.",
    )
    bars = PLACES[1:]
    chart = Chart(
        title="Share of each place that is wrong",
        x="place",
        y="share wrong",
        lines=[
            Line(name=name, x=range(3), y=[share_wrong(answer, kind) for kind in (BOUNDARY, SMALL_THING, INSIDE)])
            for name, answer in (("all skips", full), ("these skips", now))
        ],
        bars=bars,
        low=0,
        high=1,
    )
    scene = Image(title="The picture", pixels=_pixels(now.image))
    numbers = _numbers(now, full, len(classes))
    way = [_way(now, on, stage)] if network == PHOTO else []
    return [drawing(network, STRIDES[network], on), *way, maps[1], scene, maps[0], errors, chart, numbers]


def _way(now: Answer, on: tuple[bool, ...], stage: str) -> Collage:
    """The maps of the photograph up to a stage."""
    labels = palette.paint(now.prediction).numpy()
    return collage(_pixels(now.image), now.maps, labels, on, STAGES.index(stage))


def _pixels(image: Tensor) -> np.ndarray:
    return (255 * image).round().byte().permute(1, 2, 0).numpy()


def share_wrong(answer: Answer, kind: int) -> float:
    """The share of wrong pixels among those of one kind of place; 0 if there are none."""
    here = answer.kinds == kind
    return float((answer.places[here] != RIGHT).float().mean()) if here.any() else 0.0


def _numbers(now: Answer, full: Answer, classes: int) -> Readout:
    rows = []
    for kind in (BOUNDARY, SMALL_THING, INSIDE):
        here = now.kinds == kind
        wrong = [int((answer.places[here] != RIGHT).sum()) for answer in (now, full)]
        rows.append((f"Wrong, {PLACES[kind]}", f"{wrong[0]:,} of {int(here.sum()):,} (all skips: {wrong[1]:,})"))
    scores = [Confusion(classes).update(answer.prediction, answer.truth) for answer in (now, full)]
    rows.append(("Mean IoU of this scene", f"{scores[0].mean_iou:.3f} (all skips: {scores[1].mean_iou:.3f})"))
    rows.append(("Pixel accuracy", f"{scores[0].pixel_accuracy:.3f} (all skips: {scores[1].pixel_accuracy:.3f})"))
    return Readout(title="In numbers", rows=rows)
