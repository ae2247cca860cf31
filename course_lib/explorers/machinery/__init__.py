"""Pictures that a student can move: one widget, one table, and the explorers.

    from course_lib import explorers
    explorers.dilation()

explorers/ holds the pictures, explorer.py joins a picture with its controls, widget.py (and widget.js) shows it in a
notebook, static.py in print. Own explorers: `Explorer(render, controls, name=..., title=...)`.
"""

from course_lib import explorers
from course_lib.explorers.machinery.controls import Choice, Grid, Pixel, Slider, Switch
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.explorers.machinery.panels import Block, Chart, Diagram, Image, Impossible, Line, Map, Mark, Readout

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
