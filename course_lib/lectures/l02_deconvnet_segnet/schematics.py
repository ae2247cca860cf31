"""The drawing of 02: DeconvNet above SegNet, stage by stage. Sides and parameters come from the networks."""

import torch
from matplotlib.axes import Axes
from matplotlib.patches import Arc, Rectangle

from course_lib import models
from course_lib.figures.architecture import COLOURS as KINDS
from course_lib.figures.style import COLOURS, INK, QUIET, WIDTH, Figure, new, styled

DOWN = tuple(f"conv{n}" for n in range(1, 6))
STAGES = {
    "deconvnet": (*DOWN, "pool5", "fc6", "fc7", "fc6_deconv", *(f"unpool{n}" for n in range(5, 0, -1))),
    "segnet": (*DOWN, "pool5", *(f"upsample{n}" for n in range(5, 0, -1))),
}
GAP = 3  # the columns that fc6, fc7 and fc6_deconv have, and SegNet leaves empty


@styled
def hourglasses(side: int = 224) -> Figure:
    """Both networks as rows of bars: height tells the side of the maps, dashed arcs carry the places of the maxima."""
    figure, axes = new(2, 1, size=(WIDTH, 5.4))
    told = []
    networks = (("DeconvNet", "deconvnet", 21), ("SegNet", "segnet", 11))  # each with the classes of its paper
    for axis, (title, name, classes) in zip(axes[:, 0], networks):
        net = models.build(name, num_classes=classes, device="meta").eval()
        with models.activations(net, *STAGES[name]) as maps:
            net(torch.empty(1, 3, side, side, device="meta"))
        sides = {layer: maps[layer].shape[-1] for layer in STAGES[name]}
        total = sum(p.numel() for p in net.parameters())
        middle = sum(
            p.numel() for layer, part in net.named_children() if layer.startswith("fc") for p in part.parameters()
        )
        row(axis, sides)
        words = f", {middle / 1e6:.0f} of them in the middle" if middle else ": nothing in the middle"
        axis.set_title(f"{title}: {total / 1e6:.1f} million parameters{words}")
        told.append(f"{title}, {total / 1e6:.1f} million parameters, sides {'-'.join(map(str, sides.values()))}")
    figure.alt = f"Two hourglasses on {side} x {side} pixels. {'. '.join(told)}. Arcs carry places from pool to unpool."
    return figure


def row(axis: Axes, sides: dict[str, int]) -> None:
    """One network from left to right; what SegNet lacks stays empty, so that its decoder stands under the other's."""
    places, x = {}, 0
    for layer, side in sides.items():
        middle = layer.startswith("fc")
        if layer.endswith("5") and layer[0] == "u" and "fc6" not in sides:
            x += GAP
        kind = COLOURS[3] if middle else KINDS["down"] if layer[0] in "cp" else KINDS["up"]
        height = side**0.5
        axis.add_patch(Rectangle((x - 0.36, -height / 2), 0.72, height, facecolor=kind, edgecolor=QUIET, linewidth=0.8))
        words = f"{side}\n{layer.replace('_', chr(10))}" if middle else f"{side}"
        axis.text(x, -height / 2 - 0.6, words, ha="center", va="top", fontsize=9)
        places[layer], x = x, x + 1
    ups = [layer for layer in sides if layer[0] == "u"]
    for number, up in zip(range(5, 0, -1), ups):
        left, right = places[f"conv{number}"] + 0.5, places[up]
        top = sides[up] ** 0.5 / 2
        axis.add_patch(Arc(((left + right) / 2, top), right - left, 4 + 2 * (5 - number), theta1=0, theta2=180,
                           color=COLOURS[1], linestyle="--", linewidth=1.2))  # fmt: skip
    axis.set(xlim=(-0.6, 14.6), ylim=(-10.2, 16))
    axis.axis("off")
    if "fc6" not in sides:
        axis.text(places["pool5"] + (GAP + 1) / 2, 0, "no fc6, fc7,\nfc6_deconv", ha="center", va="center", color=INK,
                  fontsize=9)  # fmt: skip
