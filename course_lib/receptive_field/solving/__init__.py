"""Answers from the graph: what one pixel reads, what all pixels reach, and the sizes without borders."""
