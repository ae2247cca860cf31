"""Beyond FCN: the models, measures and pictures behind the notebooks."""

from course_lib import threads

__version__ = "1.0.0"

threads.sit_lightly()  # before anything here loads torch
