"""01 The limits of FCN."""
