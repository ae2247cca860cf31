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
from course_lib.receptive_field import empirical
from notebooks.site import fields

CLOSE = 1e-4
ANSWER = """async ([name, settings]) => {
  const { computing } = document.querySelector(`[data-explorer="${name}"]`).model;
  return JSON.stringify([...course.panels.pack("[]", await computing.answer(settings))]);
}"""  # as one text, here and below: Playwright would carry each number by itself
MEAN_FIELD = """settings => {
  const { computing } = document.querySelector('[data-explorer="crf"]').model;
  return JSON.stringify(computing.meanField(settings).map(plane => [...plane]));
}"""
SCORES = """async ([settings, name]) => {
  const { computing } = document.querySelector('[data-explorer="break_the_network"]').model;
  const { pixels } = await computing.edited(settings), { scores } = await computing.label(pixels, name);
  return JSON.stringify({ pixels: [...pixels], scores: [...scores] });
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
    "receptive_field_segnet_street": [
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
LECTURES = {"receptive_field_segnet_street": "04_receptive_field_dilation", "receptive_field_fcn32s": "01_fcn_limits"}


@pytest.fixture(scope="module")
def made() -> dict[str, Explorer]:
    return fields.made()


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
    here, there = (
        panels_of(bytes(json.loads(visit.page.evaluate(ANSWER, [name, told])))),
        panels_of(explorer.answer(settings)),
    )
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
        q = torch.tensor(json.loads(desktop.page.evaluate(MEAN_FIELD, told)), dtype=torch.float64)
        assert (q - explorer._render.__self__.refine(**told).flatten(1)).abs().max() < CLOSE
        compared(desktop, "crf", explorer, settings, exact=True)
    moved_by_key(desktop, shown, "iterations", "ArrowRight")
    assert desktop.wrong == []


@pytest.mark.browser
def test_edited_scenes_and_what_networks_say_of_them_are_those_of_the_library(desktop):
    desktop.to("01_fcn_limits.html")
    shown, explorer = desktop.awake("break_the_network"), explorers.break_the_network()
    for settings in SCENES:
        compared(desktop, "break_the_network", explorer, settings, exact=True)
    for settings in ({}, {"world": VEHICLES, "slid": 8}, {"world": HARBOUR, "hull": [9, 12]}):
        told = explorer.settings(**settings)
        image = edited(**{name: told[name] for name in ("world", "scene", *settings)}).image
        for name in NETWORKS[told["world"]].values():
            found = json.loads(desktop.page.evaluate(SCORES, [told, name]))
            with torch.inference_mode():
                scores = trained(name)(image[None])
            assert (torch.tensor(found["scores"]).view_as(scores) - scores).abs().max() < CLOSE
    moved_by_key(desktop, shown, "bus", "ArrowRight")
    assert desktop.wrong == []


@pytest.mark.browser
@pytest.mark.parametrize("name", FIELDS)
def test_fields_and_gradients_of_the_page_are_those_of_the_library(name, made, desktop):
    desktop.at(f"{LECTURES[name]}.html")
    shown, explorer = desktop.awake(name), made[name]
    for settings in FIELDS[name]:
        compared(desktop, name, explorer, settings, exact=not settings.get("gradient"))
    moved_by_key(desktop, shown, "gradient", "Space")
    assert desktop.wrong == []


HIDDEN = [
    ("receptive_field_segnet_street", {"place": [31, 5], "layer": "conv2.conv2_1.norm"}),
    ("receptive_field_segnet_street", {"layer": "pool3", "gradient": True}),
    ("receptive_field_segnet_street", {"place": [0, 0], "layer": "conv5_D.conv5_3_D"}),
    ("receptive_field_fcn32s", {"layer": "pool3", "place": [0, 63]}),  # reads padding alone
    ("receptive_field_fcn32s", {"layer": "pool3", "place": [20, 50]}),
]


@pytest.mark.browser
@pytest.mark.parametrize("name, settings", HIDDEN)
def test_what_is_hidden_in_the_page_moves_a_unit_as_it_does_in_the_library(name, settings, made, desktop):
    desktop.at(f"{LECTURES[name]}.html")
    desktop.awake(name)
    compared(desktop, name, made[name], settings | {"occlusion": True}, exact=False)
    assert desktop.wrong == []


STAGES = """async settings => {
  const place = document.querySelector('[data-explorer="receptive_field_segnet_street"]'), seen = [], done = [];
  const show = (panels) => { seen.push([...course.panels.pack("[]", panels)]); };
  const progress = (...one) => { done.push(one); };
  await place.model.computing.answer(settings, { show, progress, stopped: () => false });
  return JSON.stringify({ seen, done });
}"""


@pytest.mark.browser
def test_coarse_patches_come_first_and_are_those_of_the_library(made, desktop):
    name = "receptive_field_segnet_street"
    desktop.at(f"{LECTURES[name]}.html")
    desktop.awake(name)
    explorer = made[name]
    looker, settings = explorer._render.__self__, explorer.settings(layer="pool3", occlusion=True)
    told = json.loads(desktop.page.evaluate(STAGES, settings))
    unit = looker.unit(settings["place"], "pool3")
    for packed, side in zip(told["seen"], (24, 12), strict=True):
        _, field, _ = panels_of(bytes(packed))
        spread = empirical(looker.net, looker.image[None], unit, layer="pool3", size=side, stride=side, progress=False)
        expected = (spread.map / spread.map.max()).flatten().numpy()
        assert np.abs(field["values"] - expected).max() < 2 * CLOSE
        assert f"So far in patches of {side} x {side} pixels." in field["note"]
    done, of = zip(*told["done"])
    assert list(done) == list(range(1, of[0] + 1)), "each patch is counted, up to the last"


@pytest.mark.browser
def test_a_sweep_can_be_stopped_and_shows_what_it_found(desktop):
    name = "receptive_field_segnet_street"
    page = desktop.to(f"{LECTURES[name]}.html")
    shown = desktop.awake(name)
    place = page.locator(f'[data-explorer="{name}"]')
    shown.locator("[name=layer]").select_option("output")
    shown.locator("[name=occlusion]").focus()
    page.keyboard.press("Space")
    field = shown.locator("figure", has_text="empirical (occlusion)")
    field.get_by_text("So far in patches of 24 x 24 pixels.").wait_for()
    place.get_by_role("progressbar", name="Patches hidden").wait_for()
    place.get_by_role("button", name="Stop").click()
    place.locator(".working").wait_for(state="hidden")
    assert "So far in patches of" in field.inner_text()
    assert page.evaluate("() => document.activeElement.name") == "occlusion"
    page.keyboard.press("Space")
    shown.locator("figure", has_text="The field: theoretical").wait_for()
    assert desktop.wrong == []
