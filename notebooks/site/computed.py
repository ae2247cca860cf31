"""The explorers that compute for every move: what their engines in the page start from.

Each function takes an explorer and gives plain data: pictures and weights as text, palettes, words. The engine of the
explorer's name in static/engines/ does in JavaScript what the explorer does in Python; tests/browser/ compares the two
panel by panel.
"""

from collections.abc import Callable

from course_lib.datasets import photos
from course_lib.explorers.crf import BAND
from course_lib.explorers.machinery.explorer import Explorer
from course_lib.metrics.boundary import trimap
from notebooks.site import fields, scenes
from notebooks.site.scenes import packed


def dense_crf(explorer: Explorer) -> dict:
    """The small photograph, its mask, and the coarse map that the CRF starts from."""
    shown = explorer._render.__self__
    change = explorer.render()[3]
    return {
        "size": list(shown.mask.shape),
        "image": packed(shown.image.permute(1, 2, 0)),
        "mask": packed(shown.mask.byte()),
        "band": packed(trimap(shown.mask, BAND)),
        "unary": packed(shown.unary),
        "classes": shown.classes,
        "palette": explorer.render()[2].palette,
        "changes": change.names,
        "change": change.palette,
        "voided": photos.VOID,
    }


ENGINES: dict[str, Callable[[Explorer], dict]] = {
    "crf": dense_crf,
    "break_the_network": scenes.worlds,
    "receptive_field": fields.told,
}
