"""The explorers of the course. Each call makes one; a cell that ends with it shows the widget.

    explorers.dilation()                     the widget
    explorers.dilation().figure(rate=4)      the same pictures as a matplotlib figure
    explorers.dilation().render(rate=4)      the same pictures as data

Each room holds one: `compute` (numbers), `render` (panels), and the function that joins them with its controls.
"""

from .break_the_network import break_the_network
from .convolution_cost import convolution_cost
from .crf import crf
from .dilation import dilation
from .lineage import lineage
from .metrics import metrics
from .output_stride import output_stride
from .pyramids import pyramids
from .receptive_field import receptive_field
from .skips import skips
from .unpooling import unpooling
from .upsampling import upsampling

__all__ = [
    "break_the_network",
    "convolution_cost",
    "crf",
    "dilation",
    "lineage",
    "metrics",
    "output_stride",
    "pyramids",
    "receptive_field",
    "skips",
    "unpooling",
    "upsampling",
]
