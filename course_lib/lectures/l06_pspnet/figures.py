"""The pictures of 06: twins that only the far edge tells apart, answers side by side, what a hull listens to, bins.

`POOLINGS` holds printed scores.
"""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle
from torch import Tensor
from torch.nn import functional as F

from course_lib import palette
from course_lib.figures.answers import answers as answers
from course_lib.figures.answers import in_words
from course_lib.figures.style import COLOURS, QUIET, WIDTH, Figure, class_legend, labels, new, picture, styled
from course_lib.receptive_field.probing.influence import Spread
from course_lib.scenes import Scenes

# Mean IoU in percent on ADE20K validation, ResNet-50 with augmentation and auxiliary loss: Zhao et al. 2017, Table 1.
POOLINGS = {
    "no pooling": 37.23,
    "one average of the whole map": 40.07,
    "four levels of averages": 41.07,
    "and each reduced to 512 maps": 41.68,
}


@styled
def twins(images: Tensor, truth: Tensor, names: Sequence[str], classes: Sequence[str], colours: Sequence) -> Figure:
    """Pictures side by side, the truth below each: what looks alike and is called differently."""
    if not len(images) == len(truth) == len(names):
        raise ValueError(
            f"got {len(images)} pictures, {len(truth)} label maps and {len(names)} names: one of each, please"
        )
    figure, axes = new(2, len(images), size=(2.15 * len(images), 4.9))
    told = []
    for top, below, image, label, name in zip(*axes, images, truth, names):
        picture(top, image, name)
        labels(below, label, colours=colours)
        told.append(f"{name}: {in_words(label, classes)}")
    class_legend(figure, classes, colours=colours)
    figure.alt = f"Painted pictures and their labels. {'; '.join(told)}."
    return figure


@styled
def pieces(
    photograph: Tensor, corners: Sequence[tuple[int, int]], alone: Sequence[Tensor], whole: Tensor, thing: str
) -> Figure:
    """A photograph with its pieces framed, and each piece with what a network labels class 1: in the whole, and alone.

    `alone` holds the label map of each piece, whose upper left pixel is its corner (row, column); `whole` is the label
    map of the photograph.
    """
    figure, axes = new(1, 1 + len(corners), size=(WIDTH, 2.8), width_ratios=[1.9, *[1] * len(corners)])
    picture(axes[0, 0], photograph, "the photograph")
    told = []
    for number, ((y, x), label, axis) in enumerate(zip(corners, alone, axes[0, 1:]), start=1):
        height, width = label.shape
        rows, columns = slice(y, y + height), slice(x, x + width)
        inside, apart = (float((found == 1).float().mean()) for found in (whole[rows, columns], label))
        axes[0, 0].add_patch(Rectangle((x, y), width, height, fill=False, edgecolor="white", linewidth=2))
        axes[0, 0].text(x + 3, y + 3, f"{number}", color="white", va="top", fontsize=10, fontweight="bold")
        picture(axis, photograph[:, rows, columns], f"piece {number}\nin the whole: {inside:.0%} {thing}\n"
                f"alone: {apart:.0%} {thing}")  # fmt: skip
        told.append(f"piece {number} {inside:.0%} in the whole and {apart:.0%} alone")
    figure.photographs = True
    figure.alt = f"A photograph of a {thing} and pieces of it. Share labelled {thing}: {'; '.join(told)}."
    return figure


@styled
def cut_out(images: Tensor, things: Tensor) -> Figure:
    """Of each picture the box round its things (a mask, N x H x W) and two pixels more, without what lies around it."""
    if things.shape != images[:, 0].shape:
        raise ValueError(f"the mask has shape {tuple(things.shape)}, expected {tuple(images[:, 0].shape)}")
    figure, axes = new(1, len(images), size=(2.15 * len(images), 2))
    sizes = []
    for axis, image, thing in zip(axes[0], images, things):
        rows, columns = (_around(thing.any(axis)) for axis in (1, 0))
        piece = image[:, rows, columns]
        picture(axis, piece)
        sizes.append(" x ".join(map(str, piece.shape[-2:])))
    figure.alt = f"{len(images)} pieces of pictures, of {', '.join(sizes)} pixels, with nothing around them."
    return figure


def _around(there: Tensor) -> slice:
    places = there.nonzero().flatten()
    if not len(places):
        raise ValueError("the mask is empty in one picture: there is nothing to cut out")
    return slice(max(0, int(places[0]) - 2), int(places[-1]) + 3)


@styled
def worlds(rows: Mapping[str, Scenes], pictures: int = 3) -> Figure:
    """The first pictures of each family beside their labels, the classes of each row at its right end."""
    figure, axes = new(len(rows), 2 * pictures, size=(WIDTH + 0.6, 1.85 * len(rows)))
    told = []
    for line, (name, scenes) in zip(axes, rows.items()):
        images, truth, _ = scenes.batch(range(pictures))
        for number, (image, label) in enumerate(zip(images, truth)):
            picture(line[2 * number], image, name if number == 0 else "")
            labels(line[2 * number + 1], label, colours=scenes.colours)
        patches = [
            Patch(facecolor=palette.hex_of(colour), edgecolor=QUIET, linewidth=0.5, label=word)
            for word, colour in zip(scenes.classes, scenes.colours)
        ]
        line[-1].legend(handles=patches, loc="center left", bbox_to_anchor=(1, 0.5), handlelength=1.2)
        told.append(f"{name}: {in_words(truth, scenes.classes)}")
    figure.alt = f"{pictures} pictures of each of {len(rows)} worlds, each beside its labels. {'; '.join(told)}."
    return figure


@styled
def hears(image: Tensor, spreads: Mapping[str, Spread], pixel: tuple[int, int]) -> Figure:
    """How much each pixel of the picture weighs for one pixel of the answer, for several networks.

    The heat is the square root of the share of the largest; of a large map, of the averages of small blocks.
    """
    figure, axes = new(1, 1 + len(spreads), size=(WIDTH, 0.5 + WIDTH / (1 + len(spreads))))
    picture(axes[0, 0], image, "the picture, one pixel")
    told = []
    for axis, (name, spread) in zip(axes[0, 1:], spreads.items()):
        share = spread.area() / spread.map.numel()
        heat = in_blocks(spread.map)
        picture(axis, (heat / heat.max()).sqrt(), f"{name}: {share:.0%} weighs", vmin=0, vmax=1, extent=frame(image))
        told.append(f"{name} {share:.1%}")
    for axis in axes[0]:
        axis.plot(pixel[1], pixel[0], "+", color="white", markersize=13, markeredgewidth=4)
        axis.plot(pixel[1], pixel[0], "+", color=COLOURS[1], markersize=11, markeredgewidth=2)
    figure.alt = (
        f"A picture and how much each of its pixels weighs for row {pixel[0]}, column {pixel[1]} of the answer. "
        f"Share of the picture above 4.55 % of the peak: {', '.join(told)}."
    )
    return figure


def in_blocks(heat: Tensor) -> Tensor:
    """Averages of blocks, so that a map has at most 120 rows and columns."""
    block = -(-max(heat.shape) // 120)
    return F.avg_pool2d(heat[None, None], block, ceil_mode=True, count_include_pad=False)[0, 0]


def frame(image: Tensor) -> tuple[float, float, float, float]:
    """Where the picture's pixels end: left, right, bottom, top."""
    height, width = image.shape[-2:]
    return -0.5, width - 0.5, height - 0.5, -0.5


@styled
def shape_and_amount(maps: Mapping[str, Tensor], found: Sequence[Tensor]) -> Figure:
    """Maps with crosses on top; below, where a detector of crosses answers, its largest answer and its sum."""
    figure, axes = new(2, len(maps), size=(8, 5.4))
    told = []
    for top, below, (name, canvas), answer in zip(*axes, maps.items(), found):
        largest, total = float(answer.max()), float(answer.sum())
        _bordered(picture(top, canvas, name, cmap="Greys", vmin=0, vmax=1.4).axes)
        title = f"largest answer {largest:g}\naverage x size = {total:g}"
        _bordered(picture(below, answer.squeeze(), title, cmap="Blues", vmin=0, vmax=1).axes)
        told.append(f"{name}: largest {largest:g}, average times size {total:g}")
    figure.alt = (
        f"Maps with crosses, and below them the answers of a convolution that detects crosses. {'; '.join(told)}."
    )
    return figure


def _bordered(axes: Axes) -> None:
    axes.spines[:].set_visible(True)


@styled
def pyramid(image: Tensor, bins: Sequence[int]) -> Figure:
    """Top: the average of each bin. Below: the same enlarged bilinearly, as it lies beside the features."""
    height, width = image.shape[-2:]
    if max(bins) > min(height, width):
        raise ValueError(f"a picture of {height} x {width} cannot be parted into {max(bins)} x {max(bins)} bins")
    figure, axes = new(2, 1 + len(bins), size=(WIDTH, 4.3))
    picture(axes[0, 0], image, "features")
    picture(axes[1, 0], image, "the same, first")
    figure.photographs = max(bins) > 6
    side = image.shape[-1]
    for top, below, count in zip(axes[0, 1:], axes[1, 1:], bins):
        average = F.adaptive_avg_pool2d(image[None], count)
        picture(top, average[0].clamp(0, 1), f"{count} x {count} bins")
        for line in range(count + 1):
            top.axhline(line - 0.5, color="white", linewidth=0.8)
            top.axvline(line - 0.5, color="white", linewidth=0.8)
        enlarged = F.interpolate(average, size=(side, side), mode="bilinear", align_corners=True)
        picture(below, enlarged[0].clamp(0, 1), "enlarged")
    counts = ", ".join(f"{count} x {count}" for count in bins)
    figure.alt = (
        f"A picture of {side} x {side} averaged over {counts} bins, {sum(n * n for n in bins)} averages in all; "
    )
    figure.alt += "below, each level enlarged to the picture's size again."
    return figure


@styled
def steps(printed: Mapping[str, float], *, what: str, low: float) -> Figure:
    """Dots of printed scores, each with what it gains over the one before.

    Dots and no bars, because the axis begins at `low`: bars that do not begin at zero tell wrong ratios.
    """
    figure, axes = new(size=(8.5, 0.8 + 0.36 * len(printed)))
    axis = axes[0, 0]
    values = list(printed.values())
    axis.hlines(range(len(values)), low, values, color=QUIET, linewidth=0.8, linestyle=":")
    axis.plot(values, range(len(values)), "o", color=COLOURS[0], markersize=9)
    for line, value in enumerate(values):
        gain = f"  +{value - values[line - 1]:.2f}" if line else ""
        axis.text(value, line, f"   {value:.2f}{gain}", va="center")
    axis.set_yticks(range(len(values)), printed)
    axis.set(xlim=(low, max(values) + 0.22 * (max(values) - low)), ylim=(len(values) - 0.4, -0.6), xlabel=what)
    figure.alt = f"{what}: {', '.join(f'{name} {value:.2f}' for name, value in printed.items())}."
    return figure
