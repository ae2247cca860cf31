"""Measuring a network with its weights: frozen, in the window that is enough, under patches; maps of influence."""
