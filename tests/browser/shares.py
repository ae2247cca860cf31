"""Who runs what where several workers run the tests of this folder: shares, each one worker's, the longest first.

One worker alone opens the gallery, which costs a minute; of the lectures each goes to whoever is free.
"""

from pathlib import Path

GALLERY = (  # in this order: the first closes each explorer's second copy, which costs time while it is there
    "test_widgets_each", "test_widgets_b", "test_widgets_dilation", "test_widgets_explorers",
    "test_widgets_looks", "test_widgets_saved_page", "test_widgets_tour",
)  # fmt: skip
FIRST = (*GALLERY, "test_site", "test_site_engines", "test_lab_notebooks")  # minutes each: short files end it


def share(test: str) -> str:
    """The share of a test, by its pytest name."""
    file = stem(test)
    return "the gallery" if file in GALLERY else test if file == "test_lab_notebooks" else file


def place(test: str) -> int:
    """Where in the order of files a test comes."""
    return FIRST.index(stem(test)) if stem(test) in FIRST else len(FIRST)


def stem(test: str) -> str:
    return Path(test.partition("::")[0]).stem
