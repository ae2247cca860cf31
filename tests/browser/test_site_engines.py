"""The explorers that compute in the page: panel by panel the same as in Python, at a dozen of their settings each."""

import json
import struct

import numpy as np
import pytest
import torch
from site_visit import Visit

from course_lib import explorers
from course_lib.explorers.break_the_network import HARBOUR, NETWORKS, VEHICLES, edited, trained
from course_lib.explorers.machinery.explorer import Explorer
from notebooks.site import fields

CLOSE = 1e-4
ANSWER = """async ([name, settings]) => {
  const { computing } = document.querySelector(`[data-explorer="${name}"]`).model;
  return [...course.panels.pack("[]", await computing.answer(settings))];
}"""
MEAN_FIELD = """settings => {
  const { computing } = document.querySelector('[data-explorer="crf"]').model;
  return computing.meanField(settings).map(plane => [...plane]);
}"""
SCORES = """async ([settings, name]) => {
  const { computing } = document.querySelector('[data-explorer="break_the_network"]').model;
  const { pixels } = await computing.edited(settings), { scores } = await computing.label(pixels, name);
  return { pixels: [...pixels], scores: [...scores] };
}"""
CRF = [
    {"iterations": 0},
    {},
    {"iterations": 10, "w1": 16, "theta_xy": 67, "theta_rgb": 40, "w2": 0},
    {"w1": 0, "w2": 12, "theta": 5},
    {"iterations": 1, "theta_xy": 5, "theta_rgb": 1},
]
SCENES = [
    {},
    {"bus": 56, "pole": 1, "scene": 3},
    {"car": 8, "bus": 16, "pole": 6, "scene": 11},
    {"world": VEHICLES, "slid": 28, "scene": 2, "cabs": "tram"},
    {"world": VEHICLES, "length": 22, "slid": 56, "scene": 9},
    {"world": HARBOUR, "hull": [16, 16]},
    {"world": HARBOUR, "hull": [31, 0], "surface": "water", "scene": 7},
    {"world": HARBOUR, "hull": [0, 31], "surface": "road", "scene": 5},
]
FIELDS = {
    "receptive_field_segnet": [
        {},
        {"place": [0, 0], "layer": "output"},
        {"place": [31, 5], "layer": "conv2.conv2_1.norm", "gradient": True},
        {"layer": "conv5_D.conv5_3_D", "gradient": True},
        {"place": [3, 30], "layer": "output", "gradient": True},
    ],
    "receptive_field_fcn32s": [
        {"layer": "pool3", "place": [0, 63]},
        {"layer": "pool5", "gradient": True},
        {"layer": "fc7", "gradient": True, "place": [20, 50]},
    ],
}
LECTURES = {"receptive_field_segnet": "04_receptive_field_dilation", "receptive_field_fcn32s": "01_fcn_limits"}


def panels_of(packed: bytes) -> list[dict]:
    """What a state holds, with its pixels in place of where they lie; the layout is that of table.py."""
    length = struct.unpack_from("<I", packed)[0]
    header, blob = json.loads(packed[4 : 4 + length]), packed[4 + length :]
    (state,) = header["states"].values()
    assert "problem" not in state, state
    found = []
    for panel in (header["panels"][number] for number in state["panels"]):
        count = int(np.prod(panel.get("size", [0])))
        if panel["kind"] == "image":
            panel["pixels"] = np.frombuffer(blob, np.uint8, 3 * count, panel.pop("rgb"))
        if panel["kind"] == "map":
            at, number = panel.pop("values")
            index = np.frombuffer(blob, "<u2" if panel["wide"] else "u1", count, panel.pop("index"))
            levels = np.frombuffer(blob, np.uint8, number, panel.pop("levels"))
            table = np.frombuffer(blob, np.uint8, 768, panel.pop("colours")).reshape(256, 3)
            panel["values"], panel["pixels"] = np.frombuffer(blob, "<f8", number, at)[index], table[levels[index]]
            del panel["wide"]
        found.append(panel)
    return found


def compared(visit: Visit, name: str, explorer: Explorer, settings: dict, *, exact: bool) -> None:
    told = explorer.settings(**settings)
    here, there = panels_of(bytes(visit.page.evaluate(ANSWER, [name, told]))), panels_of(explorer.answer(settings))
    assert len(here) == len(there)
    for mine, python in zip(here, there):
        for part in ("values", "pixels"):
            values = np.array(mine.pop(part, 0.0), float), np.array(python.pop(part, 0.0), float)
            most = 0 if exact else {"values": 2 * CLOSE, "pixels": 2}[part]
            assert np.abs(values[0] - values[1]).max() <= most, (settings, mine["title"], part)
        assert mine == python, settings


def moved_by_key(visit: Visit, explorer, control: str, key: str) -> None:
    """A key on a control, and the picture that comes of it."""
    before = explorer.get_attribute("data-painted")
    explorer.locator(f"[name={control}]").first.focus()
    visit.page.keyboard.press(key)
    visit.page.wait_for_function(
        "([root, before]) => root.dataset.painted !== before", arg=[explorer.element_handle(), before]
    )
    assert explorer.locator(".problem").is_hidden()


@pytest.mark.browser
def test_the_crf_of_the_page_is_the_crf_of_the_library(desktop):
    desktop.to("05_deeplab_v1_v2.html")
    shown, explorer = desktop.awake("crf"), explorers.crf()
    for settings in CRF:
        told = explorer.settings(**settings)
        q = torch.tensor(desktop.page.evaluate(MEAN_FIELD, told), dtype=torch.float64)
        assert (q - explorer._render.__self__.refine(**told).flatten(1)).abs().max() < CLOSE
        compared(desktop, "crf", explorer, settings, exact=True)
    moved_by_key(desktop, shown, "iterations", "ArrowRight")
    assert desktop.wrong == []


@pytest.mark.browser
def test_edited_scenes_and_what_networks_say_of_them_are_those_of_the_library(desktop):
    desktop.to("06_pspnet.html")
    shown, explorer = desktop.awake("break_the_network"), explorers.break_the_network()
    for settings in SCENES:
        compared(desktop, "break_the_network", explorer, settings, exact=True)
    for settings in ({}, {"world": VEHICLES, "slid": 8}, {"world": HARBOUR, "hull": [9, 12]}):
        told = explorer.settings(**settings)
        image = edited(**{name: told[name] for name in ("world", "scene", *settings)}).image
        for name in NETWORKS[told["world"]].values():
            found = desktop.page.evaluate(SCORES, [told, name])
            with torch.inference_mode():
                scores = trained(name)(image[None])
            assert (torch.tensor(found["scores"]).view_as(scores) - scores).abs().max() < CLOSE
    moved_by_key(desktop, shown, "bus", "ArrowRight")
    assert desktop.wrong == []


@pytest.mark.browser
@pytest.mark.parametrize("name", FIELDS)
def test_fields_and_gradients_of_the_page_are_those_of_the_library(name, desktop):
    desktop.to(f"{LECTURES[name]}.html")
    shown, explorer = desktop.awake(name), fields.made()[name]
    for settings in FIELDS[name]:
        compared(desktop, name, explorer, settings, exact=not settings.get("gradient"))
    moved_by_key(desktop, shown, "gradient", "Space")
    assert desktop.wrong == []
