"""Figures: in come arrays, out come matplotlib figures with alt text. Nothing is computed or loaded here.

`style` is the sheet they share; each other module draws for one lecture or one subject.
"""
