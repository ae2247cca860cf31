"""Which picture it was: a network that refuses an image knows its size, and not its file.

In comes an error from inside a network; out goes the same error with the name of the file.
"""

import contextlib
from collections.abc import Iterator

from torch.utils.data import Dataset, Subset

from course_lib.datasets.pairs import Pairs


@contextlib.contextmanager
def named(data: Dataset, index: int) -> Iterator[None]:
    """Adds to a ValueError the picture that the network was reading."""
    try:
        yield
    except ValueError as error:
        while isinstance(data, Subset):
            data, index = data.dataset, data.indices[index]
        if not isinstance(data, Pairs):
            raise
        raise ValueError(
            f"{error}; the picture is {data.pairs[index][0]}: enlarge it or take it away, and if it was cut, "
            "take a larger --crop (in Python: augment(crop=...))"
        ) from error
