"""07 DeepLab v3 and v3+: image pooling, separable convolutions, the decoder."""
