"""The explorers of the course. Each call makes one; a cell that ends with it shows the widget.

    explorers.dilation()                     the widget
    explorers.dilation().figure(rate=4)      the same pictures as a matplotlib figure
    explorers.dilation().render(rate=4)      the same pictures as data

Each room holds one: `compute` (numbers), `render` (panels), and the function that joins them with its controls.
"""

from .dilation import dilation

__all__ = ["dilation"]
