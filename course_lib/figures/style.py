"""One style sheet for the whole course, and figures that can be read aloud.

A figure function takes arrays and returns a `Figure`:

    @styled
    def thing(values):
        figure, axes = new(columns=2, size=(8, 3))
        ...
        figure.alt = f"Two panels: ... from {values.min():.2f} to {values.max():.2f}"
        return figure

`styled` lends it the style sheet and sees to it that there is an alt text. In a notebook the figure shows itself as a
picture with that text.
"""

import base64
import functools
import html
import io
from collections.abc import Callable, Sequence
from typing import ParamSpec

import matplotlib
import numpy as np
from matplotlib import figure as matplotlib_figure
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Patch
from PIL import Image
from torch import Tensor

from course_lib import palette
from course_lib.shown import INK, show

P = ParamSpec("P")

WIDTH = 9.0  # inches, as wide as a notebook's column
DPI = 110
QUIET = "#777777"
HEAT = "cividis"  # for what has no sign; reads alike to all eyes and in grey
COLOURS = [palette.hex_of(colour) for colour in palette.ORDER[1:8]]
HATCHES = ("", "//", "..", "xx", "\\\\", "++", "oo")  # where colour alone would carry meaning
SHEET = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 10.5,
    "axes.titlelocation": "left",
    "axes.labelsize": 10,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(color=COLOURS),
    "axes.grid": False,
    "text.color": INK,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "image.interpolation": "nearest",
    "image.cmap": HEAT,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
}


class Figure(matplotlib_figure.Figure):
    """A matplotlib figure with a text for those who cannot see it.

    Set `photographs` where photographs or grainy maps fill it: a notebook then keeps it as JPEG, a quarter of a PNG.
    """

    alt: str = ""
    photographs: bool = False

    def png(self, dpi: int = DPI) -> bytes:
        """The picture as a file's bytes."""
        return self.drawn("png", dpi)

    def drawn(self, kind: str, dpi: int = DPI) -> bytes:
        """The figure as bytes of a PNG or JPEG."""
        picture = self._pixels(dpi)
        if kind == "png" and not self.photographs:
            picture = in_palette(picture)
        buffer = io.BytesIO()
        picture.save(buffer, kind, optimize=True, **({"quality": 80, "dpi": (dpi, dpi)} if kind == "jpeg" else {}))
        return buffer.getvalue()

    def _pixels(self, dpi: int) -> Image.Image:
        """Drawn once: `savefig` draws everything twice, the first time to lay it out alone."""
        canvas, before = self.canvas, self.dpi
        agg = FigureCanvasAgg(self)
        self.dpi = dpi
        try:
            pixels, size = agg.print_to_buffer()
        finally:
            self.dpi = before
            self.set_canvas(canvas)
        return Image.frombytes("RGBA", size, pixels).convert("RGB")

    def _repr_html_(self) -> str:
        """The figure inside other HTML, such as an evidence card."""
        data, wide = base64.b64encode(self.png()).decode(), round(self.get_figwidth() * 96)
        words = f'alt="{html.escape(self.alt)}" width="{wide}" style="max-width:100%"'
        return f'<img {words} src="data:image/png;base64,{data}">'

    def _ipython_display_(self) -> None:
        kind = "jpeg" if self.photographs else "png"
        show(self.drawn(kind), kind, self.alt, width=round(self.get_figwidth() * 96))


def in_palette(full: Image.Image) -> Image.Image:
    """The same picture in 256 colours, not dithered, in a third of the bytes.

    Half of them are kept exactly: the course's own, which carry meaning also where a legend alone shows them, and the
    most frequent others, those of lines and areas. The other half is shared out among the rest.
    """
    kept = Image.new("P", (1, 1))
    counted = full.getcolors(full.width * full.height) or []
    by_number = [colour for _, colour in sorted(counted, reverse=True)]
    frequent = sorted(by_number, key=lambda colour: colour not in palette.ORDER)[:128]
    rest = full.quantize(128, dither=Image.Dither.NONE).getpalette() or []
    kept.putpalette([value for colour in frequent for value in colour] + rest)
    near, one_number = np.array(full.quantize(palette=kept, dither=Image.Dither.NONE)), (65536, 256, 1)
    places = np.zeros(1 << 24, np.uint8)  # of each colour among the frequent ones, from 1 on
    places[np.array(frequent) @ one_number] = range(1, len(frequent) + 1)
    place = places[np.asarray(full).astype(np.int32) @ one_number]
    drawn = Image.fromarray(np.where(place > 0, place - 1, near))  # what quantize calls the nearest may be off by three
    drawn.putpalette(kept.getpalette())
    return drawn


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draws under the style sheet, whatever the notebook has set, and refuses a figure without alt text."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with matplotlib.rc_context(SHEET):
            figure = draw(*args, **kwargs)
        if not figure.alt:
            raise ValueError(f"{draw.__name__} must set figure.alt: say what the picture shows, with its numbers")
        return figure

    return drawn


def new(
    rows: int = 1, columns: int = 1, *, size: tuple[float, float] = (WIDTH, 3.2), **options
) -> tuple[Figure, np.ndarray]:
    """An empty figure of `size` inches and its axes, always as an array of rows x columns."""
    figure = Figure(figsize=size)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def picture(axes: Axes, image: Tensor | np.ndarray, title: str = "", **options):
    """An image or a map without ticks; tensors may be 3 x H x W or H x W. Returns matplotlib's image."""
    if isinstance(image, Tensor):
        image = image.detach().cpu()
        image = (image.permute(1, 2, 0) if image.ndim == 3 and image.shape[0] == 3 else image).numpy()
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_title(title)
    return axes.imshow(image, **options)


def labels(axes: Axes, label: Tensor, title: str = "", *, colours: Sequence = palette.ORDER):
    """A label map in the palette's colours."""
    return picture(axes, palette.paint(label.detach().cpu(), tuple(colours)).numpy(), title)


def class_legend(figure: Figure, names: Sequence[str], *, colours: Sequence = palette.ORDER, **options) -> None:
    """The classes and their colours in a row below the panels."""
    patches = [
        Patch(facecolor=palette.hex_of(colours[index % len(colours)]), edgecolor=QUIET, linewidth=0.5, label=name)
        for index, name in enumerate(names)
    ]
    figure.legend(handles=patches, **{"loc": "outside lower center", "ncols": min(len(patches), 8), **options})
