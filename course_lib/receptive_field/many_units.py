"""The effective receptive fields of many units of one layer, one after the other, as under a hand that drags.

The network runs once and keeps what its backward pass needs, so each further unit costs a backward pass alone. The
numbers are those of `effective` with one image and one draw of signs.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from .effective import UNDERFLOW, Effective, believed, effective
from .probing.frozen import FrozenNet, checked_images, checked_pixel
from .probing.request import field_for, known_training
from .probing.window import whole
from .theoretical import Field


class ManyUnits:
    """`ManyUnits(net, image, layer)((y, x))` is `effective(net, image, (y, x), layer=layer)`.

    It holds every map up to the layer. Where the network was trained further in between, it runs once more.
    """

    def __init__(self, net: nn.Module, image: Tensor, layer: str | None = None, *, field: Field | None = None):
        self.net, self.image, self.layer = net, checked_images(image), layer
        if len(self.image) != 1:
            raise ValueError(f"many units look at one image, got {len(self.image)}: ask effective() about several")
        self.field = field_for(net, self.image, field)
        self._run()

    def __call__(self, pixel: Sequence[int]) -> Effective:
        if self._weights != self._versions():
            self._run()
        y, x = pixel = checked_pixel(pixel, self.map.shape[-2:], self.layer)
        generator = torch.Generator().manual_seed(0)
        signs = torch.randint(0, 2, (1, 1, self.map.shape[1]), generator=generator) * 2 - 1
        total = self._gradient(self.map[:, :, y, x], signs[0])
        if not (total.isfinite().all() and total.max() > UNDERFLOW):  # float64 may be wide enough, or words say why not
            return effective(self.net, self.image, pixel, layer=self.layer, field=self.field, progress=False)
        window = whole(tuple(self.image.shape[-2:]), pixel)
        told = {"images": 1, "trained": known_training(self.net, None), "window": window}
        return believed(total, self.field, pixel, self.layer, **told)

    def _gradient(self, value: Tensor, signs: Tensor) -> Tensor:
        if not value.requires_grad:
            return torch.zeros(self.image.shape[-2:])
        (gradient,) = torch.autograd.grad((value * signs).sum(), self.read, retain_graph=True)
        return gradient.abs().double().sum((0, 1)).cpu()

    def _run(self) -> None:
        self._weights = self._versions()
        with FrozenNet(self.net, self.layer) as frozen, torch.enable_grad():
            self.read = self.image.to(frozen.device, frozen.dtype).clone().requires_grad_()
            self.map = frozen(self.read)

    def _versions(self) -> list[int]:
        """They rise when a weight is written to."""
        return [tensor._version for tensor in (*self.net.parameters(), *self.net.buffers())]
