"""Modules that an answer builds: given drawn weights, run, and compared with what they should make of their input."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.checking import expect
from course_lib.checking.attempt import call
from course_lib.checking.draw import Draw
from course_lib.checking.outcome import NotYet

NORMS = nn.modules.batchnorm._BatchNorm


def fill(module: nn.Module, draw: Draw) -> nn.Module:
    """Drawn numbers for every weight and statistic: what starts as ones or zeros hides whether it is used."""
    with torch.no_grad():
        for part in module.modules():
            held = [*part.named_parameters(recurse=False), *part.named_buffers(recurse=False)]
            for name, value in held:
                if value.is_floating_point() and (name == "running_var" or (name == "weight" and value.ndim == 1)):
                    value.copy_(draw.uniform(*value.shape, low=2, high=4))
                elif value.is_floating_point():
                    value.copy_(draw.normal(*value.shape, scale=(2 / max(1, value[0].numel())) ** 0.5))
    return module


def convolutions(module: nn.Module) -> list[Tensor]:
    """The weights with more than one axis, each once."""
    return [weight for weight in module.parameters() if weight.ndim > 1]


def bias_beside(module: nn.Module) -> Tensor | None:
    """The bias of the convolution, if it has one: what has one axis and does not belong to BN."""
    of_norms = {id(value) for part in module.modules() if isinstance(part, NORMS) for value in part.parameters()}
    found = [value for value in module.parameters() if value.ndim == 1 and id(value) not in of_norms]
    return found[0] if found else None


def one_norm(module: nn.Module, maps: int) -> nn.Module:
    """The one BN of a block, made for so many maps, with weights of its own."""
    norms = [part for part in module.modules() if isinstance(part, NORMS)]
    if not norms:
        raise NotYet("BN is missing: it follows the convolution", drawn=False)
    if len(norms) > 1:
        raise NotYet(f"there are {len(norms)} BN, expected one behind the convolution", drawn=False)
    if norms[0].num_features != maps:
        raise NotYet(
            f"BN is made for {norms[0].num_features} maps; {maps} come out of the convolution before it", drawn=False
        )
    if norms[0].weight is None:
        raise NotYet("BN has no weights of its own: leave affine as it is, True", drawn=False)
    if norms[0].running_mean is None:
        raise NotYet("BN keeps no statistics for later: leave track_running_stats as it is, True", drawn=False)
    return norms[0]


def normalised(norm: nn.Module, x: Tensor, training: bool) -> Tensor:
    """What this BN makes of x, without a change of its statistics; while training with those of the batch."""
    mean, variance = (None, None) if training else (norm.running_mean, norm.running_var)
    return F.batch_norm(x, mean, variance, norm.weight, norm.bias, training=training, eps=norm.eps)


def activations(before: Tensor) -> dict[str, Tensor]:
    """What other activations than a ReLU at the end would give."""
    return {
        "No ReLU stands at the end.": before,
        "The activation is ReLU6: ReLU has no ceiling.": F.relu6(before),
        "The activation is LeakyReLU: ReLU gives 0 for what is negative.": F.leaky_relu(before),
        "The activation is a sigmoid: it should be ReLU.": before.sigmoid(),
        "The activation is a softmax: it should be ReLU.": before.softmax(1),
        "The activation is tanh: it should be ReLU.": before.tanh(),
        "The activation is GELU: it should be ReLU.": F.gelu(before),
        "The activation is ELU: it should be ReLU.": F.elu(before),
        "The activation is SiLU: it should be ReLU.": F.silu(before),
        "A softmax stands behind the ReLU: ReLU is the last.": before.relu().softmax(1),
    }


def runs(module: nn.Module, x: Tensor, expected: Tensor, *, what: str, slips: dict[str, Tensor]) -> None:
    """The module gives what is expected, and again when it is called again."""
    expect.tensor(call(module, x), expected, what=what, slips=slips)
    again = call(module, x)
    if not isinstance(again, Tensor) or again.shape != expected.shape or not torch.allclose(again, expected, atol=1e-2):
        raise NotYet(f"{what}: a second call gives something else; is something used up, such as a zip or a map?")


def measured(module: nn.Module, maps: int, side: int = 9) -> tuple[Tensor, Tensor]:
    """Kernel (side x side) and bias of a convolution, by what it makes of zeros and of one pixel in each map."""
    middle = side // 2
    pixels = torch.zeros(maps + 1, maps, side, side)
    pixels[range(maps), range(maps), middle, middle] = 1
    *answers, empty = call(module, pixels).detach()
    return (torch.stack(answers) - empty).transpose(0, 1).flip(2, 3), empty[:, middle, middle]
