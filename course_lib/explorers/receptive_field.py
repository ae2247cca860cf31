"""The receptive field of a network: what one unit can see of a picture, and what it really looks at.

`Looker` holds a network and a picture and asks `course_lib.receptive_field`; `render` shades what lies outside.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from torch import Tensor, nn

from course_lib import models, threads
from course_lib.datasets import photos
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Choice, Pixel, Switch
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import CLASSES, Image, Map, Mark, Panel, Readout, number_text
from course_lib.models import shipped, written
from course_lib.models.working_size import in_proportion
from course_lib.receptive_field import Field, empirical, theoretical
from course_lib.receptive_field.many_units import ManyUnits
from course_lib.receptive_field.probing.influence import Spread
from course_lib.scenes import Scenes
from course_lib.training import checkpoints

SIDE, PHOTO_SIDE = 128, 256
STEP = 4  # pixels of the picture per place of the cursor
PATCH = 6  # pixels: the side of what hides the picture, and how far it moves
HEAT = np.array([230.0, 80.0, 0.0])  # painted over the picture where the unit looks
READ = {0: "cannot be read", 1: "can be read"}
ENDS = ((0, 34, 78), (254, 232, 56))  # the ends of the colours of heat: the map keeps them when it shows weights


def receptive_field(
    network: str | nn.Module = "segnet",
    *,
    image: Tensor | None = None,
    objects: Tensor | None = None,
    photo: str = "",
    layers: Sequence[str] | None = None,
    width: float = 0.125,
) -> Explorer:
    """What one unit of a network sees of a picture.

    `network` is a trained one of data/checkpoints, a name for `models.build` (made narrow, which changes no receptive
    field) or any module; `image` is 3 x H x W in 0..1 and `objects` numbers its things from 1. Instead of both, `photo`
    names one of data/photos, whose masked things count; without any, a scene stands there. `layers` are those on offer.
    """
    told = shipped.card(network) if network in shipped.names() else {}
    if told:
        net = checkpoints.load(network)
    elif isinstance(network, str):
        net = models.build(network, 6, width=width)
        net.trained = False
    else:
        net = network
    if photo:
        image, objects = _photograph(photo, told.get("working_size"))
    elif image is None:
        image, _, extras = Scenes("street", size=SIDE, count=1, seed=3)[0]
        objects = extras["instance"]
    looker = Looker(net.eval(), image, objects, shipped.normalised(image, told)[None])
    size = tuple(-(-side // STEP) for side in image.shape[-2:])
    offered = list(layers) if layers else looker.some_layers()
    first = offered[len(offered) // 3]
    controls = [
        Pixel(name="place", label="Place", size=size, default=looker.start(size, first)),
        Choice(name="layer", label="Layer", values=offered, default=first, play=True, texts=said(offered)),
        Switch(name="gradient", label="Effective: where it really looks"),
        Switch(name="occlusion", label="Empirical: hide and see (seconds)"),
    ]
    title = f"What one unit of {written.network(network)} sees"
    return Explorer(
        looker.render,
        controls,
        name="receptive_field",
        title=title,
        table=False,
        guide=GUIDES["receptive_field"],
        ahead=[{"gradient": True}],
    )


def said(layers: Sequence[str]) -> dict[str, str]:
    """The layers in words; two that would read alike keep the names that they have in the code."""
    words = {layer: written.layer(layer) for layer in layers}
    return {layer: text for layer, text in words.items() if list(words.values()).count(text) == 1}


@dataclass(eq=False)
class Looker:
    """A network, a picture, and what is on it."""

    net: nn.Module
    image: Tensor
    objects: Tensor | None
    read: Tensor  # the picture as the network reads it

    def __post_init__(self) -> None:
        channels, height, width = self.image.shape
        self.field: Field = theoretical(self.net, image_size=(height, width), channels=channels)
        self.effective = lru_cache(maxsize=64)(self._effective)
        self.empirical = lru_cache(maxsize=64)(self._empirical)

    def some_layers(self) -> list[str]:
        """At most a dozen with a map, from the first to the last."""
        mapped = [name for name in self.field.layers if min(self.field.output_size(name), default=0) > 1]
        chosen = np.unique(np.linspace(0, len(mapped) - 1, min(12, len(mapped))).round().astype(int))
        return [mapped[i] for i in chosen]

    def unit(self, place: Sequence[int], layer: str) -> tuple[int, int]:
        """The unit of the layer's map that lies over a place of the picture."""
        size, sides = self.field.output_size(layer), self.image.shape[-2:]
        middle = ((position + 0.5) * STEP for position in place)
        return tuple(min(n - 1, int(at * n / side)) for at, n, side in zip(middle, size, sides))

    def start(self, size: tuple[int, int], layer: str) -> tuple[int, int]:
        """The middle, or the place nearest to it whose unit lies on a thing."""
        middle = (size[0] // 2, size[1] // 2)
        places = sorted(np.ndindex(size), key=lambda place: math.dist(place, middle))
        return next((place for place in places if self.thing(self.unit(place, layer), layer)), middle)

    def thing(self, unit: tuple[int, int], layer: str) -> int:
        """The number of the thing under the unit's middle; 0 where there is none."""
        if self.objects is None:
            return 0
        size, sides = self.field.output_size(layer), self.image.shape[-2:]
        y, x = (min(side - 1, int((at + 0.5) * side / n)) for at, n, side in zip(unit, size, sides))
        return int(self.objects[y, x])

    def _effective(self, unit: tuple[int, int], layer: str) -> Spread:
        with threads.one_thread():
            return _many_units(self, layer)(unit)

    def _empirical(self, unit: tuple[int, int], layer: str) -> Spread:
        return empirical(
            self.net, self.read, unit, layer=layer, field=self.field, size=PATCH, stride=PATCH, progress=False
        )

    def render(self, *, place: Sequence[int], layer: str, gradient: bool, occlusion: bool) -> list[Panel]:
        """The picture with the unit's field, and how far the unit looks by gradient and by occlusion."""
        unit = self.unit(place, layer)
        mask, box = self.field.mask(unit, layer), self.field.box(unit, layer)
        looks = self.effective(unit, layer) if gradient else None
        hides = self.empirical(unit, layer) if occlusion else None
        picture = Image(
            title="Shaded: what the unit cannot see",
            pixels=self._painted(mask, looks),
            marks=[
                Mark(top=box[0], left=box[1], height=box[2] - box[0], width=box[3] - box[1], label=f"box {_box(box)}")
            ],
            note="Click or use the arrow keys to choose another unit. Outlined: its box.",
        )
        return [picture, _field(mask, looks, hides), self._numbers(unit, layer, mask, box, looks, hides)]

    def _painted(self, mask: np.ndarray, looks: Spread | None) -> np.ndarray:
        picture = 255.0 * self.image.permute(1, 2, 0).numpy()[..., :3]
        if looks is not None and looks.map.max() > 0:
            heat = np.sqrt(looks.map.numpy() / float(looks.map.max()))[..., None] * 0.85
            picture = (1 - heat) * picture + heat * HEAT
        return np.where(mask[..., None], picture, 0.25 * picture).round().astype(np.uint8)

    def weights(self) -> str:
        """Whose gradient it is, in words; a network may carry the answer in an attribute `trained`."""
        words = {True: "trained", False: "as built, not trained"}
        return words.get(getattr(self.net, "trained", None), "as the network was given")

    def unclipped(self, layer: str) -> str:
        """How far a unit of the layer sees where no border is near, in words."""
        sides = self.field.size(layer)
        return " x ".join("whole image" if math.isinf(side) else number_text(side) for side in sides)

    def _numbers(self, unit, layer: str, mask: np.ndarray, box, looks: Spread | None, hides: Spread | None) -> Readout:
        rows = [
            ("Unit", f"({unit[0]}, {unit[1]}) of {' x '.join(map(str, self.field.output_size(layer)))}"),
            ("Theoretical size, unclipped", self.unclipped(layer)),
            ("Box on this picture", _box(box)),
            ("Pixels it can see", f"{int(mask.sum()):,} of {mask.size:,} ({mask.mean():.1%})"),
        ]
        for name, spread in (("Effective", looks), ("Empirical", hides)):
            if spread is not None and spread.map.max() > 0:
                rows.append((f"{name}: half of the weight within", f"{spread.radius(0.5):.1f} px"))
                rows.append((f"{name}: 95.45 % of the weight within", f"{spread.radius():.1f} px"))
        if looks is not None:
            rows.append(("These weights", self.weights()))
        return Readout(title="In numbers", rows=rows + self._object(unit, layer, mask, looks))

    def _object(self, unit, layer: str, mask: np.ndarray, looks: Spread | None) -> list[tuple[str, str]]:
        """Does the field cover the thing that the unit lies on?"""
        if self.objects is None:
            return []
        thing = self.thing(unit, layer)
        if thing == 0:
            return [("Does it cover this object?", "no object here")]
        inside = (self.objects == thing).numpy()
        share = (mask & inside).sum() / inside.sum()
        rows = [("Does it cover this object?", "yes, all of it" if share == 1 else f"{share:.1%} of it")]
        if looks is not None and looks.map.max() > 0:
            seen = (looks.above().numpy() & inside).sum() / inside.sum()
            rows.append(("And effectively?", f"{seen:.1%} of it"))
        return rows


@lru_cache(maxsize=1)  # of all explorers together: it holds every map of a network
def _many_units(looker: Looker, layer: str) -> ManyUnits:
    return ManyUnits(looker.net, looker.read, layer, field=looker.field)


def _photograph(name: str, working_size: int | list[int] | None) -> tuple[Tensor, Tensor | None]:
    """A photograph, as small as the network was trained on, and its things as its mask numbers them."""
    size = height, width = photos.load(name).image.shape[1:]
    if working_size is None:
        size = tuple(round(PHOTO_SIDE / max(size) * side) for side in size)
    else:
        size = in_proportion(height, width, working_size) if isinstance(working_size, int) else tuple(working_size)
    image, mask, _ = photos.resized(name, size)
    return image / 255, mask if mask is None else mask.where(mask != photos.VOID, 0)


def _field(mask: np.ndarray, looks: Spread | None, hides: Spread | None) -> Map:
    """What can be read; or how much each pixel weighs, if that was asked for."""
    shown = hides or looks
    if shown is None:
        values, scale = mask.astype(int), {"colours": CLASSES, "names": READ, "palette": ENDS}
        return Map(title="The field: theoretical", values=values, low=0, high=1, **scale)
    peak = float(shown.map.max())
    return Map(
        title=f"The field: {'empirical (occlusion)' if hides else 'effective (gradient)'}",
        values=(shown.map.numpy() / (peak or 1)).round(4),
        says="{v} of the strongest",
        low=0,
        high=1,
        note="1 is the pixel that moves the unit most." if peak > 0 else "No pixel moves this unit at this picture.",
    )


def _box(box: Sequence[int]) -> str:
    return f"{box[2] - box[0]} x {box[3] - box[1]}, from ({box[0]}, {box[1]})"
