"""The explorers of the course. Each call makes one; a cell that ends with it shows the widget.

    explorers.dilation()                     the widget
    explorers.dilation().figure(rate=4)      the same pictures as a matplotlib figure
    explorers.dilation().render(rate=4)      the same pictures as data

Each room holds one: `compute` (numbers), `render` (panels), and the function that joins them with its controls.
"""

from course_lib.explorers.break_the_network import break_the_network
from course_lib.explorers.convolution_cost import convolution_cost
from course_lib.explorers.crf import crf
from course_lib.explorers.dilation import dilation
from course_lib.explorers.ledger import ledger
from course_lib.explorers.lineage import lineage
from course_lib.explorers.metrics import metrics
from course_lib.explorers.output_stride import output_stride
from course_lib.explorers.pyramids import pyramids
from course_lib.explorers.receptive_field import receptive_field
from course_lib.explorers.separable_layer import separable_layer
from course_lib.explorers.skips import skips
from course_lib.explorers.sliding_classifier import sliding_classifier
from course_lib.explorers.training_loop import training_loop
from course_lib.explorers.unpooling import unpooling
from course_lib.explorers.upsampling import upsampling

__all__ = [
    "break_the_network",
    "convolution_cost",
    "crf",
    "dilation",
    "ledger",
    "lineage",
    "metrics",
    "output_stride",
    "pyramids",
    "receptive_field",
    "separable_layer",
    "skips",
    "sliding_classifier",
    "training_loop",
    "unpooling",
    "upsampling",
]
