"""Architecture figures, drawn from the networks themselves.

    architecture("segnet")                               at the image size of its paper
    architecture("deeplab_v3plus", image_size=(321, 321), output_stride=8)
    architecture(my_network, image_size=(128, 128))

`models.structure` runs the network once and says what it did, `architecture_upright` says where that stands, and here
it is drawn, at most as wide as a notebook's column and with no text under 11 pixels.
"""

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, Patch, Rectangle
from torch import nn

from course_lib import palette
from course_lib.figures.architecture_layout import KINDS, Box, Path, Sheet
from course_lib.figures.architecture_upright import LINE, upright
from course_lib.figures.style import INK, Figure, new, styled
from course_lib.models.structure import Structure, structure

# A side (or height, width) that each paper or release trains or shows its network on; others are seen at 321.
SIZES = {
    "fcn": (500, 500), "deconvnet": (224, 224), "segnet": (360, 480), "unet": (388, 388), "fc_densenet": (224, 224),
    "deeplab_v1": (321, 321), "deeplab_v2": (321, 321), "dilatednet": (528, 528), "pspnet": (473, 473),
    "deeplab_v3": (513, 513),
}  # fmt: skip
UNIT = 1 / 96  # inches
TEXT = 8.4  # points, 11.2 pixels
NARROWEST = 560  # pixels: title and legend need them
COLOURS = {
    "image": "#ffffff",
    "down": "#bfe0f5",
    "up": "#b5dfd0",
    "dilated": palette.hex_of(palette.ORANGE),
    "pool": palette.hex_of(palette.LIGHT),
    "enlarge": "#ecc6da",
    "join": "#ffffff",
}
LINES = {
    "flow": ("#555555", "-", "feature maps"),
    "skip": (palette.hex_of(palette.BLUE), "-", "skip"),
    "places": (palette.hex_of(palette.VERMILION), "--", "pooling indices"),
}


@styled
def architecture(net: str | nn.Module, *, image_size: tuple[int, int] | None = None, **options) -> Figure:
    """The stages of a network with their maps at this size of image; options go to `models.build`."""
    told = structure(net, image_size=image_size or size_for(net), **options)
    sheet = upright(told)
    broad = max(sheet.width, NARROWEST)
    figure, axes = new(size=(broad * UNIT, (sheet.height + 76) * UNIT))
    figure.get_layout_engine().set(w_pad=0, h_pad=0.03)
    draw(axes[0, 0], sheet)
    height, width = told.image_size
    figure.suptitle(f"{told.name} on {height} x {width} pixels: {told.parameters:,} parameters", fontsize=11, x=0.01,
                    ha="left")  # fmt: skip
    legend(figure, sheet)
    figure.alt = in_words(told)
    return figure


def size_for(net: str | nn.Module) -> tuple[int, int]:
    """The height and width of the image that a network is drawn for."""
    name = net if isinstance(net, str) else ""
    return next((size for family, size in SIZES.items() if name.startswith(family)), (321, 321))


def draw(axes: Axes, sheet: Sheet) -> None:
    """Draw a layout: the bands of one stride, then the paths, then the boxes."""
    axes.set(xlim=(0, sheet.width), ylim=(sheet.height, 0), aspect="equal", anchor="W")
    axes.axis("off")
    for number, row in enumerate(sheet.rows):
        if number % 2 == 0:
            axes.add_patch(Rectangle((row.left, 0), row.width, row.height, color="#f4f4f4", zorder=0))
        axes.text(row.left + row.width / 2, 11, f"stride {row.stride}", color=INK, fontsize=TEXT, ha="center",
                  va="center")  # fmt: skip
    for path in sheet.paths:
        draw_path(axes, path)
    for box in sheet.boxes:
        draw_box(axes, box)


def draw_box(axes: Axes, box: Box) -> None:
    """Draw one stage with its words, the name in bold where there is more than the name."""
    face = {"facecolor": COLOURS[box.look], "edgecolor": "#444444", "linewidth": 0.9, "zorder": 3}
    if box.look == "join":
        axes.add_patch(Circle(box.middle, box.width / 2, **face))
    else:
        axes.add_patch(Rectangle((box.left, box.top), box.width, box.height, **face))
    lines = box.text.split("\n")
    x, y = box.middle
    for number, line in enumerate(lines):
        at = y + LINE * (number - (len(lines) - 1) / 2)
        weight = "bold" if number == 0 and len(lines) > 1 else "normal"
        axes.text(x, at, line, ha="center", va="center", fontsize=TEXT, fontweight=weight, zorder=4)


def draw_path(axes: Axes, path: Path) -> None:
    """Draw one connection with its arrow."""
    colour, dash, _ = LINES[path.kind]
    xs, ys = zip(*path.points)
    wide = 1.1 if path.kind == "flow" else 1.9
    axes.plot(xs, ys, color=colour, linestyle=dash, linewidth=wide, zorder=2, solid_joinstyle="round")
    (x0, y0), (x1, y1) = path.points[-2:]
    if abs(x1 - x0) + abs(y1 - y0) > 6:
        arrow = {
            "arrowstyle": "-|>",
            "color": colour,
            "linewidth": wide,
            "shrinkA": 0,
            "shrinkB": 0,
            "mutation_scale": 9,
        }
        axes.annotate("", (x1, y1), (x1 - 6 * sign(x1 - x0), y1 - 6 * sign(y1 - y0)), arrowprops=arrow, zorder=2)


def sign(value: float) -> int:
    """-1, 0 or 1."""
    return (value > 0) - (value < 0)


def legend(figure: Figure, sheet: Sheet) -> None:
    """Only what is on the sheet."""
    looks, kinds = {box.look for box in sheet.boxes}, {path.kind for path in sheet.paths}
    handles = [
        Patch(facecolor=COLOURS[look], edgecolor="#444444", label=label)
        for look, label in KINDS.items()
        if look in looks
    ]
    for kind, (colour, dash, label) in LINES.items():
        if kind in kinds:
            handles.append(Line2D([], [], color=colour, linestyle=dash, label=label))
    columns = max(2, int(max(sheet.width, NARROWEST) // 210))
    figure.legend(handles=handles, loc="outside lower left", ncols=columns, fontsize=TEXT)


def in_words(net: Structure) -> str:
    """The figure for those who cannot see it."""
    told = []
    for stage in net.stages:
        if stage.kind == "convolutions":
            rate = f" at rate {max(stage.rates)}" if max(stage.rates, default=1) > 1 else ""
            size = " x ".join(map(str, stage.size))
            told.append(f"{stage.name}{rate} {stage.channels} maps of {size}")
    height, width = net.image_size
    skips = [f"{_name(net, link.source)} to {_name(net, link.target)}" for link in net.skips()]
    places = [f"{_name(net, link.source)} to {_name(net, link.target)}" for link in net.places()]
    words = f"{net.name} on {height} x {width} pixels, {net.parameters:,} parameters: {', '.join(told)}."
    words += f" Skips: {', '.join(skips)}." if skips else " No skips."
    words += f" Places of the maxima go from {', '.join(places)}." if places else ""
    return words + f" Scores: {net.stages[-1].channels} maps of {height} x {width}."


def _name(net: Structure, number: int) -> str:
    stage = net.stages[number]
    size = f"{stage.kind} of {stage.size[0]} x {stage.size[1]}"
    return size if stage.name in (stage.kind, "pool") else stage.name
