"""05 DeepLab v1 and v2: the dense CRF and ASPP."""
