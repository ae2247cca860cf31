"""What changed between two networks, layer group by layer group: the table behind "from v2 to v3".

    print(models.compare("deeplab_v2", "deeplab_v3_resnet101"))

Each network runs once on a weightless copy of itself, and what it calls is noted under the group that calls it:
convolutions with strides and rates, BN, joins, pools, resizes, dropout. So the table says what the networks do and not
what their code is called. Groups are the network's parts; parts that both networks cut in the same way, such as a
backbone, are listed stage by stage.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from course_lib.models.operations import count, describe
from course_lib.models.registry import build
from course_lib.models.shapes import shape_of

OUTSIDE = "around them"


@dataclass(frozen=True)
class Change:
    """One line of the table: in this group, this differs."""

    group: str
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """All changes from the first network to the second; prints as a table."""

    first: str
    second: str
    changes: tuple[Change, ...]

    def __str__(self) -> str:
        rows = [("group", "what", self.first, self.second)]
        rows += [(c.group, c.what, c.before or "none", c.after or "none") for c in self.changes]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join(lines) if self.changes else f"{self.first} and {self.second} compute the same way"

    __repr__ = __str__


def compare(first: str | nn.Module, second: str | nn.Module, *, image_size: tuple[int, int] = (321, 321)) -> Comparison:
    """What the second network does otherwise than the first."""
    networks = [build(net, device="meta") if isinstance(net, str) else net for net in (first, second)]
    left, right = (net if isinstance(net, str) else type(net).__name__ for net in (first, second))
    groups = shared_cut(*networks)
    before, after = (observe(net, groups, image_size) for net in networks)
    changes = []
    for group in [*before, *(group for group in after if group not in before)]:
        old, new = before.get(group, {}), after.get(group, {})
        for what in [*old, *(what for what in new if what not in old)]:
            if old.get(what, "") != new.get(what, ""):
                changes.append(Change(group, what, old.get(what, ""), new.get(what, "")))
    return Comparison(left, right, tuple(changes))


def shared_cut(first: nn.Module, second: nn.Module) -> set[str]:
    """The names of the groups: top-level parts, or their own parts where both networks have the same ones."""
    parts = [dict(net.named_children()) for net in (first, second)]
    cut = set()
    for name in parts[0].keys() | parts[1].keys():
        inside = [list(dict(part[name].named_children())) if name in part else [] for part in parts]
        if inside[0] and inside[0] == inside[1] and not isinstance(parts[0][name], nn.Sequential):
            cut |= {f"{name}.{inner}" for inner in inside[0]}
        else:
            cut.add(name)
    return cut


def observe(net: nn.Module, groups: set[str], image_size: tuple[int, int]) -> dict[str, dict[str, str]]:
    """What each group does with an image, in the order of the forward pass: kind of fact -> fact."""
    facts: dict[str, dict[str, Counter]] = {}
    weights, image = without_memory(net, image_size)
    with Watch(net, groups, facts), evaluating(net), torch.no_grad():
        torch.func.functional_call(net, weights, (image,))
    modules = dict(net.named_modules())
    said: dict[str, dict[str, str]] = {}
    for group, seen in facts.items():
        said[group] = {what: "; ".join(count(*fact) for fact in counts.items()) for what, counts in seen.items()}
        if group in modules:
            parameters = sum(parameter.numel() for parameter in modules[group].parameters())
            said[group] |= {"parameters": f"{parameters:,}"} if parameters else {}
    return said


class Watch(TorchFunctionMode):
    """Notes every call under the group that is running."""

    def __init__(self, net: nn.Module, groups: set[str], facts: dict[str, dict[str, Counter]]):
        super().__init__()
        self.facts, self.running, self.hooks = facts, [OUTSIDE], ExitStack()
        for name, module in net.named_modules():
            if name in groups:
                self.hooks.callback(module.register_forward_pre_hook(self.enter_group(name)).remove)
                self.hooks.callback(module.register_forward_hook(self.leave_group).remove)

    def enter_group(self, name: str):
        """The hook that runs before a group and makes it the one that calls are noted under."""
        return lambda module, inputs: self.running.append(name)

    def leave_group(self, module: nn.Module, inputs: tuple, output: object) -> None:
        """The hook that runs after a group and returns to the one around it."""
        self.running.pop()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        out = shape_of(func, args, kwargs or {})
        if isinstance(out, Tensor | tuple) and (found := describe(func.__name__, args, kwargs or {}, out)):
            what, text = found
            self.facts.setdefault(self.running[-1], {}).setdefault(what, Counter())[text] += 1
        return out

    def __exit__(self, *error: object) -> None:
        self.hooks.close()
        super().__exit__(*error)


def without_memory(net: nn.Module, image_size: tuple[int, int]) -> tuple[dict[str, Tensor], Tensor]:
    """A network's weights and an image on the meta device, where a forward pass takes no time and no memory."""
    weights = {name: value.to("meta") for name, value in [*net.named_parameters(), *net.named_buffers()]}
    channels = next(value.shape[1] for value in weights.values() if value.ndim == 4)
    return weights, torch.empty(1, getattr(net, "in_channels", channels), *image_size, device="meta")


@contextmanager
def evaluating(net: nn.Module) -> Iterator[None]:
    """Evaluation mode for a while; each layer gets its own mode back."""
    modes = {module: module.training for module in net.modules()}
    net.eval()
    try:
        yield
    finally:
        for module, mode in modes.items():
            module.training = mode
