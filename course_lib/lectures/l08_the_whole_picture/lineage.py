"""08 The whole picture: what each paper changed in the networks before it, counted on the networks."""

from functools import cache
from typing import Any

from course_lib.evidence import counting
from course_lib.models.families import FAMILIES
from course_lib.models.structure import structure

# for each step of the lineage: what the later network has where the earlier one has something else
CHANGED: dict[tuple[str, str], dict[str, tuple]] = {
    ("FCN", "DeepLab v1"): {"coarsest stride": (32, 8), "largest rate": (1, 12), "million parameters": (134, 21)},
    ("FCN", "DeconvNet"): {"pools whose places are kept": (0, 5), "sums": (2, 0)},
    ("FCN", "U-Net"): {"sums": (2, 0), "concatenations": (0, 4), "coarsest stride": (32, 16)},
    ("FCN", "SegNet"): {"pools whose places are kept": (0, 5), "million parameters": (134, 29)},
    ("FCN", "DilatedNet"): {"coarsest stride": (32, 8), "largest rate": (1, 16)},
    ("DeepLab v1", "DeepLab v2"): {"rates from 6 on": ([12], [6, 12, 18, 24]), "sums": (0, 1)},
    ("U-Net", "FC-DenseNet"): {"concatenations": (4, 5), "million parameters": (31, 9)},
    ("DilatedNet", "PSPNet"): {"bins": ([], [1, 2, 3, 6]), "largest rate": (16, 4)},
    ("DeepLab v2", "DeepLab v3"): {"bins": ([], [1]), "sums": (1, 0), "concatenations": (0, 1),
                                   "rates from 6 on": ([6, 12, 18, 24], [6, 8, 12, 18])},
    ("PSPNet", "DeepLab v3"): {"bins": ([1, 2, 3, 6], [1]), "largest rate": (4, 18)},
    ("DeepLab v3", "DeepLab v3+"): {"concatenations": (1, 2), "depthwise convolutions": (0, 68),
                                    "million parameters": (58, 41)},
}  # fmt: skip


@cache
def anatomy(family: str) -> dict[str, Any]:
    """What one run of a family's network shows, and what its layers hold."""
    name = FAMILIES[family].network
    told, layers = structure(name), counting.convolutions(counting.empty(name))
    kinds = [stage.kind for stage in told.stages]
    rates = {rate for stage in told.stages for rate in stage.rates}
    return {
        "coarsest stride": max(stage.stride for stage in told.stages),
        "largest rate": max(rates),
        "rates from 6 on": sorted(rate for rate in rates if rate >= 6),
        "pools whose places are kept": len(told.places()),
        "sums": kinds.count("sum"),
        "concatenations": kinds.count("concatenation"),
        "bins": [stage.kernel for stage in told.stages if stage.kind == "bins"],
        "depthwise convolutions": sum(layer.groups == layer.in_channels > 1 for layer in layers),
        "million parameters": round(told.parameters / 1e6),
    }


def counted() -> dict[tuple[str, str], dict[str, tuple]]:
    """What changes from each network to the next, as the networks themselves show it; see CHANGED."""
    return {
        (parent, name): {what: (anatomy(parent)[what], anatomy(name)[what]) for what in changes}
        for (parent, name), changes in CHANGED.items()
    }
