"""The training loop, seen: the loss, the prediction, and the six scores of one pixel, after each recorded step.

The training is that of lecture 00, recorded by `recorded_training`; nothing learns while the explorer is moved.
"""

import math
from collections.abc import Sequence
from functools import cache

from torch import Tensor

from course_lib import palette
from course_lib.explorers import recorded_training as recorded
from course_lib.explorers.guides import GUIDES
from course_lib.explorers.machinery.controls import Pixel, Slider
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import CLASSES, Block, Chart, Diagram, Image, Line, Map, Panel, Readout

PLACES = 16  # squares along a side of the picture
ROW, ZERO, UNIT = 26, 158, 6.5  # of the drawing of scores: height of a row, where score 0 stands, and the width of 1


def training_loop() -> Explorer:
    """A training that was recorded: what each step changes at the pixel under your hand."""
    controls = [
        Slider(name="step", label="Steps taken", values=recorded.STEPS, default=10, play=True),
        Pixel(name="place", label="Pixel", size=(PLACES, PLACES), default=(7, 11)),
    ]
    return Explorer(
        render, controls, name="training_loop", title="The training loop, seen", guide=GUIDES["training_loop"]
    )


@cache
def scores() -> Tensor:
    """Recorded steps x classes x rows x columns: the scores of every pixel."""
    return recorded.read().enlarged()


def pixel_of(place: Sequence[int]) -> tuple[int, int]:
    """The pixel in the middle of a square."""
    row, column = (recorded.STRIDE * index + recorded.STRIDE // 2 for index in place)
    return row, column


def render(*, step: int, place: Sequence[int]) -> list[Panel]:
    """The prediction, the scores of the pixel, the loss so far, the picture with its truth, and the numbers."""
    picture, truth = _given()
    return [_prediction(step), _scores(step, tuple(place)), _loss(step), picture, truth, _numbers(step, tuple(place))]


@cache
def _given() -> tuple[Image, Map]:
    image, label, _ = recorded.unseen()
    picture = Image(title="The unseen picture", pixels=(255 * image).byte().permute(1, 2, 0).numpy())
    return picture, _labels("The truth", label, "")


def _labels(title: str, label: Tensor, note: str) -> Map:
    _, _, streets = recorded.unseen()
    names = dict(enumerate(streets.classes))
    return Map(
        title=title, values=label.numpy(), colours=CLASSES, names=names, palette=streets.colours, says="", note=note
    )


@cache
def _prediction(step: int) -> Map:
    said, truth = scores()[recorded.STEPS.index(step)].argmax(0), recorded.unseen()[1]
    note = f"{float((said == truth).float().mean()):.0%} of the pixels are right."
    return _labels(f"What the network says after {step} {'step' if step == 1 else 'steps'}", said, note)


@cache
def _loss(step: int) -> Chart:
    losses = recorded.read().losses
    return Chart(
        title="Loss of each batch of 16 streets",
        x="step",
        y="cross-entropy",
        lines=[Line(name="loss", x=range(1, len(losses) + 1), y=losses)],
        at=step or None,
        low=0,
    )


def _here(step: int, place: tuple[int, int]) -> tuple[list[float], list[float], int]:
    """The scores of a pixel, their softmax, and its true class."""
    row, column = pixel_of(place)
    here = scores()[recorded.STEPS.index(step), :, row, column]
    return here.tolist(), here.softmax(0).tolist(), int(recorded.unseen()[1][row, column])


def _scores(step: int, place: tuple[int, int]) -> Diagram:
    """A row for each class: its score as a bar, the softmax, and where the gradient pushes the score."""
    here, sure, true = _here(step, place)
    _, _, streets = recorded.unseen()
    heads = ((0, 64, "class"), (64, 154, "score"), (222, 50, "softmax"), (274, 56, "push"))
    blocks = [Block(x=x, y=0, width=width, height=20, text=text, frame=False) for x, width, text in heads]
    for number, (name, colour) in enumerate(zip(streets.classes, streets.colours)):
        top, score, shade = 22 + ROW * number, here[number], palette.hex_of(colour)
        left, strong = ZERO + min(0.0, UNIT * score), number == true
        blocks += [
            Block(x=2, y=top + 2, width=60, height=ROW - 4, text=name, colour=shade, strong=strong),
            Block(x=left, y=top + 5, width=UNIT * abs(score), height=ROW - 10, colour=shade),
            _cell(64, top, 38, f"{score:.1f}"),
            _cell(222, top, 50, f"{sure[number]:.2f}"),
            _cell(274, top, 56, f"{round(strong - sure[number], 2) + 0.0:+.2f}", strong=strong),
        ]
    bottom = 22 + ROW * len(here)
    return Diagram(
        title="The six scores of the pixel under your hand",
        width=332,
        height=bottom + 2,
        blocks=blocks,
        note="Push = truth - softmax: each step moves the scores this way, more or less, together with all other "
        "pixels. The true class is framed.",
    )  # fmt: skip


def _cell(x: float, y: float, width: float, text: str, *, strong: bool = False) -> Block:
    return Block(x=x, y=y + 2, width=width, height=ROW - 4, text=text, frame=strong, strong=strong)


def _numbers(step: int, place: tuple[int, int]) -> Readout:
    _, sure, true = _here(step, place)
    classes = recorded.unseen()[2].classes
    said, chance = sure.index(max(sure)), sure[true]
    last = f"{recorded.read().losses[step - 1]:.2f}" if step else "no batch yet"
    return Readout(
        title="In numbers",
        rows=(
            ("Loss of the last batch", last),
            ("This pixel is", classes[true]),
            ("The network says", f"{classes[said]}, {'right' if said == true else 'wrong'}"),
            ("Loss of this pixel", f"-log {chance:.2g} = {-math.log(chance):.2f}"),
        ),
    )
