"""How a run of the network becomes a graph: what every operation reads, axis by axis."""
