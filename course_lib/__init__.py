"""Beyond FCN: the models, measures and pictures behind the notebooks."""

__version__ = "1.0.0"
