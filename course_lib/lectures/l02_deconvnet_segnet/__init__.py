"""02 DeconvNet and SegNet: unpooling."""
