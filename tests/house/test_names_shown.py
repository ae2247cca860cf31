"""Readers meet SegNet and U-Net, conv5_3 and pool5; segnet, unet and conv5.conv5_3.relu are for code alone.

What is looked at: the words of every explorer and of its figure, figures and tables that are handed a network's name,
and all that the built notebooks keep beside what code printed.
"""

import html
import re
from collections.abc import Iterable, Iterator
from importlib import import_module

import nbformat
import pytest
import torch
from matplotlib.text import Text

from course_lib import explorers, models, palette
from course_lib.datasets import photos
from course_lib.evidence import published
from course_lib.evidence.card import evidence
from course_lib.evidence.ledger import all_claims
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import Diagram, Panel, Readout
from course_lib.explorers.machinery.widget import spec_of
from course_lib.figures.architecture import architecture
from course_lib.figures.outlines import outlines
from course_lib.figures.style import Figure
from course_lib.lectures.l08_the_whole_picture import figures as whole_picture
from course_lib.models import shipped
from course_lib.segment import Segmented
from notebooks import build

PLAIN = {"selfie"}  # a word of the language as well
TYPED = {*models.names(), *shipped.names()} - PLAIN
NAMED = re.compile(rf"\b({'|'.join(sorted(TYPED, key=len, reverse=True))})\b")
DOTTED = re.compile(r"\b[A-Za-z_]\w*\.\w+")  # encoder.3.1, conv4.conv4_3: not the end of a sentence, no number


def code_in(words: str) -> list[str]:
    """Names of the registry, of stored networks and of layers, as they are typed."""
    return [found.group() for pattern in (NAMED, DOTTED) for found in pattern.finditer(words)]


def of_explorer(explorer: Explorer, settings: list[dict]) -> Iterator[str]:
    """Its own words, those of its controls, and those of its panels at some settings."""
    spec = spec_of(explorer)
    yield from (explorer.title, spec["prompt"], *explorer.guide.presets)
    yield from (words for step in explorer.guide.tour for words in (step.ask, step.explain))
    for control in spec["controls"]:
        yield from (control["label"], *control.get("texts", ()))
    for chosen in settings:
        for panel in explorer.render(**chosen):
            yield from of_panel(panel)


def of_panel(panel: Panel) -> Iterator[str]:
    """Title, note and alt text, and the words that stand within."""
    yield from (panel.title, panel.note, panel.describe())
    if isinstance(panel, Readout):
        yield from (words for row in panel.rows for words in row)
    if isinstance(panel, Diagram):
        yield from (block.text for block in panel.blocks)


def of_figure(figure: Figure) -> Iterator[str]:
    """The alt text, and every text that is drawn."""
    yield figure.alt
    yield from (text.get_text() for text in figure.findobj(Text))


def of_output(data: dict[str, str]) -> Iterator[str]:
    """What an output shows as a page, alt texts too; code on it is code."""
    page = re.sub(r"<(code|script|style)\b.*?</\1>|\bsrc=.[^\"']*", "", data.get("text/html", ""), flags=re.S)
    yield from (html.unescape(alt) for alt in re.findall(r'alt="([^"]*)"', page))
    yield html.unescape(re.sub(r"<[^>]*>", " ", page))


def found(texts: Iterable[str]) -> dict[str, list[str]]:
    """Code among the words, with the words around it."""
    return {words: code for words in texts if (code := code_in(words))}


@pytest.mark.parametrize("words", ["segnet", "the answer of unet_pets", "side after conv1.conv1_1", "encoder.3.1"])
def test_names_as_they_are_typed_are_found(words):
    assert code_in(words)


@pytest.mark.parametrize("words", ["SegNet, U-Net and FCN-8s", "conv5_3 at rate 12", "0.94, then 1.5.", "score_pool4"])
def test_names_as_they_are_written_are_not(words):
    assert not code_in(words)


@pytest.mark.parametrize("name", explorers.__all__)
def test_no_explorer_shows_a_name_as_it_is_typed(name):
    explorer = getattr(explorers, name)()
    presets = explorer.guide.presets.values()
    assert found(of_explorer(explorer, [{}, *presets])) == {}
    assert found(of_figure(explorer.figure())) == {}


@pytest.mark.parametrize(
    "network, layer", [("segnet", None), ("unet_pets", None), ("fcn32s", "pool3"), ("deeplab_v3_resnet50", None)]
)
def test_the_explorer_of_fields_offers_layers_in_words(network, layer):
    explorer = explorers.receptive_field(network, layers=layer and [layer])
    assert found(of_explorer(explorer, [{}])) == {}
    offered = next(control for control in explorer.controls if control.name == "layer").wire()
    assert len(set(offered["texts"])) == len(offered["texts"])


def test_two_layers_that_read_alike_keep_the_names_of_their_code():
    said = import_module("course_lib.explorers.receptive_field").said
    assert said(["conv1.conv1_1", "block.conv1_1", "pool1"]) == {"pool1": "pool1"}


@pytest.mark.parametrize("name", models.names())
def test_no_drawing_of_an_architecture_shows_a_name_as_it_is_typed(name):
    assert found(of_figure(architecture(name))) == {}


def test_no_answer_of_a_network_stands_under_a_name_as_it_is_typed():
    cat = photos.load("cat")
    said = dict.fromkeys(("fcn8s", "unet", "deeplab_v3plus"), cat.mask)
    window = (slice(0, 40), slice(0, 40))
    assert found(of_figure(outlines(cat, said, ("background", "cat"), window=window, columns=3))) == {}
    image, label = torch.rand(3, 8, 8), torch.zeros(8, 8, dtype=torch.long)
    answers = dict.fromkeys(models.names(), label)
    gallery = whole_picture.gallery(image, label, answers, ("one", "two"), palette.ORDER)
    assert found(of_figure(gallery)) == {}
    one = Segmented(image.byte(), torch.zeros(2, 8, 8), label, ("a", "b"), "unet_pets")
    assert "U-Net" in one.alt
    assert not code_in(one.alt)


def test_no_table_of_the_ledger_or_of_the_papers_shows_a_name_as_it_is_typed():
    cards = [repr(evidence(claim.id)) for claim in all_claims()]
    headlines = [cell for row in published.table().cells() for cell in row]
    assert found(cards) == {}
    assert found(headlines) == {}


@pytest.mark.parametrize("path", build.sources(), ids=lambda path: path.stem)
def test_no_picture_or_table_of_a_notebook_shows_a_name_as_it_is_typed(path):
    cells = nbformat.read(build.target(path.stem, False), 4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", ()) if "data" in output]
    assert found(words for output in outputs for words in of_output(output.data)) == {}
