"""The scenes of `break_the_network` in parts: which part a pixel shows, for each setting of the knobs, and their looks.

A scene is a plane of parts, developed as by `course_lib.scenes.film`. Dice that no knob touches fall as before, so what
makes the picture of the plane (colours, texture, light, grain) is stored once for each scene, or for each choice of
the one control that throws other dice.
"""

import base64
import gzip
from itertools import product

import numpy as np
import torch
from torch import Tensor

from course_lib.explorers import edited_scenes
from course_lib.explorers.break_the_network import HARBOUR, NETWORKS, NOTES, SIDE, STEP, STREET, VEHICLES, edited
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.scenes import film, harbour
from course_lib.scenes.canvas import Canvas
from course_lib.scenes.dice import Dice

KNOBS = {STREET: ("bus", "car", "pole"), VEHICLES: ("slid", "length"), HARBOUR: ("surface",)}
THINGS = {STREET: [], VEHICLES: ["bus", "tram"], HARBOUR: ["boat", "car"]}
ASIDE = (SIDE // STEP - 1,) * 2  # where the hull of the harbour stands while one looks at the ground under it
HULL = [harbour.HULLS[0][0], *harbour.HULLS[0][1], *harbour.HULLS[0][2]]


def packed(array: Tensor | np.ndarray) -> str:
    """Its bytes, row by row, as text."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def zipped(array: np.ndarray) -> str:
    """The same for long ones."""
    return base64.b64encode(gzip.compress(array.tobytes(), 9, mtime=0)).decode()


def painted(world: str, **knobs: object) -> tuple[Canvas, Dice]:
    """All scenes of a world at these settings, before they are developed."""
    scenes = edited(world, 0, **knobs).scenes
    dice = Dice(scenes._key, torch.arange(scenes.count))
    canvas = Canvas(scenes.family.parts, scenes.count, scenes.size)
    scenes.family.paint(canvas, dice, **scenes.knobs)
    return canvas, dice


def worlds(explorer: Explorer) -> dict:
    """What the engine in the page starts from."""
    return {
        "side": SIDE,
        "step": STEP,
        "drags": [vars(drag) for drag in explorer.render()[0].drags],
        "worlds": {world: world_of(world, explorer) for world in NETWORKS},
    }


def world_of(world: str, explorer: Explorer) -> dict:
    """One world: its words, its planes, and the looks of its scenes; `variant` names the control that changes these."""
    scenes = edited(world, 0).scenes
    values = {control.name: list(control.every()) for control in explorer.controls}
    variant = {STREET: None, VEHICLES: "cabs", HARBOUR: "surface"}[world]
    looks = {
        chosen: look(*painted(world, **({variant: chosen} if variant else {})))
        for chosen in (values[variant] if variant else [""])
    }
    told = {
        "networks": NETWORKS[world],
        "classes": scenes.classes,
        "palette": scenes.colours,
        "note": NOTES[world],
        "things": THINGS[world],
        "knobs": [{"name": name, "values": values[name]} for name in KNOBS[world]],
        "roughness": painted(world)[0].roughness.tolist(),
        "variant": variant,
        "looks": looks,
    }
    if world == HARBOUR:
        return told | harbours(looks)
    settings = [dict(zip(KNOBS[world], chosen)) for chosen in product(*(values[name] for name in KNOBS[world]))]
    return told | {"planes": stored([painted(world, **knobs)[0].part for knobs in settings])}


def stored(planes: list[Tensor]) -> list[str]:
    """Settings x scenes -> for each scene its planes in the order of the settings."""
    return [zipped(scene) for scene in torch.stack(planes, 1).numpy()]


def look(canvas: Canvas, dice: Dice) -> list[dict]:
    """What each part is painted in, and its class, scene by scene; texture, and grain with light, for each pixel.

    `film.develop` throws its dice in this order.
    """
    size = canvas.size
    tones = film.pick(film.texture(size), size, dice).byte()
    noise = (film.pick(film.grain(size), size, dice) * canvas.grain).bitwise_right_shift_(6).view(-1, size, size)
    planes = {
        "colours": canvas.colours.short(),
        "kinds": canvas.kinds.byte(),
        "tones": tones,
        "noise": (noise + film.light(size, dice)).short(),
    }
    return [{name: packed(plane[i]) for name, plane in planes.items()} for i in range(canvas.pictures)]


def harbours(looks: dict[str, list[dict]]) -> dict:
    """The ground for each choice of edges, and each scene's hull by itself: one lies over the other.

    A second edge throws a die of its own, so hulls and looks are those of the choice.
    """
    hulls, grounds = torch.tensor(HULL), []
    for surface, scenes in looks.items():
        one, other = (painted(HARBOUR, surface=surface, hull=hull)[0].part for hull in ((0, 0), ASIDE))
        grounds.append(torch.where(torch.isin(one, hulls), other, one))
        for scene, plane in zip(scenes, one):
            there = torch.isin(plane, hulls).nonzero()
            height, width = (there.amax(0) + 1).tolist()  # in the corner, from (0, 0) on
            patch = plane[:height, :width]
            scene |= {
                "height": height,
                "width": width,
                "patch": packed(torch.where(torch.isin(patch, hulls), patch, 0)),
            }
    wet = {surface: edited_scenes.WET[surface] for surface in looks}
    told = {"parts": HULL[1:], "classes": [harbour.BOAT, harbour.CAR], "wet": wet}  # its shadow stays fog
    return {"planes": stored(grounds), "hulls": told}
