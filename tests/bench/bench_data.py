"""Joint augmentation beside its peers: milliseconds of one thread for a frame of CamVid, cropped to 224, by scale."""

import torch
from torch import Tensor

from course_lib.datasets.pairs import VOID, transformed
from course_lib.datasets.transforms import augment
from tests.bench.turns import in_turn, peer

FRAME, CROP = (360, 480), 224
SCALES = (0.7, 1.3, 2.0)
PROMISED = 1.0  # times torchvision's own transforms


def main() -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        image, mask = frame()
        for scale in SCALES:
            ours = augment(crop=CROP, scale=(scale, scale))
            others = {"torchvision v2": by_torchvision(scale, image, mask)}
            if package := peer("albumentations"):
                others["albumentations, no antialiasing"] = by_albumentations(package, scale, image, mask)
            mine, *theirs = in_turn(lambda: transformed(ours, image, mask), *others.values(), rounds=30)  # noqa: B023
            print(f"scale {scale}: {1e3 * mine:.2f} ms")
            for name, seconds in zip(others, theirs):
                promised = f"   promised <= {PROMISED}" if name == "torchvision v2" else ""
                print(f"  {name:<34} {1e3 * seconds:6.2f} ms   ratio {mine / seconds:.2f}{promised}")
    finally:
        torch.set_num_threads(threads)


def frame() -> tuple[Tensor, Tensor]:
    """A smooth picture and a mask of six classes."""
    coarse = torch.rand(1, 3, 45, 60, generator=torch.Generator().manual_seed(0))
    image = (torch.nn.functional.interpolate(coarse, FRAME, mode="bilinear")[0] * 255).byte()
    return image, image[0] // 43


def by_torchvision(scale: float, image: Tensor, mask: Tensor):
    from torchvision import tv_tensors
    from torchvision.transforms import v2

    size = [round(side * scale) for side in FRAME]
    steps = [
        v2.Resize(size, antialias=True),
        v2.RandomCrop(CROP, pad_if_needed=True, fill={tv_tensors.Image: 0, tv_tensors.Mask: VOID}),
        v2.RandomHorizontalFlip(),
        v2.ToDtype({tv_tensors.Image: torch.float32, "others": None}, scale=True),
        v2.Normalize((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    ]
    together = v2.Compose(steps)
    return lambda: transformed(together, image, mask)


def by_albumentations(package, scale: float, image: Tensor, mask: Tensor):
    size = [round(side * scale) for side in FRAME]
    together = package.Compose(
        [
            package.Resize(*size),
            package.PadIfNeeded(CROP, CROP),
            package.RandomCrop(CROP, CROP),
            package.HorizontalFlip(),
            package.Normalize((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
        ]
    )
    pixels, labels = image.permute(1, 2, 0).contiguous().numpy(), mask.numpy()
    return lambda: together(image=pixels, mask=labels)


if __name__ == "__main__":
    main()
