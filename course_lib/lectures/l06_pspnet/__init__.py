"""06 PSPNet: context and the pyramid."""
