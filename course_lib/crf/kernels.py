"""Kernels as the mean field needs them: normalised, differentiable, and remembered.

In come an image and thetas, out goes a function from Q to messages, D^-1/2 K D^-1/2 Q with D the row sums of K. Q has
one row a pixel and one column a class. Weights and iterations are no part of K, so a slider that moves them finds the
kernel of the last call here.
"""

import hashlib
from collections import OrderedDict
from typing import Protocol

import torch
from torch import Tensor

from course_lib.crf.exact import Exact
from course_lib.crf.lattice import Lattice
from course_lib.memory import give_back

EXACT_PIXELS = 100 * 100  # up to here the exact kernel is the faster one
REMEMBERED_BYTES = 96 * 2**20  # a photograph of 450 x 300 pixels takes 67


class Kernel(Protocol):
    """What the mean field needs of a kernel: a weighted sum over all pixels, and its adjoint for the gradient."""

    def filter(self, q: Tensor) -> Tensor:
        """For each pixel the weighted sum of `q` over all other pixels."""

    def adjoint(self, gradient: Tensor) -> Tensor:
        """The gradient with respect to `q`, from that with respect to the filtered `q`."""


class Normalised:
    """Symmetric normalisation, the self term kept, as in the authors' code."""

    def __init__(self, kernel: Kernel, pixels: int, *, dtype: torch.dtype, device: torch.device):
        self.kernel = kernel
        self.scale = kernel.filter(torch.ones(pixels, 1, dtype=dtype, device=device)).rsqrt()

    def added(self, scores: Tensor, weight: float | Tensor, q: Tensor) -> Tensor:
        """The scores and the weighted messages, in one pass over the pixels."""
        return torch.addcmul(scores, weight * self.scale, _Filter.apply(q, self.scale, self.kernel))


class _Filter(torch.autograd.Function):
    """Linear in Q, so the gradient takes the adjoint and nothing is stored. Scaled Q is freed as soon as it is read."""

    @staticmethod
    def forward(context, q: Tensor, scale: Tensor, kernel: Kernel) -> Tensor:
        context.scale, context.kernel = scale, kernel
        return kernel.filter(scale * q)

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, None, None]:
        return context.scale * context.kernel.adjoint(gradient), None, None


_remembered: OrderedDict[tuple, Normalised] = OrderedDict()


def appearance_kernel(
    image: Tensor, *, engine: str | None, theta_xy: float, theta_rgb: float, dtype: torch.dtype
) -> Normalised:
    """The kernel of one image, built or remembered."""
    pixels = image.shape[-2] * image.shape[-1]
    engine = engine or ("exact" if pixels <= EXACT_PIXELS else "lattice")
    content = hashlib.blake2b(image.cpu().contiguous().numpy()).digest()
    key = (engine, content, tuple(image.shape), image.device, dtype, float(theta_xy), float(theta_rgb))
    if key in _remembered:
        _remembered.move_to_end(key)
        return _remembered[key]
    _drop(down_to=REMEMBERED_BYTES // 2, at_least=0)  # building takes more than the kernel itself
    build = {"exact": Exact, "lattice": Lattice}[engine]
    kernel = build(image, theta_xy=float(theta_xy), theta_rgb=float(theta_rgb), dtype=dtype)
    if kernel.bytes() > REMEMBERED_BYTES:
        give_back()  # what building left behind is in pieces that the iterations cannot use
    _remembered[key] = Normalised(kernel, pixels, dtype=dtype, device=image.device)
    _drop(down_to=REMEMBERED_BYTES, at_least=1)
    return _remembered[key]


def _drop(*, down_to: int, at_least: int) -> None:
    """Forgets the kernels that were used longest ago, down to so many bytes, but keeps so many kernels."""
    while len(_remembered) > at_least and sum(k.kernel.bytes() for k in _remembered.values()) > down_to:
        _remembered.popitem(last=False)


def forget() -> None:
    """Drop the remembered kernels, for measurements and to free memory."""
    _remembered.clear()
