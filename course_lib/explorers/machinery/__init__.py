"""The parts of an explorer: controls, panels, the table of all states, and the widget that shows it.

    Explorer(render, controls, name=..., title=...)      a picture of your own that a student can move

explorer.py joins a picture with its controls; widget.py, with widget.js, shows it in a notebook; static.py in print.
"""

from course_lib.explorers.machinery.controls import Choice, Grid, Pixel, Slider, Switch
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.guide import Guide, Step
from course_lib.explorers.machinery.panels import (
    Block,
    Chart,
    Collage,
    Diagram,
    Drag,
    Image,
    Impossible,
    Line,
    Map,
    Mark,
    Piece,
    Prose,
    Readout,
)

__all__ = [
    "Block",
    "Chart",
    "Choice",
    "Collage",
    "Diagram",
    "Drag",
    "Explorer",
    "Grid",
    "Guide",
    "Image",
    "Impossible",
    "Line",
    "Map",
    "Mark",
    "Piece",
    "Pixel",
    "Prose",
    "Readout",
    "Slider",
    "Step",
    "Switch",
]
