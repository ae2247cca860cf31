"""A network at the size of picture it was trained on, whatever picture comes in.

A network knows objects at one size: trained on pictures of 257 pixels, it does not know the cat that fills 4000. So the
picture is resized first, and the scores are resized back. `training.photographs` scores networks this way and `segment`
asks them this way, so that a card's number is that of the answers a student gets.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F

from course_lib.models.blocks import resize

STEP = 16  # sides of 16k + 1 let the corners of the map lie on the corners of the picture
SMALLEST = 33


class AtWorkingSize(nn.Module):
    """Resizes to a working size, answers at the picture's own.

    size: the pixels of the longer side, the other in proportion; or (height, width), whatever the proportions.
    """

    def __init__(self, net: nn.Module, size: int | Sequence[int]):
        super().__init__()
        for side in [size] if isinstance(size, int) else size:
            if side < SMALLEST:
                raise ValueError(f"a working size must be at least {SMALLEST}, got {side}")
        self.net, self.size = net, size

    def forward(self, image: Tensor) -> Tensor:
        return resize(self.net(self.resized(image)), image.shape[-2:], align_corners=False)

    def resized(self, image: Tensor) -> Tensor:
        """The picture as the network sees it; shrinking averages, so that nothing thin is skipped by chance."""
        size = self.size
        if isinstance(size, int):
            size = in_proportion(image.shape[-2], image.shape[-1], size)
        if tuple(size) == tuple(image.shape[-2:]):
            return image
        return F.interpolate(image, size=tuple(size), mode="bilinear", align_corners=False, antialias=True)


def in_proportion(height: int, width: int, longer_side: int) -> tuple[int, int]:
    """Height and width of 16k + 1 pixels each, as near as that allows to the picture's proportions."""
    factor = (longer_side - 1) / max(height, width)
    return tuple(max(STEP * round(side * factor / STEP) + 1, SMALLEST) for side in (height, width))
