"""04 Receptive field and dilation: DilatedNet."""
