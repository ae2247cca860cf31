"""The bench of the measured claims: tiny networks, one training loop, pictures that no training has seen.

A claim varies one thing and holds the rest: the same loop, the same number of steps, the same pictures in the same
order for one seed. Training takes scenes of the claim's seed, each picture once; scoring takes those of HELD_OUT. The
loop is shorter than `course_lib.training.fit`, so that it can be read in class.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from course_lib.evidence import probe, resume
from course_lib.metrics import Confusion, trimap
from course_lib.scenes import Scenes
from course_lib.training.optimisers import AdamW

HELD_OUT = 1_000_003
BATCH = 16
Answers = tuple[Tensor, Tensor, dict[str, Tensor]]  # predicted labels, true labels, the scenes' maps


def layer(before: int, after: int, *, kernel: int = 3, rate: int = 1, stride: int = 1) -> nn.Sequential:
    """Convolution, batch normalisation, ReLU; the map keeps its size but for the stride."""
    padding = rate * (kernel // 2)
    convolution = nn.Conv2d(before, after, kernel, stride=stride, padding=padding, dilation=rate, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())


def stack(rates: Sequence[int], *, maps: int = 16, stride: int = 2) -> nn.Sequential:
    """A stem, and one layer for each rate: whatever the rates, the same parameters."""
    return nn.Sequential(layer(3, maps, stride=stride), *[layer(maps, maps, rate=rate) for rate in rates])


class Labeller(nn.Sequential):
    """Any parts in a row, the last of which gives scores; these are enlarged to the picture."""

    def forward(self, image: Tensor) -> Tensor:
        return F.interpolate(super().forward(image), image.shape[-2:], mode="bilinear", align_corners=False)


def started(build: Callable[[], nn.Module], seed: int) -> nn.Module:
    """A network whose first weights depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def train(
    net: nn.Module,
    family: str | tuple[str, ...],
    *,
    steps: int,
    seed: int,
    learning_rate: float = 4e-3,
    batch: int = BATCH,
    **knobs: object,
) -> nn.Module:
    """AdamW with one cycle of the learning rate; every picture is new."""
    probe.note(f"{family} {steps} {seed} {learning_rate} {batch} {sorted(knobs.items())}")
    steps = probe.at_most(steps, probe.STEPS)
    learning = [parameter for parameter in net.parameters() if parameter.requires_grad]
    optimiser = AdamW(learning, learning_rate, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, learning_rate, total_steps=steps)
    net.to(memory_format=torch.channels_last).train()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # for layers that throw dice while they learn
        for image, label in batches(family, steps, seed, batch, **knobs):
            one_step(net, optimiser, image, label)
            schedule.step()
    return net.eval()


def one_step(net: nn.Module, optimiser: torch.optim.Optimizer, image: Tensor, label: Tensor) -> None:
    """One batch through the network and back, and the weights moved; void counts nowhere."""
    loss = F.cross_entropy(net(image.to(memory_format=torch.channels_last)), label, ignore_index=255)
    probe.note("", loss)
    optimiser.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_([weight for group in optimiser.param_groups for weight in group["params"]], 5.0)
    optimiser.step()


def batches(
    family: str | tuple[str, ...], steps: int, seed: int, batch: int, **knobs: object
) -> Iterator[tuple[Tensor, Tensor]]:
    """Pictures and labels. Several families share a batch; the classes of one follow those of the one before."""
    families = (family,) if isinstance(family, str) else family
    share = batch // len(families)
    worlds = [Scenes(name, count=steps * share, seed=seed, **knobs) for name in families]
    firsts = [0, *accumulate(world.num_classes for world in worlds)]
    for parts in zip(*(world.loader(share, shuffle=False) for world in worlds)):
        images, labels, _ = zip(*parts)
        yield torch.cat(images), torch.cat([label + first for label, first in zip(labels, firsts)])


def held_out(family: str, count: int = 128, **knobs: object) -> Scenes:
    """Pictures of a seed that no claim trains on."""
    probe.note(f"{family} {count} {sorted(knobs.items())}")
    return Scenes(family, count=probe.at_most(count, probe.PICTURES), seed=HELD_OUT, **knobs)


@torch.no_grad()
def answers(net: nn.Module, scenes: Scenes) -> Answers:
    """What the network says, what is true, and the scenes' own maps."""
    image, label, maps = scenes.batch(range(len(scenes)))
    net.eval()
    scores = [net(some.to(memory_format=torch.channels_last)) for some in image.split(BATCH)]
    probe.note("", scores[0].mean(), scores[0].std())
    return torch.cat([some.argmax(1) for some in scores]), label, maps


def mean_iou(prediction: Tensor, label: Tensor, classes: int) -> float:
    """The mean IoU of a prediction over the classes that occur."""
    return Confusion(classes).update(prediction, label).mean_iou


def iou(prediction: Tensor, label: Tensor, classes: int, *chosen: int) -> float:
    """Mean IoU of some classes."""
    return float(Confusion(classes).update(prediction, label).iou[list(chosen)].mean())


def edge_iou(prediction: Tensor, label: Tensor, classes: int, width: int = 1) -> float:
    """Mean IoU within `width` pixels of a boundary."""
    return mean_iou(prediction, label.where(trimap(label, width), 255), classes)


def accuracy(prediction: Tensor, label: Tensor, where: Tensor) -> float:
    """Share of the pixels of `where` that are right."""
    return float((prediction == label)[where].float().mean())


def over_seeds(seeds: Iterable[int], measure: Callable[[int], dict[str, float]]) -> dict[str, list[float]]:
    """One number per seed for everything that `measure(seed)` names; see `resume` for what a kill leaves."""
    bar = tqdm(list(seeds), desc=measure.__name__, unit="seed", leave=False, delay=1)
    rows = [resume.once(measure, seed) for seed in bar]
    return {name: [row[name] for row in rows] for name in rows[0]}
