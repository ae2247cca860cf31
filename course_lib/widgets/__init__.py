"""Pictures that a student can move: one widget, one table, and the explorers.

    from course_lib.widgets import explorers
    explorers.dilation()

explorers/ holds the pictures, explorer.py joins a picture with its controls, widget.py (and widget.js) shows it in a
notebook, static.py in print. Own explorers: `Explorer(render, controls, name=..., title=...)`.
"""

from . import explorers
from .controls import Choice, Grid, Pixel, Slider, Switch
from .explorer import Explorer
from .panels import Block, Chart, Diagram, Image, Impossible, Line, Map, Mark, Readout

__all__ = [
    "Block",
    "Chart",
    "Choice",
    "Diagram",
    "Explorer",
    "Grid",
    "Image",
    "Impossible",
    "Line",
    "Map",
    "Mark",
    "Pixel",
    "Readout",
    "Slider",
    "Switch",
    "explorers",
]
