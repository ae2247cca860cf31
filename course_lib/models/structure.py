"""A network as stages and links, read off one run: what its architecture figure shows.

    structure("segnet", image_size=(360, 480)).stages

A stage is the convolutions of one module at one stride and one rate, a pool, an unpool or a join; a link carries maps,
or the places of maxima that an unpool reads. Nothing here knows any network by name: take a skip out of a model and its
link is gone.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from torch import nn

from course_lib.models import written
from course_lib.models.registry import build
from course_lib.models.wiring import Call, wiring

JOINS = ("concatenation", "sum")
UPWARDS = ("transposed", "unpool", "resize")
INSIDE = ("conv", "convolutions")  # of a stage, which goes by the name of the module around them


@dataclass(frozen=True)
class Stage:
    """A box of the figure: what it is, the map it leaves, and the convolutions inside ("3x3", how many)."""

    name: str
    kind: str
    channels: int
    size: tuple[int, int]
    stride: int
    kernels: tuple[tuple[str, int], ...] = ()
    rates: tuple[int, ...] = ()
    kernel: int = 0
    step: int = 1
    upwards: bool = False  # stands behind something that enlarged


@dataclass(frozen=True)
class Link:
    """From stage to stage, by number: a map ("map"), or the places of its maxima ("places")."""

    source: int
    target: int
    kind: str
    channels: int
    size: tuple[int, int]


@dataclass(frozen=True)
class Structure:
    """The stages in the order they ran, image first and scores last, and the links between them."""

    name: str
    image_size: tuple[int, int]
    parameters: int
    stages: tuple[Stage, ...]
    links: tuple[Link, ...]

    def skips(self) -> list[Link]:
        """Maps that reach a join by fewer stages than the longest way from the same stage."""
        maps = [link for link in self.links if link.kind == "map"]
        return [link for link in maps if self.is_skip(link)]

    def is_skip(self, link: Link) -> bool:
        """True when a longer way leads from the link's source to the join that it reaches."""
        source, target, own = link.source, link.target, 1
        while self.stages[target].kind not in JOINS and len(after := self.read_from(target)) == 1:
            if len(self.read_by(target)) > 1:
                return False
            target, own = after[0].target, own + 1
        return self.stages[target].kind in JOINS and self.longest(source, target) > own

    def places(self) -> list[Link]:
        """The places of maxima that unpools read."""
        return [link for link in self.links if link.kind == "places"]

    def read_by(self, target: int) -> list[Link]:
        """The links that end at a stage."""
        return [link for link in self.links if link.target == target]

    def read_from(self, source: int) -> list[Link]:
        """The links that begin at a stage."""
        return [link for link in self.links if link.source == source]

    def longest(self, source: int, target: int) -> int:
        """How many links the longest way between two stages has."""
        steps = {source: 0}
        for number in range(source + 1, target + 1):
            ways = [steps[link.source] + 1 for link in self.read_by(number) if link.source in steps]
            if ways:
                steps[number] = max(ways)
        return steps.get(target, 0)


def structure(net: str | nn.Module, *, image_size: tuple[int, int] = (321, 321), **options) -> Structure:
    """One run of a network, told stage by stage; options go to `build`."""
    name = written.network(net)
    if isinstance(net, str):
        net = build(net, device="meta", **options)
    calls, last = wiring(net, image_size)
    stages, links = contracted(calls, last)
    parameters = sum(parameter.numel() for parameter in net.parameters())
    return Structure(name, tuple(image_size), parameters, stages, links)


def contracted(calls: Sequence[Call], last: int) -> tuple[tuple[Stage, ...], tuple[Link, ...]]:
    """Calls gathered into stages; links inside a stage vanish."""
    group = gathered(calls)
    absorb(calls, group)
    numbers = {key: number for number, key in enumerate(dict.fromkeys(group))}
    members: list[list[Call]] = [[] for _ in numbers]
    links: dict[tuple[int, int, str], Link] = {}
    for call, key in zip(calls, group):
        here = numbers[key]
        members[here].append(call)
        for wire in call.inputs:
            source = numbers[group[wire.source]]
            kind = "places" if wire.places else "map"
            if source != here and (source, here, kind) not in links:
                links[source, here, kind] = Link(source, here, kind, wire.channels, wire.size)
    end = len(members)
    out, made = calls[last], calls[0].size
    links[numbers[group[last]], end, "map"] = Link(numbers[group[last]], end, "map", out.channels, made)
    stages = [stage_of(each, key) for each, key in zip(members, numbers)] + [
        Stage("scores", "scores", out.channels, made, 1)
    ]
    return with_direction(stages, list(links.values()))


def gathered(calls: Sequence[Call]) -> list[object]:
    """For each call the outermost module run that is one stage, or the call's own number."""
    inside: dict[tuple[str, int], list[Call]] = {}
    for call in calls:
        for run in call.inside:
            inside.setdefault(run, []).append(call)
    return [next((run for run in call.inside if one_stage(inside[run])), i) for i, call in enumerate(calls)]


def one_stage(calls: Sequence[Call]) -> bool:
    """Only convolutions and what joins them, at one rate, with at most one change of stride."""
    kinds, rates = {call.kind for call in calls}, {call.rate for call in calls if call.kernel > 1}
    plain = "convolution" in kinds and kinds <= {"convolution", *JOINS}
    return plain and len(rates) < 2 and len({call.stride for call in calls}) < 3


def absorb(calls: Sequence[Call], group: list[object]) -> None:
    """Calls that a reader sees as part of the stage before them take its key."""
    for i, call in enumerate(calls):
        sources = [wire.source for wire in call.inputs if not wire.places]
        keys = list(dict.fromkeys(group[source] for source in sources))
        if not sources:
            continue
        newest = group[max(sources)]
        members = [other for other, key in zip(calls, group) if key == newest]
        fed = {group[wire.source] for member in members for wire in member.inputs}
        block = isinstance(newest, tuple) and sum(member.kind == "convolution" for member in members) > 1
        if block and call.kind in JOINS and group[i] == i and set(keys) <= {newest, *fed}:
            group[i] = newest  # a dense block hands on what it made, a residual one adds its shortcut
        before = calls[max(sources)].kind
        again = call.kind == before == "mirror"
        chain = call.kind == before == "sum" and group[i] == i and isinstance(newest, int)
        if again or chain:
            group[i] = newest
        pyramid = {calls[j].kind for j, key in enumerate(group[:i]) if key == newest}
        if len(keys) == 1 and call.kind in ("convolution", "resize") and "bins" in pyramid and "resize" not in pyramid:
            group[i] = newest


def stage_of(calls: Sequence[Call], key: object) -> Stage:
    """What a group of calls amounts to."""
    kinds = [call.kind for call in calls]
    convolutions = [call for call in calls if call.kind in ("convolution", "transposed")]
    kind = "bins" if "bins" in kinds else "convolutions" if "convolution" in kinds else kinds[0]
    told = Counter(f"{c.kernel}x{c.kernel}{' sep' if c.depthwise else ''}" for c in convolutions)
    rates = tuple(dict.fromkeys(c.rate for c in convolutions if c.kernel > 1))
    leader = next((call for call in calls if call.kind == "bins"), calls[0])
    final = calls[-1]
    return Stage(
        name_of(calls, key) or kind,
        kind,
        final.channels,
        final.size,
        max(1, round(final.stride)) if kind != "bins" else round(leader.stride),
        tuple(sorted(told.items(), key=lambda each: -int(each[0].split("x")[0]))),
        rates,
        leader.kernel,
        leader.step,
    )


def name_of(calls: Sequence[Call], key: object) -> str:
    """The module that ran, as a reader says it: `backbone.conv5.0` is conv5 1; joins have none."""
    if calls[0].kind == "bins" or not calls[0].inside or (isinstance(key, int) and calls[0].kind in JOINS):
        return ""
    name = key[0] if isinstance(key, tuple) else calls[0].inside[-1][0]
    return written.layer(".".join(part for part in name.split(".") if part not in INSIDE))


def with_direction(stages: list[Stage], links: list[Link]) -> tuple[tuple[Stage, ...], tuple[Link, ...]]:
    """Strides as powers of two, and which stages stand behind something that enlarged."""
    found: list[Stage] = []
    for number, stage in enumerate(stages):
        before = [found[link.source] for link in links if link.target == number and link.kind == "map"]
        stride = stage.stride
        if stage.kind in ("bins", "resize", *JOINS) and before:
            halvings = max(1, round(stages[0].size[0] / stage.size[0])).bit_length() - 1
            stride = 2**halvings if stage.kind == "resize" else before[0].stride
        upwards = stage.kind in UPWARDS or any(each.upwards for each in before)
        found.append(replace(stage, stride=stride, upwards=upwards))
    return tuple(found), tuple(links)
