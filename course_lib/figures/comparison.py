"""Pictures of one's own, their truth, and what each network of a comparison says."""

import statistics
from collections.abc import Mapping, Sequence

from torch import Tensor

from course_lib import palette
from course_lib.figures.style import Figure, class_legend, labels, new, picture, styled


@styled
def gallery(images: Sequence[Tensor], rows: Mapping[str, Sequence[Tensor]], classes: Sequence[str]) -> Figure:
    """Pictures above their label maps, one row for each name."""
    high = max(image.shape[1] / image.shape[2] for image in images) * 9 / len(images)
    figure, axes = new(1 + len(rows), len(images), size=(9, 0.6 + (1 + len(rows)) * (high + 0.1)))
    for column, image in enumerate(images):
        picture(axes[0, column], image)
        for line, own in zip(axes[1:], rows.values()):
            labels(line[column], own[column])
    for line, name in zip(axes[:, 0], ("picture", *rows)):
        line.set_ylabel(name)
    class_legend(figure, classes, colours=palette.ORDER)
    right = {
        name: statistics.mean(float((one == true)[true != 255].float().mean()) for one, true in zip(own, rows["truth"]))
        for name, own in rows.items()
        if name != "truth"
    }
    told = ", ".join(f"{name} {share:.0%}" for name, share in right.items())
    figure.photographs = True
    figure.alt = f"{len(images)} pictures of val, their truth and the answers. Right pixels: {told}."
    return figure
