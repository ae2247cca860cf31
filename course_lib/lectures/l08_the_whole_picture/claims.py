"""08 The whole picture: what each paper changed, counted on the networks, and what the papers report."""

from functools import cache
from typing import Any

from course_lib import models
from course_lib.evidence import counting, published
from course_lib.evidence.claim import Seeds, claim
from course_lib.evidence.verdict import Evidence, Fact
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


@claim("W2", "S", "The lineage: what each paper changed in the networks before it, and which problem that answered.")
def the_lineage(seeds: Seeds) -> Evidence:
    steps = [(parent, name) for name, family in FAMILIES.items() for parent in family.builds_on]
    months = [family.first for family in FAMILIES.values()]
    facts = [
        Fact("families, from FCN to DeepLab v3+", len(FAMILIES), 11),
        Fact("in the order of their first versions", months == sorted(months), True),
        Fact("steps without a change that can be counted", [step for step in steps if step not in CHANGED], []),
        Fact("steps back in time", [s for s in steps if FAMILIES[s[0]].first >= FAMILIES[s[1]].first], []),
    ]
    for (parent, name), changes in CHANGED.items():
        before, after = anatomy(parent), anatomy(name)
        found = {what: (before[what], after[what]) for what in changes}
        facts.append(Fact(f"{parent} to {name}: {FAMILIES[name].problem}", found, changes))
    return Evidence(settings={"networks": {name: family.network for name, family in FAMILIES.items()}}, facts=facts)


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


@claim(
    "W3",
    "E",
    "The published headlines on VOC 2012, CamVid, Cityscapes and ADE20K in one table, each with its source.",
    tests=(
        "tests/evidence/test_claims_published.py::test_the_headlines_are_those_of_the_papers",
        "tests/evidence/test_claims_published.py::test_every_source_names_a_paper_of_the_list_and_a_table",
    ),
)
def published_headlines(seeds: Seeds) -> Evidence:
    rows, best = published.HEADLINES, published.best
    without = [row.network for row in rows if not row.where or not row.paper]
    return Evidence(
        settings={"rows": len(rows), "metric": "mean IoU in percent"},
        facts=[
            Fact("families without a headline", sorted(set(FAMILIES) - {row.family for row in rows}), []),
            Fact("best on VOC 2012, test", told(best(published.VOC, "test")), ("DeepLab v3+", 89.0)),
            Fact("best on Cityscapes, test", told(best(published.CITIES, "test")), ("DeepLab v3+", 82.1)),
            Fact("best on CamVid, test", told(best(published.CAMVID, "test")), ("FC-DenseNet", 66.9)),
            Fact("best on ADE20K, val", told(best(published.ADE, "val")), ("DeepLab v3+", 45.65)),
            Fact("networks that the course cannot build", sorted({r.network for r in rows} - set(models.names())), []),
            Fact("headlines without a source", without, []),
            Fact("DeepLab v1, v2, v3, v3+ on VOC 2012, test", the_deeplabs(), [71.6, 79.7, 85.7, 89.0]),
            Fact("FCN-32s, 16s, 8s on VOC 2011, val", on("VOC 2011", "FCN"), [59.4, 62.4, 62.7]),
            Fact("FC-DenseNet 56, 67, 103 on CamVid", on(published.CAMVID, "FC-DenseNet"), [58.9, 65.8, 66.9]),
            Fact("million parameters, as printed", counted_sizes(), {n: p[0] for n, p in SIZES.items()}),
        ],
    )


SIZES = published.SIZES


def told(row: published.Headline) -> tuple[str, float]:
    return row.family, row.mean_iou


def on(data: str, family: str) -> list[float]:
    return [row.mean_iou for row in published.headlines(data=data, family=family)]


def the_deeplabs() -> list[float]:
    """The best that each version reports on VOC 2012's test pictures."""
    versions = [name for name in FAMILIES if name.startswith("DeepLab")]
    return [max(row.mean_iou for row in published.headlines(data="VOC 2012", split="test", family=v)) for v in versions]


def counted_sizes() -> dict[str, float]:
    """The sizes of the networks built here, rounded as their papers round; DenseNets with 11 classes, as on CamVid."""
    counted = {}
    for name, (_, decimals, statistics) in SIZES.items():
        net = counting.empty(name, 11 if name.startswith("fc_densenet") else 21)
        running = sum(value.numel() for key, value in net.named_buffers() if "running" in key) if statistics else 0
        counted[name] = round((counting.parameters(net) + running) / 1e6, decimals)
    return counted
